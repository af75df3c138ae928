// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

/** The clocks of this host. Implementations are thread-safe and allocate nothing in any of these methods. */
public interface HostClocks {
    /** CLOCK_MONOTONIC_RAW, ns: the free-running oscillator, neither slewed nor stepped. */
    long rawNanos();

    /** CLOCK_MONOTONIC, ns: never stepped, slewed with CLOCK_REALTIME; the clock of {@link System#nanoTime}. */
    long monotonicNanos();

    /** CLOCK_REALTIME, ns since the Unix epoch: the system clock, which others may slew and step. */
    long realtimeNanos();

    /** CLOCK_BOOTTIME, ns: like CLOCK_MONOTONIC, but it goes on during suspend. */
    long boottimeNanos();

    /** Sleeps until CLOCK_MONOTONIC reads {@code deadlineNanos} (an absolute deadline); returns at once if it is past. */
    void sleepUntilMonotonic(long deadlineNanos);
}
