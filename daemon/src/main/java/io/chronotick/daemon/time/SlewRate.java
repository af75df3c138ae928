// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

/** Rate of CLOCK_MONOTONIC_RAW against CLOCK_MONOTONIC, over about the last second. For one thread; allocates nothing. */
final class SlewRate {
    /** Span over which it is measured: SLOTS * SPACING_NANOS. */
    private static final int SLOTS = 16;

    private static final long SPACING_NANOS = 62_500_000;

    private final long[] rawNanos = new long[SLOTS];
    private final long[] monotonicNanos = new long[SLOTS];
    private int count;
    private int next;
    private double rate;

    /** The next reading is the first that counts; until the second, the rate stays as it is. */
    void restart() {
        count = 0;
    }

    /** Takes a reading of both clocks at one instant. */
    void add(long raw, long monotonic) {
        int newest = Math.floorMod(next - 1, SLOTS);
        if (count > 0 && monotonic - monotonicNanos[newest] < SPACING_NANOS) {
            return;
        }
        if (count > 0) {
            int oldest = count < SLOTS ? 0 : next;
            // At low frequencies the slots lie far apart: a slew that has just changed must not be averaged away.
            measure(monotonic - monotonicNanos[newest] > SLOTS * SPACING_NANOS / 2 ? newest : oldest, raw, monotonic);
        }
        put(raw, monotonic);
    }

    /** Begins anew with the last two readings: since the first of them the rate is another. */
    void change(long earlierRaw, long earlierMonotonic, long raw, long monotonic) {
        restart();
        put(earlierRaw, earlierMonotonic);
        measure(0, raw, monotonic);
        put(raw, monotonic);
    }

    private void measure(int from, long raw, long monotonic) {
        long span = monotonic - monotonicNanos[from];
        rate = ((raw - rawNanos[from]) - span) / (double) span;
    }

    private void put(long raw, long monotonic) {
        if (count == 0) {
            next = 0;
        }
        rawNanos[next] = raw;
        monotonicNanos[next] = monotonic;
        next = (next + 1) % SLOTS;
        count = Math.min(count + 1, SLOTS);
    }

    /** That rate less one. */
    double value() {
        return rate;
    }
}
