// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Nanos;
import java.util.OptionalDouble;

/**
 * The course of one {@link CovariateConfig covariate}, seen directly or as a body follows it that takes its time to warm up
 * (v' = (u - v) / lag), in units of its swing and less its first value. Between samples it is a line, after the newest it
 * stays. A sample counts as the median of itself and the two before it: one reading that is nonsense moves nothing.
 *
 * <p>What it does when nobody looks is taken for a random walk: after the newest sample, and from where on it has read the very
 * same for longer than it ever did, since then its sensor may be stuck.
 *
 * <p>Memory is bounded: {@value #CAPACITY} samples, a day at one every ten seconds; what is older is taken for the oldest
 * that is still known. Allocates nothing after construction. Not thread-safe.
 */
public final class Covariate {
    private static final int CAPACITY = 8192;

    /** What it wanders by is measured over this time, s, with a memory of so many times. */
    private static final double WANDER_SPAN = 300;

    private static final double WANDER_MEMORY = 100;

    /** What it wanders by before that was measured, swings^2/s: a tenth of a swing in the span. */
    private static final double FIRST_WANDER = 0.01 / WANDER_SPAN;

    /** Stuck: the same for this many times the longest time so far and this, s. */
    private static final double STUCK_RATIO = 2;

    private static final double STUCK_SECONDS = 60;

    private final CovariateConfig config;
    private final double lagSeconds;
    private final long[] rawNanos = new long[CAPACITY];
    private final double[] level = new double[CAPACITY];
    /** Integral of the level from the first sample on, s. */
    private final double[] area = new double[CAPACITY];

    private int count;
    private double newest;
    private double previous;
    private double beforePrevious;
    private double first;
    private double wander = FIRST_WANDER;
    private int spans;
    private long spanNanos;
    private double spanLevel;
    private long sameSinceNanos;
    private double longestSame;

    public Covariate(CovariateConfig config, double lagSeconds) {
        this.config = config;
        this.lagSeconds = lagSeconds;
    }

    CovariateConfig config() {
        return config;
    }

    /** Takes in a sample; one that is no number, or not newer than the newest, is dropped. */
    public void add(long raw, double value) {
        if (!Double.isFinite(value) || (count > 0 && raw <= rawNanos[last()])) {
            return;
        }
        if (count == 0) {
            first = value;
            previous = value;
            newest = value;
            spanNanos = raw;
            sameSinceNanos = raw;
        }
        if (value != newest) {
            longestSame = Math.max(longestSame, Nanos.toSeconds(raw - sameSinceNanos));
            sameSinceNanos = raw;
        }
        beforePrevious = previous;
        previous = newest;
        newest = value;
        double u = (median(beforePrevious, previous, newest) - first) / config.swing();
        double reached = u;
        double covered = 0;
        if (count > 0) {
            int last = last();
            double dt = Nanos.toSeconds(raw - rawNanos[last]);
            reached = lagSeconds > 0 ? u + (level[last] - u) * Math.exp(-dt / lagSeconds) : u;
            covered = area[last] + (level[last] + reached) / 2 * dt;
        }
        int at = count % CAPACITY;
        rawNanos[at] = raw;
        level[at] = reached;
        area[at] = covered;
        count++;
        measureWander(raw, reached);
    }

    private void measureWander(long raw, double reached) {
        double span = Nanos.toSeconds(raw - spanNanos);
        if (span >= WANDER_SPAN) {
            double moved = reached - spanLevel;
            spans++;
            wander += (moved * moved / span - wander) / Math.min(spans + 1, WANDER_MEMORY);
            spanNanos = raw;
            spanLevel = reached;
        }
    }

    /** Density of the random walk that it is taken for where it is not known, swings^2/s. */
    double wander() {
        return wander;
    }

    /** The last instant at which it is known, CLOCK_MONOTONIC_RAW, ns; before the first sample the beginning of time. */
    long knownUntil() {
        if (count == 0) {
            return Long.MIN_VALUE;
        }
        long newestNanos = rawNanos[last()];
        double same = Nanos.toSeconds(newestNanos - sameSinceNanos);
        return same > STUCK_RATIO * longestSame + STUCK_SECONDS ? sameSinceNanos : newestNanos;
    }

    private int last() {
        return (count - 1) % CAPACITY;
    }

    /** Newest value as it came, in its unit. */
    OptionalDouble newest() {
        return count == 0 ? OptionalDouble.empty() : OptionalDouble.of(newest);
    }

    /** Level when the raw clock reads {@code raw}, in swings above the first value. */
    double level(long raw) {
        int after = firstAfter(raw);
        int oldest = Math.max(count - CAPACITY, 0);
        if (count == 0) {
            return 0;
        }
        if (after == oldest) {
            return level[oldest % CAPACITY];
        }
        int before = (after - 1) % CAPACITY;
        if (after == count) {
            return level[before];
        }
        int next = after % CAPACITY;
        double share = (raw - rawNanos[before]) / (double) (rawNanos[next] - rawNanos[before]);
        return level[before] + share * (level[next] - level[before]);
    }

    /** Integral of {@link #level} from a fixed instant to {@code raw}, s. */
    double area(long raw) {
        if (count == 0) {
            return 0;
        }
        int after = firstAfter(raw);
        int oldest = Math.max(count - CAPACITY, 0);
        int base = (after == oldest ? oldest : after - 1) % CAPACITY;
        double mean = (level[base] + level(raw)) / 2;
        return area[base] + mean * (raw - rawNanos[base]) * Nanos.IN_SECONDS;
    }

    /** Number of the first sample that is newer than {@code raw}, {@link #count} if none is. */
    private int firstAfter(long raw) {
        int low = Math.max(count - CAPACITY, 0);
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rawNanos[middle % CAPACITY] > raw) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static double median(double a, double b, double c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
