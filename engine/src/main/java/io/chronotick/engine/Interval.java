// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * A closed interval, {@code low <= high}: of offsets in s, or of frequencies in s/s. Infinite ends say that nothing is known on
 * that side. Immutable.
 */
record Interval(double low, double high) {
    /** Nothing is known. */
    static final Interval EVERYTHING = new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    double middle() {
        return (low + high) / 2;
    }

    double halfWidth() {
        return (high - low) / 2;
    }

    boolean isFinite() {
        return low > Double.NEGATIVE_INFINITY && high < Double.POSITIVE_INFINITY;
    }

    boolean contains(double x) {
        return low <= x && x <= high;
    }

    double nearestTo(double x) {
        return Math.min(Math.max(x, low), high);
    }

    boolean intersects(Interval other) {
        return low <= other.high && other.low <= high;
    }

    Interval widened(double by) {
        return new Interval(low - by, high + by);
    }

    /** Both ends moved inwards, at most to the middle. */
    Interval narrowed(double by) {
        double within = Math.min(by, halfWidth());
        return new Interval(low + within, high - within);
    }

    Interval hull(Interval other) {
        return new Interval(Math.min(low, other.low), Math.max(high, other.high));
    }

    /** What lies between the two, 0 when they meet. */
    double gapTo(Interval other) {
        return Math.max(0, Math.max(low - other.high, other.low - high));
    }

    /** Largest distance of a point of the interval from {@code x}. */
    double farthestFrom(double x) {
        return Math.max(high - x, x - low);
    }
}
