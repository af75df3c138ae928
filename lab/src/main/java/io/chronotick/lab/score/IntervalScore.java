// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import java.util.Arrays;
import java.util.List;

/**
 * How often the truth was inside the stated intervals, and how wide they were. The interval of a nominal share is the
 * stated standard deviation times the normal quantile.
 *
 * @param covered share of the truth inside the interval of {@link #NOMINAL}, in that order, 0..1
 * @param medianSd median of the stated standard deviations, s
 * @param hindsight95 median width of the 95 % interval over that of the constant one which would have held the truth as often
 * @param calibration share of the truth inside the interval of 0, 1, ... 100 %, 0..1
 */
public record IntervalScore(List<Double> covered, double medianSd, double hindsight95, List<Double> calibration) {
    /** Shares that are scored. */
    public static final List<Double> NOMINAL = List.of(0.50, 0.80, 0.95, 0.99);

    private static final int PERCENTS = 100;

    /** Two-sided normal quantiles of {@link #NOMINAL}, standard deviations (any table of the normal law). */
    private static final double[] SIGMAS = {
        0.6744897501960817, 1.2815515655446004, 1.959963984540054, 2.5758293035489004
    };

    /**
     * Scores stated deviations.
     *
     * @param errors s
     * @param sds stated standard deviations of the same instants, s
     * @param bias what is subtracted from the errors before, s
     */
    public static IntervalScore of(double[] errors, double[] sds, double bias) {
        int[] inside = new int[SIGMAS.length];
        int[] histogram = new int[PERCENTS + 1];
        double[] sorted = new double[errors.length];
        for (int i = 0; i < errors.length; i++) {
            double absolute = Math.abs(errors[i] - bias);
            sorted[i] = absolute;
            for (int level = 0; level < SIGMAS.length; level++) {
                if (absolute <= SIGMAS[level] * sds[i]) {
                    inside[level]++;
                }
            }
            double nominal = Erf.erf(absolute / sds[i] / Math.sqrt(2));
            histogram[(int) Math.ceil(PERCENTS * nominal)]++;
        }
        Arrays.sort(sorted);
        Double[] calibration = new Double[PERCENTS + 1];
        int below = 0;
        for (int percent = 0; percent <= PERCENTS; percent++) {
            below += histogram[percent];
            calibration[percent] = below / (double) errors.length;
        }
        Double[] covered = new Double[SIGMAS.length];
        for (int level = 0; level < SIGMAS.length; level++) {
            covered[level] = inside[level] / (double) errors.length;
        }
        double medianSd = Quantiles.median(sds);
        int level95 = NOMINAL.indexOf(0.95);
        double hindsight = SIGMAS[level95] * medianSd / Quantiles.ofSorted(sorted, covered[level95]);
        return new IntervalScore(List.of(covered), medianSd, hindsight, List.of(calibration));
    }

    /** Share inside the 95 % interval, 0..1. */
    public double covered95() {
        return covered.get(NOMINAL.indexOf(0.95));
    }

    /** Median width of the 95 % interval from end to end, s. */
    public double medianWidth95() {
        return 2 * SIGMAS[NOMINAL.indexOf(0.95)] * medianSd;
    }
}
