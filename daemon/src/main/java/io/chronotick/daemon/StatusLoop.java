// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.segment.DaemonStatus;
import io.chronotick.daemon.segment.MappingFault;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentException;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.segment.StatusPageWriter;
import io.chronotick.daemon.sensor.HostSensors;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.LeapSecondFile;
import io.chronotick.daemon.time.ProcessStats;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.LeapIndicator;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The status thread: once a second it writes the page, looks after the segment's file and reads the machine's sensors.
 */
final class StatusLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final long PERIOD_MILLIS = 1000;

    /** Memory changes slowly, and to ask the kernel for it costs more than the rest of the page. */
    private static final int PAGES_PER_MEMORY_READING = 8;

    /** Temperatures change slowly too. */
    private static final int PAGES_PER_SENSOR_READING = 10;

    /** A newer list of leap seconds comes twice a year, a month before the next that there may be. */
    private static final int TURNS_PER_LEAP_SECOND_READING = 3600;

    private final HostClocks clocks;
    private final EngineLoop engineLoop;
    private final WriterLoop writerLoop;
    private final RecordWriter recordWriter;
    private final HostSensors sensors;
    private final Disruptions disruptions;
    private Optional<LeapIndicator> hostLeap = Optional.empty();
    private final Optional<LeapSecondFile> leapSeconds;
    private final StatusPageWriter pageWriter;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicLong turns = new AtomicLong();
    private final Consumer<SegmentFile> onReplaced;
    private SegmentFile segment;
    private String warmupLogged = "";
    private boolean nameLostLogged;
    private double residentBytes;
    private long pagesWritten;

    /**
     * Writes the first page at once: readers learn the frequency from it, so it has to be there before the first record.
     *
     * @param onReplaced hears of another segment that this loop has made, because something had become of the first
     */
    StatusLoop(
            DaemonConfig config,
            HostClocks clocks,
            EngineLoop engineLoop,
            WriterLoop writerLoop,
            RecordWriter recordWriter,
            HostSensors sensors,
            Disruptions disruptions,
            SegmentFile segment,
            Consumer<SegmentFile> onReplaced) {
        this.clocks = clocks;
        this.engineLoop = engineLoop;
        this.writerLoop = writerLoop;
        this.recordWriter = recordWriter;
        this.sensors = sensors;
        this.disruptions = disruptions;
        this.segment = segment;
        this.onReplaced = onReplaced;
        this.leapSeconds = config.leapSecondsList().map(LeapSecondFile::new);
        this.pageWriter = new StatusPageWriter(
                Nanos.toSeconds(clocks.realtimeNanos()),
                config.frequencyHz(),
                config.cpuAffinity().stream().map(String::valueOf).collect(Collectors.joining(",")),
                Daemon.version(),
                config.followsSmear());
        writePage(segment);
    }

    /** How often the loop has turned. Any thread. */
    long turns() {
        return turns.get();
    }

    /** Ends the loop soon. Any thread. */
    void stop() {
        stop.countDown();
    }

    @Override
    public void run() {
        try {
            readLeapSeconds();
            while (!stop.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                if (turns.incrementAndGet() % TURNS_PER_LEAP_SECOND_READING == 0) {
                    readLeapSeconds();
                }
                lookAfterSegment();
                logWarmup();
                readSensors();
                lookForHostLeap();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readLeapSeconds() {
        leapSeconds
                .flatMap(file -> file.ifNew(Instant.ofEpochSecond(0, clocks.realtimeNanos())))
                .ifPresent(engineLoop::onLeapSecondList);
    }

    private void lookForHostLeap() {
        Optional<LeapIndicator> now = disruptions.leap();
        if (!now.equals(hostLeap)) {
            hostLeap = now;
            LOG.info(
                    "the hypervisor {}",
                    now.map(leap -> "announces a leap second: "
                                    + (leap == LeapIndicator.INSERT ? "23:59:60 is inserted" : "23:59:59 is left out"))
                            .orElse("announces no leap second any more"));
            engineLoop.onHostLeap(now);
        }
    }

    private void readSensors() {
        if (pagesWritten % PAGES_PER_SENSOR_READING == 0
                && !sensors.covariates().isEmpty()) {
            engineLoop.onCovariates(sensors.read(), clocks.rawNanos());
        }
    }

    private void lookAfterSegment() {
        try {
            keepSegment();
            writePage(segment);
        } catch (InternalError e) {
            MappingFault.require(e); // the next look finds the file too short
        }
    }

    /**
     * Makes a new file when something has become of this one; never over a live daemon's, and not where root had taken it over: whoever
     * started the daemon gives it away again.
     */
    private void keepSegment() {
        SegmentFile current = segment;
        ClockDomain domain = clocks.domain();
        Optional<String> damage = current.damage(domain);
        if (damage.isEmpty()) {
            return;
        }
        if (current.isHandedOver()) {
            throw new SegmentLostException(
                    current.path() + " " + damage.get()
                            + "; it had been given to root, and readers would not trust a new one: start the daemon again, as its unit does");
        }
        try {
            SegmentFile fresh = current.renew(domain);
            RecordWriter.prepare(fresh.buffer());
            writePage(fresh);
            segment = fresh;
            onReplaced.accept(fresh);
            writerLoop.writeTo(fresh.buffer());
            LOG.warn("{} {}; made a new one (readers find it by themselves)", current.path(), damage.get());
            current.close();
        } catch (SegmentException e) {
            if (!nameLostLogged) {
                nameLostLogged = true;
                LOG.error("{} is lost: {}", current.path(), e.getMessage());
            }
        }
    }

    private void writePage(SegmentFile target) {
        long[] latencies = writerLoop.sortedLatencies();
        if (pagesWritten++ % PAGES_PER_MEMORY_READING == 0) {
            residentBytes = ProcessStats.residentBytes();
        }
        EngineLoop.Snapshot engine = engineLoop.snapshot();
        long raw = clocks.rawNanos();
        Correction.Source speaking = engine.correction().source();
        double shortTerm = switch (speaking) {
            case SHORT_TERM -> 1;
            case FUSION -> engine.shortTermWeight();
            default -> 0;
        };
        boolean longTermSpeaks = speaking == Correction.Source.LONG_TERM || speaking == Correction.Source.FUSION;
        pageWriter.write(
                target.buffer(),
                target.domain(),
                new DaemonStatus(
                        engine.warmupProgress(),
                        engine.waitingFor(),
                        engine.correction().leap(),
                        writerLoop.overruns(),
                        shortTerm,
                        longTermSpeaks ? 1 - shortTerm : 0,
                        quantile(latencies, 0.50),
                        quantile(latencies, 0.99),
                        residentBytes,
                        ProcessStats.cpuSeconds(),
                        recordWriter.clockSteps(),
                        clocks.monotonicNanos(),
                        raw,
                        engine.learned().stream().map(ForecasterReport::text).collect(Collectors.joining("; ")),
                        engine.correction().statisticalSdAt(raw),
                        engine.correction().systematicSd(),
                        engine.sources(),
                        engine.addresses()));
    }

    /** 0 if there is none. */
    private static double quantile(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) (share * (sorted.length - 1))];
    }

    private void logWarmup() {
        EngineLoop.Snapshot engine = engineLoop.snapshot();
        String waitingFor = engine.waitingFor();
        // After the warm-up the engine itself says why it withdraws the time.
        boolean warmingUp = engine.warmupProgress() < 1;
        if (warmingUp && !waitingFor.isEmpty() && !waitingFor.equals(warmupLogged)) {
            LOG.info("warm-up {} %: waiting for {}", Math.round(engine.warmupProgress() * 100), waitingFor);
        }
        warmupLogged = waitingFor;
    }

    /** The segment cannot be had back as it was: ends the daemon. */
    private static final class SegmentLostException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SegmentLostException(String message) {
            super(message);
        }
    }
}
