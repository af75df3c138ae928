// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.function.ToLongFunction;

/** Waits for corrected times. Thread-safe: every call waits in its own thread. */
final class Waiter {
    /** Before a deadline the thread stops sleeping and spins: Linux wakes 50 us late by default, and a CPU has to wake, ns. */
    private static final long SPIN_BEFORE_DEADLINE_NANOS = 200_000;

    /** The longest sleep between two looks at the record, so that a changed correction moves the deadline, ns. */
    private static final long MAX_PARK_NANOS = 100_000_000;

    /** Where a point of the interval that holds UTC is now, ns since the epoch. */
    private final ToLongFunction<Edge> clock;

    private final Host host;

    Waiter(ToLongFunction<Edge> clock, Host host) {
        this.clock = clock;
        this.host = host;
    }

    /** Where a point of the interval that holds UTC is now, ns since the epoch. */
    long now(Edge edge) {
        return clock.applyAsLong(edge);
    }

    /**
     * Waits until a point of the interval that holds UTC is past a time: sleeps, then spins.
     *
     * @return where that point was then, ns since the epoch
     * @throws InterruptedException if the thread is interrupted before or while it waits
     * @throws ChronoTickException as {@link ChronoTickReader#now}
     */
    long await(Edge edge, long epochNanos) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for " + EpochNanos.toInstant(epochNanos));
            }
            long now = clock.applyAsLong(edge);
            if (now > epochNanos) {
                return now;
            }
            long remaining = epochNanos - now;
            // Negative: so far ahead that the difference overflows.
            long sleep = remaining < 0 ? MAX_PARK_NANOS : remaining - SPIN_BEFORE_DEADLINE_NANOS;
            if (sleep > 0) {
                host.park(Math.min(sleep, MAX_PARK_NANOS));
            } else {
                host.spin();
            }
        }
    }
}
