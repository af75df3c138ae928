// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The clocks of Linux through clock_gettime(2), which the C library answers from the vDSO without entering the kernel.
 *
 * <p>Each thread reads into a timespec of its own, found through a ThreadLocal: its lookup costs some nanoseconds beside
 * the tens of a clock read, and no thread can see the half-written timespec of another. The first read on a
 * thread allocates that timespec; later ones allocate nothing.
 */
final class LinuxClocks implements HostClocks {
    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final int CLOCK_MONOTONIC_RAW = 4;
    private static final int CLOCK_MONOTONIC_COARSE = 6;
    private static final int CLOCK_BOOTTIME = 7;
    private static final int TIMER_ABSTIME = 1;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** struct timespec: seconds, nanoseconds, both 64 bits. */
    private static final long TIMESPEC_BYTES = 16;

    /** Critical: the call is far shorter than the state transition that it leaves out, and calls nothing back. */
    private static final MethodHandle CLOCK_GETTIME = Libc.function(
            "clock_gettime", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS), Linker.Option.critical(false));

    private static final MethodHandle CLOCK_NANOSLEEP =
            Libc.function("clock_nanosleep", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    private static final ThreadLocal<MemorySegment> TIMESPEC =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(TIMESPEC_BYTES, Long.BYTES));

    @Override
    public long rawNanos() {
        return read(CLOCK_MONOTONIC_RAW);
    }

    /** HotSpot's System.nanoTime() is CLOCK_MONOTONIC on Linux, as an intrinsic and without an offset. */
    @Override
    public long monotonicNanos() {
        return System.nanoTime();
    }

    @Override
    public long coarseMonotonicNanos() {
        return read(CLOCK_MONOTONIC_COARSE);
    }

    @Override
    public long realtimeNanos() {
        return read(CLOCK_REALTIME);
    }

    @Override
    public long boottimeNanos() {
        return read(CLOCK_BOOTTIME);
    }

    /** CLOCK_MONOTONIC as the C library reads it, ns; the proof of {@link #monotonicNanos}. */
    static long monotonicNanosOfLibc() {
        return read(CLOCK_MONOTONIC);
    }

    /** CPU time of all threads of this process, ns. */
    static long processCpuNanos() {
        return read(CLOCK_PROCESS_CPUTIME_ID);
    }

    @Override
    public void sleepUntilMonotonic(long deadlineNanos) {
        MemorySegment timespec = TIMESPEC.get();
        timespec.set(JAVA_LONG, 0, Math.floorDiv(deadlineNanos, NANOS_PER_SECOND));
        timespec.set(JAVA_LONG, Long.BYTES, Math.floorMod(deadlineNanos, NANOS_PER_SECOND));
        int errno;
        do {
            try {
                errno = (int) CLOCK_NANOSLEEP.invokeExact(CLOCK_MONOTONIC, TIMER_ABSTIME, timespec, MemorySegment.NULL);
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
            // The deadline is absolute, so going on after a signal does not lengthen the sleep.
        } while (errno == Libc.EINTR);
        // EINVAL is left: a deadline before the clock's zero, which is past.
    }

    private static long read(int clock) {
        MemorySegment timespec = TIMESPEC.get();
        int result;
        try {
            result = (int) CLOCK_GETTIME.invokeExact(clock, timespec);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
        if (result != 0) {
            throw new IllegalStateException("clock_gettime refused clock " + clock);
        }
        return timespec.get(JAVA_LONG, 0) * NANOS_PER_SECOND + timespec.get(JAVA_LONG, Long.BYTES);
    }
}
