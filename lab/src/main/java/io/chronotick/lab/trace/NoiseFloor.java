// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.lab.score.Quantiles;

/**
 * How large the mean absolute error of any forecast has to be because the samples it is judged by are noisy themselves.
 *
 * @param smoother mean absolute distance of a sample from what its neighbours on both sides say, s: a straight line by least
 *     squares through the k neighbours before and after it, or the median round that line, whichever k in 1, 2, 4 .. 32 and
 *     whichever of the two comes closest. It sees the future, so no forecaster can rely on doing better; it is never below
 *     the noise, for it is judged by samples it has not used
 * @param secondDifferences mean absolute second difference of neighbouring samples over its gain for white noise
 *     (sqrt(1 + w^2 + (1-w)^2), w the interpolation weight), s: exact for white Gaussian noise, too large where outliers are
 *     rare, and blind to noise that neighbours share
 */
public record NoiseFloor(double smoother, double secondDifferences) {
    private static final int WIDEST = 32;

    static NoiseFloor of(double[] seconds, double[] offsets) {
        double best = Double.POSITIVE_INFINITY;
        for (int k = 1; k <= WIDEST && 4 * k <= offsets.length; k *= 2) {
            best = Math.min(best, Math.min(smoother(seconds, offsets, k, false), smoother(seconds, offsets, k, true)));
        }
        return new NoiseFloor(best, secondDifferences(seconds, offsets));
    }

    private static double smoother(double[] seconds, double[] offsets, int k, boolean robust) {
        double sum = 0;
        int count = offsets.length - 2 * k;
        double[] rest = new double[2 * k];
        for (int j = k; j < offsets.length - k; j++) {
            double meanX = 0;
            double meanY = 0;
            for (int i = j - k; i <= j + k; i++) {
                if (i != j) {
                    meanX += (seconds[i] - seconds[j]) / (2 * k);
                    meanY += (offsets[i] - offsets[j]) / (2 * k);
                }
            }
            double xx = 0;
            double xy = 0;
            for (int i = j - k; i <= j + k; i++) {
                if (i != j) {
                    double dx = seconds[i] - seconds[j] - meanX;
                    xx += dx * dx;
                    xy += dx * (offsets[i] - offsets[j] - meanY);
                }
            }
            double slope = xy / xx;
            double expected = meanY - slope * meanX;
            if (robust) {
                int n = 0;
                for (int i = j - k; i <= j + k; i++) {
                    if (i != j) {
                        rest[n++] = offsets[i] - offsets[j] - slope * (seconds[i] - seconds[j]);
                    }
                }
                expected = Quantiles.median(rest);
            }
            sum += Math.abs(expected);
        }
        return sum / count;
    }

    private static double secondDifferences(double[] seconds, double[] offsets) {
        double sum = 0;
        for (int j = 1; j < offsets.length - 1; j++) {
            double w = (seconds[j + 1] - seconds[j]) / (seconds[j + 1] - seconds[j - 1]);
            double difference = offsets[j] - w * offsets[j - 1] - (1 - w) * offsets[j + 1];
            sum += Math.abs(difference) / Math.sqrt(1 + w * w + (1 - w) * (1 - w));
        }
        return sum / (offsets.length - 2);
    }
}
