// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import java.util.Arrays;

/**
 * Size of a series of errors, s. An error is positive when the stated time is ahead of the truth.
 *
 * @param count errors that were scored
 * @param rms root of the mean square
 * @param mean with its sign
 * @param mae mean of the absolute errors
 * @param p50 median of the absolute errors
 * @param p95 quantile of the absolute errors
 * @param p99 quantile of the absolute errors
 * @param max largest absolute error
 */
public record ErrorScore(
        int count, double rms, double mean, double mae, double p50, double p95, double p99, double max) {

    /** Scores errors; all figures are not-a-number when there are none. */
    public static ErrorScore of(double[] errors) {
        int n = errors.length;
        double[] absolute = new double[n];
        double squares = 0;
        double sum = 0;
        double absoluteSum = 0;
        for (int i = 0; i < n; i++) {
            absolute[i] = Math.abs(errors[i]);
            squares += errors[i] * errors[i];
            sum += errors[i];
            absoluteSum += absolute[i];
        }
        Arrays.sort(absolute);
        return new ErrorScore(
                n,
                Math.sqrt(squares / n),
                sum / n,
                absoluteSum / n,
                Quantiles.ofSorted(absolute, 0.5),
                Quantiles.ofSorted(absolute, 0.95),
                Quantiles.ofSorted(absolute, 0.99),
                Quantiles.ofSorted(absolute, 1));
    }

    /** Root of the mean square that remains when the mean is removed, s. */
    public double rmsWithoutBias() {
        return Math.sqrt(Math.max(0, rms * rms - mean * mean));
    }
}
