// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

/** The little linear algebra that the engine needs. Stateless. */
public final class Cholesky {
    private Cholesky() {}

    /** Solves {@code a x = 1} for a symmetric positive definite {@code a} by Cholesky's method; overwrites {@code a}. */
    public static void solveWithOnes(double[][] a, double[] x) {
        int n = a.length;
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double sum = a[i][j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i][k] * a[j][k];
                }
                // Rounding can take a nearly singular pivot below zero.
                a[i][j] = i == j ? Math.sqrt(Math.max(sum, 1e-30)) : sum / a[j][j];
            }
        }
        for (int i = 0; i < n; i++) {
            double sum = 1;
            for (int k = 0; k < i; k++) {
                sum -= a[i][k] * x[k];
            }
            x[i] = sum / a[i][i];
        }
        for (int i = n - 1; i >= 0; i--) {
            double sum = x[i];
            for (int k = i + 1; k < n; k++) {
                sum -= a[k][i] * x[k];
            }
            x[i] = sum / a[i][i];
        }
    }
}
