// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.segment.DaemonStatus;
import io.chronotick.daemon.segment.MappingFault;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentException;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.segment.StatusPageWriter;
import io.chronotick.daemon.sensor.HostSensors;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.CpuAffinity;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.ProcessStats;
import io.chronotick.engine.Correction;
import io.chronotick.engine.LearnedReport;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running daemon: measures the servers, publishes the correction. Several can run in one process, each on its own segment.
 * Thread-safe.
 *
 * <p>Three threads: the writer ticks at the configured frequency; the network thread owns the engine; the status thread
 * writes the page and sees after the segment's name. A learned model, where one is configured, has a fourth ({@link
 * ModelRunner}), and so has the log of exchanges ({@link ExchangeLog}). The network thread hands corrections to the writer through one volatile
 * reference.
 */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final long STATUS_PERIOD_MILLIS = 1000;

    /** Memory changes slowly, and to ask the kernel for it costs more than the rest of the page. */
    private static final int PAGES_PER_MEMORY_READING = 8;

    /** Temperatures change slowly too. */
    private static final int PAGES_PER_SENSOR_READING = 10;

    private static final long JOIN_MILLIS = 3_000;

    private final DaemonConfig config;
    private final HostClocks clocks;
    private final NtpTransport transport;
    private final RecordWriter recordWriter;
    private final WriterLoop writerLoop;
    private final HostSensors sensors;
    private final EngineLoop engineLoop;
    private final Optional<ExchangeLog> exchangeLog;
    private final Optional<Metrics> metrics;
    private final StatusPageWriter pageWriter;
    private final Thread writerThread;
    private final Thread networkThread;
    private final Thread statusThread;
    private final CountDownLatch stopRequested = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile SegmentFile segment;
    private String warmupLogged = "";
    private boolean nameLostLogged;
    private double residentBytes;
    private long pagesWritten;

    private Daemon(DaemonConfig config, HostClocks clocks, NtpTransport transport, SegmentFile segment) {
        this.config = config;
        this.clocks = clocks;
        this.transport = transport;
        this.segment = segment;
        RecordWriter.prepare(segment.buffer());
        int pid = (int) ProcessHandle.current().pid();
        this.recordWriter = new RecordWriter(clocks, pid);
        this.writerLoop = new WriterLoop(
                clocks,
                recordWriter,
                config.frequencyHz(),
                Correction.nothingKnown(clocks.rawNanos()),
                segment.buffer());
        this.exchangeLog = config.exchangeLog().map(file -> ExchangeLog.start(file, config.exchangeLogBytes()));
        this.sensors = HostSensors.find(Path.of("/"), config.covariates());
        if (!sensors.covariates().isEmpty()) {
            LOG.info("the clock may follow {}", sensors.describe());
        }
        this.engineLoop = new EngineLoop(
                config,
                sensors.covariates(),
                clocks,
                transport,
                new SecureRandom(),
                writerLoop::publish,
                recordWriter::discontinuities,
                exchange -> exchangeLog.ifPresent(log -> log.add(exchange)));
        // Its library is not even loaded where nobody wants it.
        this.metrics = config.metricsPort() == 0
                ? Optional.empty()
                : Metrics.start(config.metricsPort(), clocks, engineLoop::snapshot, writerLoop, recordWriter);
        this.pageWriter = new StatusPageWriter(
                clocks.realtimeNanos() * 1e-9,
                config.frequencyHz(),
                config.cpuAffinity().stream().map(String::valueOf).collect(Collectors.joining(",")),
                version());
        // Readers learn the frequency from the page: it has to be there before the first record.
        writePage(segment);
        this.writerThread = Thread.ofPlatform().name("chronotick-writer").unstarted(this::runWriter);
        this.networkThread = Thread.ofPlatform().name("chronotick-network").unstarted(engineLoop);
        this.statusThread = Thread.ofPlatform().name("chronotick-status").unstarted(this::runStatus);
    }

    /**
     * Starts a daemon.
     *
     * @throws DaemonException if the segment or the network cannot be had; nothing is left behind
     */
    public static Daemon start(DaemonConfig config) throws DaemonException {
        HostClocks clocks = HostClocks.system();
        Path path = ChronoTickReader.resolve(config.shm());
        checkAffinity(config.cpuAffinity());
        SegmentFile segment;
        try {
            segment = SegmentFile.claim(path, clocks.domain());
        } catch (SegmentException e) {
            throw new DaemonException(Objects.requireNonNull(e.getMessage()), e);
        }
        NtpTransport transport;
        try {
            transport = NtpTransports.open(clocks);
        } catch (IOException e) {
            segment.close();
            throw new DaemonException("no sockets to be had from this system: " + e.getMessage(), e);
        }
        LOG.info(
                "{} {} at {} Hz; {}",
                segment.isTakenOver() ? "taking over" : "publishing to",
                path,
                config.frequencyHz(),
                transport.describe());
        Daemon daemon = new Daemon(config, clocks, transport, segment);
        daemon.writerThread.start();
        daemon.networkThread.start();
        daemon.statusThread.start();
        return daemon;
    }

    /** A CPU that cannot be had is an error at the start, not a surprise in a thread: tried on a thread that ends at once. */
    private static void checkAffinity(List<Integer> cpus) throws DaemonException {
        if (cpus.isEmpty()) {
            return;
        }
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        Thread trial = Thread.ofPlatform().start(() -> {
            try {
                CpuAffinity.bindCurrentThread(cpus);
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                failure.set(e);
            }
        });
        try {
            trial.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        RuntimeException problem = failure.get();
        if (problem != null) {
            throw new DaemonException("--cpu-affinity: " + problem.getMessage(), problem);
        }
    }

    /** Where the records go. */
    public Path segment() {
        return segment.path();
    }

    /** Version of this program, or "development" outside a jar. */
    public static String version() {
        return Objects.requireNonNullElse(Daemon.class.getPackage().getImplementationVersion(), "development");
    }

    /** Waits until the daemon has ended. */
    public void await() throws InterruptedException {
        ended.await();
    }

    /** Ends the daemon and removes the segment. Returns when everything is released; later calls do nothing. */
    @Override
    public void close() {
        synchronized (stopRequested) {
            if (stopRequested.getCount() == 0) {
                return;
            }
            stopRequested.countDown();
            engineLoop.stop();
            writerLoop.stop();
            join(writerThread);
            join(networkThread);
            join(statusThread);
            exchangeLog.ifPresent(ExchangeLog::close);
            metrics.ifPresent(Metrics::close);
            segment.close();
            transport.close();
            LOG.info("stopped; {} removed", segment.path());
            ended.countDown();
        }
    }

    private static void join(Thread thread) {
        if (thread == Thread.currentThread()) {
            return;
        }
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runWriter() {
        if (!config.cpuAffinity().isEmpty()) {
            CpuAffinity.bindCurrentThread(config.cpuAffinity());
        }
        writerLoop.run();
    }

    // --- The status thread ---

    private void runStatus() {
        try {
            while (!stopRequested.await(STATUS_PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                lookAround();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void lookAround() {
        try {
            keepSegment();
            writePage(segment);
        } catch (InternalError e) {
            MappingFault.require(e); // the next look finds the file too short
        }
        logWarmup();
        readSensors();
    }

    private void readSensors() {
        if (pagesWritten % PAGES_PER_SENSOR_READING == 0
                && !sensors.covariates().isEmpty()) {
            engineLoop.onCovariates(sensors.read(), clocks.rawNanos());
        }
    }

    /** Makes a new file when something has become of this one; never over a live daemon's. */
    private void keepSegment() {
        SegmentFile current = segment;
        ClockDomain domain = clocks.domain();
        Optional<String> damage = current.damage(domain);
        if (damage.isEmpty()) {
            return;
        }
        try {
            SegmentFile fresh = current.renew(domain);
            RecordWriter.prepare(fresh.buffer());
            writePage(fresh);
            segment = fresh;
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
                        clocks.rawNanos(),
                        engine.learned().stream().map(LearnedReport::text).collect(Collectors.joining("; ")),
                        engine.sources()));
    }

    /** 0 if there is none. */
    private static double quantile(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) (share * (sorted.length - 1))];
    }

    private void logWarmup() {
        EngineLoop.Snapshot engine = engineLoop.snapshot();
        String waitingFor = engine.waitingFor();
        if (!waitingFor.isEmpty() && !waitingFor.equals(warmupLogged)) {
            LOG.info("warm-up {} %: waiting for {}", Math.round(engine.warmupProgress() * 100), waitingFor);
        }
        warmupLogged = waitingFor;
    }
}
