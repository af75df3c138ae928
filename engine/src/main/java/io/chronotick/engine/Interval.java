// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/** A closed interval of offsets, s; {@code low <= high}. */
record Interval(double low, double high) {
    double middle() {
        return (low + high) / 2;
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

    Interval hull(Interval other) {
        return new Interval(Math.min(low, other.low), Math.max(high, other.high));
    }

    /** Largest distance of a point of the interval from {@code x}. */
    double farthestFrom(double x) {
        return Math.max(high - x, x - low);
    }
}
