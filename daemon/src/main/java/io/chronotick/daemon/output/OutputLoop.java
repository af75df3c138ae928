// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.config.OutputsConfig;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that hands the time on. It is a reader of the record like any other, so that the writer's tick knows nothing of it. An
 * output that fails is tried again at the next turn and hinders no other; the log hears of it once.
 */
public final class OutputLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Between two looks at the record and the system clock, ms. */
    static final long LOOK_MILLIS = 50;

    private static final long PERIOD_NANOS = 1_000_000_000;

    /** What two clock reads may be apart by chance, ns. */
    private static final long NOISE_NANOS = 1_000;

    private final HostClocks clocks;
    private final Supplier<Optional<TimeSample>> sampler;
    private final List<Outlet> outlets;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicLong turns = new AtomicLong();
    private boolean begun;
    private Optional<TimeSample> last = Optional.empty();
    private long lastNanos;

    /** An output and how it is doing. */
    private static final class Outlet {
        final Output output;

        @Nullable
        String trouble;

        Outlet(Output output) {
            this.output = output;
        }

        void put(Optional<TimeSample> sample) {
            try {
                output.put(sample);
                if (trouble != null && sample.isPresent()) {
                    LOG.info("{}: it works again", output.describe());
                    trouble = null;
                }
            } catch (IOException e) {
                String reason = String.valueOf(e.getMessage());
                if (!reason.equals(trouble)) {
                    LOG.warn("{}: {}; it is tried again every second", output.describe(), reason);
                    trouble = reason;
                }
            }
        }
    }

    /** A loop that has not begun. The outputs are closed at its end. */
    public OutputLoop(HostClocks clocks, Supplier<Optional<TimeSample>> sampler, List<Output> outputs) {
        this.clocks = clocks;
        this.sampler = sampler;
        this.outlets = outputs.stream().map(Outlet::new).toList();
    }

    /**
     * A loop that compares a segment's record with the system clock; empty where it has nothing to hand on.
     *
     * @param isDisruptionKnown whether there is a VMClock where everybody looks for it
     */
    public static Optional<OutputLoop> of(
            OutputsConfig config,
            Path segment,
            HostClocks clocks,
            Supplier<Upstream> upstream,
            boolean isDisruptionKnown) {
        List<Output> outputs = new ArrayList<>();
        config.clockBound().ifPresent(path -> outputs.add(new ClockBoundSegment(path, isDisruptionKnown)));
        config.chronySocket().ifPresent(path -> outputs.add(new ChronySocket(path)));
        config.ntpShm().ifPresent(unit -> outputs.add(new NtpSharedMemory(unit)));
        if (config.ntpServerPort() != 0) {
            outputs.add(
                    new NtpServer(new InetSocketAddress(config.ntpServerAddress(), config.ntpServerPort()), clocks));
        }
        outputs.forEach(output -> LOG.info("the time also goes to {}", output.describe()));
        return outputs.isEmpty()
                ? Optional.empty()
                : Optional.of(new OutputLoop(clocks, new RecordSampler(segment, clocks, upstream), outputs));
    }

    /** How often the loop has turned. Any thread. */
    public long turns() {
        return turns.get();
    }

    /** Ends the loop soon; the outputs learn that there is no time any more. Any thread. */
    public void stop() {
        stop.countDown();
    }

    @Override
    public void run() {
        try {
            do {
                turn();
                turns.incrementAndGet();
            } while (!stop.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            for (Outlet outlet : outlets) {
                outlet.put(Optional.empty());
                outlet.output.close();
            }
        }
    }

    /** One look; hands on what is new. */
    void turn() {
        Optional<TimeSample> sample = sampler.get();
        long mono = clocks.monotonicNanos();
        if (begun && mono - lastNanos < PERIOD_NANOS && !hasChanged(last, sample, mono - lastNanos)) {
            return;
        }
        begun = true;
        last = sample;
        lastNanos = mono;
        outlets.forEach(outlet -> outlet.put(sample));
    }

    /** Whether what was handed on does not cover what is now. */
    private static boolean hasChanged(Optional<TimeSample> before, Optional<TimeSample> after, long elapsed) {
        if (before.isEmpty() || after.isEmpty()) {
            return before.isPresent() != after.isPresent();
        }
        TimeSample old = before.get();
        TimeSample now = after.get();
        long moved = Math.abs(now.offsetNanos() - old.offsetNanos());
        return now.holdover() != old.holdover()
                || now.upstream().leap() != old.upstream().leap()
                || now.upstream().stratum() != old.upstream().stratum()
                || now.upstream().disruptionMarker() != old.upstream().disruptionMarker()
                || moved > NOISE_NANOS + old.maxDrift() * elapsed
                || now.systemBoundNanos() > old.systemBoundNanos() + NOISE_NANOS + old.maxDrift() * elapsed;
    }
}
