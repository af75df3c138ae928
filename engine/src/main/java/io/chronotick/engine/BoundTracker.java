// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * What one server's exchanges guarantee about UTC - raw: every exchange bounds it to [t3 - T4 - e, t2 - T1 + e], e the
 * server's own error, whatever the queues did. All past bounds are intersected, moved to the present with the estimated
 * frequency and widened by the frequency's largest error. Not thread-safe; allocation is small and per exchange.
 */
final class BoundTracker {
    /** Reading error of the local clock, s: two reads of a nanosecond counter, scheduling excluded. */
    private static final double READING_ERROR = 1e-7;

    private boolean known;
    private long rawNanos;
    private double low;
    private double high;

    boolean isKnown() {
        return known;
    }

    void clear() {
        known = false;
    }

    /**
     * Takes in one exchange.
     *
     * @param epochNanos what is subtracted from UTC - raw, ns
     * @param frequency estimated rate of UTC against raw minus one, s/s
     * @param maxDrift largest error of that frequency, s/s
     * @return false when it contradicts what was known, which is then forgotten: either the server or the local clock has
     *     jumped
     */
    boolean add(Exchange exchange, long epochNanos, double frequency, double maxDrift) {
        long middle = exchange.middle();
        double halfSpan = (exchange.t4() - exchange.t1()) * 0.5e-9;
        // The bounds hold at T4 and at T1; moving them to the middle costs the frequency's error.
        double error = exchange.serverError() + READING_ERROR + maxDrift * halfSpan;
        double newLow = (exchange.t3() - exchange.t4() - epochNanos) * 1e-9 - frequency * halfSpan - error;
        double newHigh = (exchange.t2() - exchange.t1() - epochNanos) * 1e-9 + frequency * halfSpan + error;
        boolean consistent = true;
        if (known) {
            Interval old = at(middle, frequency, maxDrift);
            double bothLow = Math.max(newLow, old.low());
            double bothHigh = Math.min(newHigh, old.high());
            consistent = bothLow <= bothHigh;
            if (consistent) {
                newLow = bothLow;
                newHigh = bothHigh;
            }
        }
        known = true;
        rawNanos = middle;
        low = newLow;
        high = newHigh;
        return consistent;
    }

    /** The interval of UTC - raw - epoch when the raw clock reads {@code raw}; only when {@link #isKnown}. */
    Interval at(long raw, double frequency, double maxDrift) {
        double elapsed = (raw - rawNanos) * 1e-9;
        double shift = frequency * elapsed;
        double slack = maxDrift * Math.abs(elapsed);
        return new Interval(low + shift - slack, high + shift + slack);
    }
}
