// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import java.util.Arrays;

/**
 * A Gaussian over states that may become more, with the scratch space that its updates need, so that they allocate nothing.
 * Not thread-safe.
 */
final class Gaussian {
    double[] mean;
    double[][] covariance;

    /** How what is looked at depends on the state; whoever looks fills it. */
    double[] row;

    /** Covariance of the state with what is looked at: P row. */
    double[] gain;

    /** All of {@code n} states are known to be zero. */
    Gaussian(int n) {
        this(new double[n], new double[n][n]);
    }

    private Gaussian(double[] mean, double[][] covariance) {
        this.mean = mean;
        this.covariance = covariance;
        this.gain = new double[mean.length];
        this.row = new double[mean.length];
    }

    Gaussian copy() {
        double[][] copied = new double[mean.length][];
        for (int i = 0; i < mean.length; i++) {
            copied[i] = covariance[i].clone();
        }
        return new Gaussian(mean.clone(), copied);
    }

    int size() {
        return mean.length;
    }

    /** Further states, at the end, known to be zero; nothing if there are {@code n} already. */
    void grow(int n) {
        if (n <= mean.length) {
            return;
        }
        double[] grownMean = Arrays.copyOf(mean, n);
        double[][] grown = new double[n][n];
        for (int i = 0; i < mean.length; i++) {
            System.arraycopy(covariance[i], 0, grown[i], 0, mean.length);
        }
        mean = grownMean;
        covariance = grown;
        gain = new double[n];
        row = new double[n];
    }

    /** One state is known to be zero. */
    void decouple(int i) {
        mean[i] = 0;
        for (int j = 0; j < mean.length; j++) {
            covariance[i][j] = 0;
            covariance[j][i] = 0;
        }
    }

    /** Adds to the covariance of two different states. */
    void addNoise(int i, int j, double q) {
        covariance[i][j] += q;
        covariance[j][i] = covariance[i][j];
    }

    /** A row of zeros. */
    double[] clearRow() {
        Arrays.fill(row, 0);
        return row;
    }

    /** Mean of what {@link #row} looks at. */
    double rowMean() {
        return dot(row, mean);
    }

    /** Sets {@link #gain} for {@link #row}; the variance of what that looks at. */
    double computeGain() {
        for (int i = 0; i < mean.length; i++) {
            gain[i] = dot(covariance[i], row);
        }
        return dot(gain, row);
    }

    /** Variance of what {@link #row} looks at, {@link #gain} untouched. */
    double rowVariance() {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += row[i] * dot(covariance[i], row);
        }
        return sum;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
