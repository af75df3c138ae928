// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The arithmetic of the record (docs/shared-memory.md, "What a reader computes") in integer nanoseconds.
 *
 * <p>A double that holds Unix seconds has steps of 238 ns, and a product such as 1.7e9 s * 1e9 has steps of 256 ns. So whole
 * seconds are multiplied as longs and only fractions and small terms as doubles: what is lost stays under 1 ns.
 */
final class CorrectionMath {
    /** Whole seconds an anchor or an offset may hold: one NTP era, 136 years. Their sum fits a long of nanoseconds. */
    static final double MAX_SECONDS = 0x1p32;

    /** Crystals are within 1e-4, kernels slew within 5e-4: beyond a hundredth it is not a clock. */
    static final double MAX_DRIFT_RATE = 0.01;

    /** 8.5 years: no longer a bound, and more would overflow together with {@link #MAX_SECONDS}. */
    static final double MAX_ERROR_SECONDS = 0x1p28;

    /** 23 days, in which an elapsed time in nanoseconds is exact in a double. No record is meant to live that long. */
    static final double MAX_VALIDITY_SECONDS = 2_000_000;

    /** The same in ns. */
    static final long MAX_ELAPSED_NANOS = 2_000_000_000_000_000L;

    /**
     * How far in the future an anchor may lie, ns. The writer moves it to a nearby representable time (a multiple of 1/512 s
     * is both a whole number of nanoseconds and a double), so a little is in order; more is a record of another boot.
     */
    static final long MAX_AHEAD_NANOS = 4_000_000;

    private CorrectionMath() {}

    /** Whether a clock can have these values; false for any NaN. Keeps every later step free of overflow. */
    static boolean isPlausible(
            double system,
            double offset,
            double drift,
            double prediction,
            double validUntil,
            double offsetSd,
            double driftSd,
            double maxError) {
        return system >= 0
                && system <= MAX_SECONDS
                && Math.abs(offset) <= MAX_SECONDS
                && Math.abs(drift) <= MAX_DRIFT_RATE
                && Math.abs(system - prediction) <= MAX_VALIDITY_SECONDS
                && Math.abs(validUntil - system) <= MAX_VALIDITY_SECONDS
                && offsetSd >= 0
                && offsetSd <= MAX_ERROR_SECONDS
                && driftSd >= 0
                && driftSd <= 1
                && maxError >= 0
                && maxError <= MAX_ERROR_SECONDS;
    }

    /** A bound that does not grow would be a lie: zero is not plausible. */
    static boolean isPlausibleMaxDrift(double maxDrift) {
        return maxDrift > 0 && maxDrift <= MAX_DRIFT_RATE;
    }

    /** Time from the anchor to the end of validity, ns. */
    static long validityNanos(double system, double validUntil) {
        return (long) Math.floor((validUntil - system) * 1e9);
    }

    /** UTC at the anchor, ns since the epoch, but for {@link #anchorFraction}. The arguments have to be plausible. */
    static long anchorWhole(double system, double offset) {
        return ((long) system + (long) offset) * 1_000_000_000L;
    }

    /** What is missing from {@link #anchorWhole}, ns; known to better than a thousandth. */
    static double anchorFraction(double system, double offset, double drift, double prediction) {
        double fraction = (system - (long) system) + (offset - (long) offset); // both exact, their sum to 2^-53 s
        return (fraction + drift * (system - prediction)) * 1e9;
    }

    /** UTC so long after the anchor, ns since the epoch; elapsed within {@link #MAX_ELAPSED_NANOS}. */
    static long estimateNanos(long anchorWhole, double anchorFraction, double drift, long elapsed) {
        return anchorWhole + elapsed + (long) Math.rint(anchorFraction + drift * elapsed);
    }

    /** Hard bound so long after the anchor, ns, rounded up; the extra nanosecond is for the rounding of the estimate. */
    static long boundNanos(double maxError, double maxDrift, long elapsed) {
        return (long) Math.ceil(maxError * 1e9 + maxDrift * Math.abs(elapsed)) + 1;
    }
}
