// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import java.util.Arrays;

/**
 * Looks for a cycle in an oscillator's frequency: heating, air conditioning, a job that runs every half hour.
 *
 * <p>The frequency of a quartz is a random walk at best, whose spectrum hides any line. Its increments are white, so they
 * are what is analysed: a discrete Fourier transform of the increments at logarithmically spaced periods, with exponential
 * forgetting,
 *
 * <pre>
 *   B_k <- B_k exp(-dt / tau) + (f_i - f_(i-1)) exp(-i w_k t_i)
 * </pre>
 *
 * A line stands out of the median power. It need not be right: the period is only proposed, and the exchanges decide what it
 * is worth. Not thread-safe; allocates nothing after construction.
 */
public final class CycleFinder {
    /** Shortest and longest period looked for, s: what changes faster is not seen between polls, slower is a slope. */
    private static final double SHORTEST = 400;

    private static final double LONGEST = 14_400;

    /** Ratio of neighbouring periods: finer than the line width over the memory for all but the shortest. */
    private static final double RATIO = 1.02;

    private static final int PERIODS = (int) (Math.log(LONGEST / SHORTEST) / Math.log(RATIO)) + 1;

    /** Memory of the transform, s. */
    public static final double MEMORY = 36_000;

    /** The first estimates of a frequency are on their way to it; their increments tell nothing. */
    private static final int SETTLING = 30;

    /** An increment counts for at most this many mean absolute increments: a step is not a line. */
    private static final double CLIP = 4;

    /** Memory of the mean absolute increment, in exchanges. */
    private static final double SCALE_MEMORY = 50;

    /** A cycle was seen when it has come round this many times. */
    private static final double CYCLES = 3;

    /** A period needs this many exchanges to be told from its neighbours and aliases. */
    private static final double EXCHANGES_PER_CYCLE = 6;

    private final double[] omega = new double[PERIODS];
    private final double[] real = new double[PERIODS];
    private final double[] imaginary = new double[PERIODS];
    private final double[] power = new double[PERIODS];
    private final double[] sorted = new double[PERIODS];
    private int estimates;
    private double scale;
    private long firstNanos;
    private long lastNanos;
    private double lastFrequency;
    private double meanGap;
    private double period;
    private double strength;
    private double amplitude;

    public CycleFinder() {
        for (int k = 0; k < PERIODS; k++) {
            omega[k] = 2 * Math.PI / (SHORTEST * Math.pow(RATIO, k));
        }
    }

    public void copyFrom(CycleFinder other) {
        System.arraycopy(other.real, 0, real, 0, PERIODS);
        System.arraycopy(other.imaginary, 0, imaginary, 0, PERIODS);
        estimates = other.estimates;
        scale = other.scale;
        firstNanos = other.firstNanos;
        lastNanos = other.lastNanos;
        lastFrequency = other.lastFrequency;
        meanGap = other.meanGap;
    }

    public void clear() {
        Arrays.fill(real, 0);
        Arrays.fill(imaginary, 0);
        estimates = 0;
        scale = 0;
        strength = 0;
    }

    /** The frequency was estimated as {@code frequency}, s/s, when the raw clock read {@code rawNanos}. */
    public void add(long rawNanos, double frequency) {
        estimates++;
        if (estimates <= SETTLING) {
            firstNanos = rawNanos;
            lastNanos = rawNanos;
            lastFrequency = frequency;
            meanGap = 0;
            return;
        }
        double dt = Nanos.toSeconds(rawNanos - lastNanos);
        double t = Nanos.toSeconds(rawNanos - firstNanos);
        if (dt <= 0) {
            return;
        }
        double keep = Math.exp(-dt / MEMORY);
        double increment = frequency - lastFrequency;
        double size = Math.abs(increment);
        scale += (size - scale) / Math.min(estimates - SETTLING, SCALE_MEMORY);
        increment = Math.copySign(Math.min(size, CLIP * scale), increment);
        for (int k = 0; k < PERIODS; k++) {
            double phase = omega[k] * t;
            real[k] = keep * real[k] + increment * Math.cos(phase);
            imaginary[k] = keep * imaginary[k] - increment * Math.sin(phase);
        }
        meanGap = meanGap == 0 ? dt : meanGap + 0.1 * (dt - meanGap);
        lastNanos = rawNanos;
        lastFrequency = frequency;
    }

    /**
     * Looks for the strongest line.
     *
     * @param line how many times the median power it has to have
     * @return whether there is one: {@link #period} and {@link #amplitude} then are its
     */
    public boolean find(double line) {
        strength = 0;
        double seen = estimates == 0 ? 0 : Nanos.toSeconds(lastNanos - firstNanos);
        int first = index(meanGap * EXCHANGES_PER_CYCLE);
        int end = index(Math.min(seen, 2 * MEMORY) / CYCLES);
        if (end - first < 3) {
            return false;
        }
        int best = first + 1;
        for (int k = first; k < end; k++) {
            power[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
            sorted[k] = power[k];
        }
        for (int k = first + 1; k < end - 1; k++) {
            if (power[k] > power[best]) {
                best = k;
            }
        }
        Arrays.sort(sorted, first, end);
        double median = sorted[(first + end) / 2];
        strength = median > 0 ? power[best] / median : 0;
        boolean peak = power[best] >= power[best - 1] && power[best] >= power[best + 1];
        if (!peak || strength < line) {
            return false;
        }
        // Between the grid's periods: the vertex of the parabola through the three highest.
        double left = Math.sqrt(power[best - 1]);
        double top = Math.sqrt(power[best]);
        double right = Math.sqrt(power[best + 1]);
        double curvature = left - 2 * top + right;
        double shift = curvature < 0 ? (left - right) / (2 * curvature) : 0;
        period = SHORTEST * Math.pow(RATIO, best + shift);
        // The increments of A sin(w t) are A w cos(w t) dt, which add up to A w / 2 times the memory that is filled.
        amplitude = 2 * top / (2 * Math.PI / period * MEMORY * (1 - Math.exp(-seen / MEMORY)));
        return true;
    }

    /** Period of the line that was found, s. */
    public double period() {
        return period;
    }

    /** Power of the strongest period when last looked at over the median; 0 when there was too little to tell. */
    public double strength() {
        return strength;
    }

    /** Amplitude of the frequency along the line that was found, s/s. */
    public double amplitude() {
        return amplitude;
    }

    private static int index(double period) {
        int k = (int) Math.ceil(Math.log(Math.max(period, SHORTEST) / SHORTEST) / Math.log(RATIO));
        return Math.min(Math.max(k, 0), PERIODS);
    }
}
