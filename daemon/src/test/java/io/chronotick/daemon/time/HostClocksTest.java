// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HostClocksTest {
    static Stream<HostClocks> clocks() {
        return Stream.of(HostClocks.system(), new PortableClocks());
    }

    private final HostClocks system = HostClocks.system();

    @Test
    void shouldChooseTheNativeClocksOnLinux() {
        assumeTrue(Libc.isSupported());
        assertThat(system).isInstanceOf(LinuxClocks.class);
    }

    /** What lets readers that only have System.nanoTime() use the anchor in the record. */
    @Test
    void shouldReadTheClockOfSystemNanoTimeAsMonotonic() {
        assumeTrue(Libc.isSupported());
        for (int i = 0; i < 1000; i++) {
            long before = system.monotonicNanos();
            long libc = LinuxClocks.monotonicNanosOfLibc();
            long after = System.nanoTime();
            assertThat(libc).isBetween(before, after);
        }
    }

    @Test
    void shouldReadTheSystemClockAsRealtime() {
        for (int i = 0; i < 100; i++) {
            long before = nanos(Instant.now());
            long realtime = system.realtimeNanos();
            // A millisecond is left for a system clock that is stepped or slewed meanwhile.
            assertThat(realtime).isBetween(before - 1_000_000, nanos(Instant.now()) + 1_000_000);
        }
    }

    @Test
    void shouldReadBoottimeNotBehindMonotonic() {
        assumeTrue(Libc.isSupported());
        long monotonic = system.monotonicNanos();
        assertThat(system.boottimeNanos()).isGreaterThanOrEqualTo(monotonic);
    }

    @ParameterizedTest
    @MethodSource("clocks")
    void shouldNeverReadBackwards(HostClocks clocks) {
        for (LongSupplier clock :
                List.<LongSupplier>of(clocks::rawNanos, clocks::monotonicNanos, clocks::boottimeNanos)) {
            long last = clock.getAsLong();
            for (int i = 0; i < 10_000; i++) {
                long now = clock.getAsLong();
                assertThat(now).isGreaterThanOrEqualTo(last);
                last = now;
            }
        }
    }

    /** A timespec shared between threads, or between clocks, would show as readings out of order. */
    @Test
    void shouldReadEachThreadsOwnClockWhenManyRead() {
        List<CompletableFuture<Void>> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            readers.add(CompletableFuture.runAsync(
                    () -> {
                        long lastRaw = system.rawNanos();
                        long lastRealtime = system.realtimeNanos();
                        for (int n = 0; n < 200_000; n++) {
                            long raw = system.rawNanos();
                            long realtime = system.realtimeNanos();
                            if (raw < lastRaw || Math.abs(realtime - lastRealtime) > 60_000_000_000L) {
                                throw new AssertionError("raw " + lastRaw + " then " + raw + ", realtime "
                                        + lastRealtime + " then " + realtime);
                            }
                            lastRaw = raw;
                            lastRealtime = realtime;
                        }
                    },
                    task -> Thread.ofPlatform().daemon().start(task)));
        }
        readers.forEach(CompletableFuture::join);
    }

    @Test
    void shouldAllocateNothingWhenReading() {
        assumeTrue(Libc.isSupported());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Runnable readAll = () -> {
            system.rawNanos();
            system.monotonicNanos();
            system.realtimeNanos();
            system.boottimeNanos();
            system.sleepUntilMonotonic(0);
        };
        // Linking the calls allocates, the first times they are made.
        for (int i = 0; i < 20_000; i++) {
            readAll.run();
        }
        // Measuring may allocate too; what counts is that a thousand times the reads add nothing.
        long once = allocated(threads, readAll, 1);
        assertThat(allocated(threads, readAll, 1000)).isEqualTo(once);
    }

    private static long allocated(ThreadMXBean threads, Runnable action, int times) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < times; i++) {
            action.run();
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @ParameterizedTest
    @MethodSource("clocks")
    void shouldSleepUntilTheDeadlineAndNotLess(HostClocks clocks) {
        long deadline = clocks.monotonicNanos() + 3_000_000;
        clocks.sleepUntilMonotonic(deadline);
        assertThat(clocks.monotonicNanos()).isGreaterThanOrEqualTo(deadline);
    }

    @ParameterizedTest
    @MethodSource("clocks")
    void shouldSleepToTheEndAndKeepTheInterruptWhenInterrupted(HostClocks clocks) {
        long deadline = clocks.monotonicNanos() + 3_000_000;
        Thread.currentThread().interrupt();
        clocks.sleepUntilMonotonic(deadline);
        assertThat(clocks.monotonicNanos()).isGreaterThanOrEqualTo(deadline);
        assertThat(Thread.interrupted()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("clocks")
    void shouldReturnAtOnceWhenTheDeadlineIsPast(HostClocks clocks) {
        clocks.sleepUntilMonotonic(clocks.monotonicNanos() - 1);
        clocks.sleepUntilMonotonic(0);
        clocks.sleepUntilMonotonic(-5);
    }

    private static long nanos(Instant instant) {
        return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    }
}
