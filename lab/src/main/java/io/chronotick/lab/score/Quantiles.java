// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import java.util.Arrays;

/** Quantiles and averages of samples. */
public final class Quantiles {
    private Quantiles() {}

    /** Median; not-a-number of nothing. */
    public static double median(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return ofSorted(sorted, 0.5);
    }

    /**
     * Quantile by linear interpolation between the order statistics (type 7 of Hyndman and Fan 1996).
     *
     * @param sorted samples, ascending
     * @param share 0..1
     */
    public static double ofSorted(double[] sorted, double share) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double position = share * (sorted.length - 1);
        int below = (int) position;
        double fraction = position - below;
        return fraction == 0 ? sorted[below] : sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
    }

    /** Geometric mean; not-a-number of nothing. */
    public static double geometricMean(double[] samples) {
        double sum = 0;
        for (double sample : samples) {
            sum += Math.log(sample);
        }
        return samples.length == 0 ? Double.NaN : Math.exp(sum / samples.length);
    }
}
