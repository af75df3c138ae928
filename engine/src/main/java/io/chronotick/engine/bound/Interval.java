// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

/**
 * A closed interval, {@code low <= high}: of offsets in s, or of frequencies in s/s. Infinite ends say that nothing is known on
 * that side. Immutable.
 */
public record Interval(double low, double high) {
    /** Nothing is known. */
    static final Interval EVERYTHING = new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    public double middle() {
        return (low + high) / 2;
    }

    public double halfWidth() {
        return (high - low) / 2;
    }

    public boolean isFinite() {
        return low > Double.NEGATIVE_INFINITY && high < Double.POSITIVE_INFINITY;
    }

    public boolean contains(double x) {
        return low <= x && x <= high;
    }

    public double nearestTo(double x) {
        return Math.min(Math.max(x, low), high);
    }

    public boolean intersects(Interval other) {
        return low <= other.high && other.low <= high;
    }

    public Interval widened(double by) {
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
    public double farthestFrom(double x) {
        return Math.max(high - x, x - low);
    }
}
