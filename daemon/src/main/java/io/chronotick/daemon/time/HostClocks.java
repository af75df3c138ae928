// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

/**
 * The clocks of this host. Implementations are thread-safe and, but for {@link #domain}, allocate nothing once a thread has
 * called a method for the first time.
 */
public interface HostClocks {
    /** The best clocks that this system and the permissions of this program give. */
    static HostClocks system() {
        return Libc.isSupported() ? new LinuxClocks() : new PortableClocks();
    }

    /** CLOCK_MONOTONIC_RAW, ns: the free-running oscillator, neither slewed nor stepped. */
    long rawNanos();

    /** CLOCK_MONOTONIC, ns: never stepped, slewed with CLOCK_REALTIME; the clock of {@link System#nanoTime}. */
    long monotonicNanos();

    /**
     * CLOCK_MONOTONIC_COARSE, ns: CLOCK_MONOTONIC as of the kernel's last tick, some milliseconds behind; where there is none,
     * CLOCK_MONOTONIC.
     */
    default long coarseMonotonicNanos() {
        return monotonicNanos();
    }

    /** CLOCK_REALTIME, ns since the Unix epoch: the system clock, which others may slew and step. */
    long realtimeNanos();

    /** CLOCK_BOOTTIME, ns: like CLOCK_MONOTONIC, but it goes on during suspend; where there is none, CLOCK_MONOTONIC. */
    long boottimeNanos();

    /** Whether {@link #boottimeNanos} is that clock. */
    default boolean hasBoottime() {
        return true;
    }

    /** Whose clocks these are now. Takes some ten microseconds and allocates. */
    default ClockDomain domain() {
        return ClockDomain.current();
    }

    /**
     * Sleeps until CLOCK_MONOTONIC reads {@code deadlineNanos} (an absolute deadline); returns at once if it is past.
     * Signals and {@link Thread#interrupt} do not end the sleep: a loop of short sleeps is stopped by a flag of its own.
     * Holds the carrier of a virtual thread.
     */
    void sleepUntilMonotonic(long deadlineNanos);
}
