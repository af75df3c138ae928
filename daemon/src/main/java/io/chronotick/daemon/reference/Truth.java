// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.reference;

import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;

/**
 * What UTC is, by decree: a line over CLOCK_MONOTONIC_RAW. Servers that share one agree to the nanosecond, and a test or a
 * demonstration can say how far an estimate is from it. Immutable.
 *
 * @param rawOriginNanos the instant on CLOCK_MONOTONIC_RAW at which it is {@code utcOriginNanos}
 * @param utcOriginNanos ns since the Unix epoch
 * @param driftPpm how much faster the truth runs than this host's oscillator, parts per million
 */
public record Truth(long rawOriginNanos, long utcOriginNanos, double driftPpm) {
    /** A truth that is now {@code offsetNanos} ahead of the system clock and drifts from there. */
    public static Truth startingNow(HostClocks clocks, long offsetNanos, double driftPpm) {
        ClockPair now = new ClockPair(clocks);
        now.read();
        return new Truth(now.rawNanos(), now.realtimeNanos() + offsetNanos, driftPpm);
    }

    /** UTC, ns since the Unix epoch, at an instant of CLOCK_MONOTONIC_RAW. */
    public long truthNanosAt(long rawNanos) {
        long elapsed = rawNanos - rawOriginNanos;
        // The drift alone in floating point: its product stays exact to the nanosecond for years.
        return utcOriginNanos + elapsed + Math.round(elapsed * driftPpm * 1e-6);
    }
}
