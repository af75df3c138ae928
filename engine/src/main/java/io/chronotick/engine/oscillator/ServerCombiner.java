// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Cholesky;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * What the hypotheses together believe of the servers, and how these are combined into the published time z = x + sum w_i a_i. The
 * weights are those of the best linear unbiased mean of what the servers say, each with its own noise, the asymmetry expected of its
 * base delay, and what the shapes of its queues leave open: w ~ (C + A)^-1 1. What they are found to disagree by, beyond what their
 * noise explains, tells how far their mean may be off ({@link io.chronotick.engine.forecast.SystematicUncertainty}).
 *
 * <p>Keeps nothing of its own. Not thread-safe.
 */
final class ServerCombiner {
    private final KalmanState[] models;
    private final EvidenceWeights weights;
    private final IntToDoubleFunction shapeVariance;

    /**
     * Over models and weights that somebody else keeps.
     *
     * @param shapeVariance of a server's offset by what the shapes of its queues leave open, s^2
     */
    ServerCombiner(KalmanState[] models, EvidenceWeights weights, IntToDoubleFunction shapeVariance) {
        this.models = models;
        this.weights = weights;
        this.shapeVariance = shapeVariance;
    }

    /** Mean of a server's base delay one way, s; only when it is known. */
    double base(int source) {
        double base = 0;
        for (int j = 0; j < weights.active(); j++) {
            base += weights.share(j) * models[j].mean(models[j].base(source));
        }
        return base;
    }

    /** Standard deviation of {@link #base}, s. */
    double baseSd(int source) {
        double mean = base(source);
        double second = 0;
        for (int j = 0; j < weights.active(); j++) {
            int b = models[j].base(source);
            double d = models[j].mean(b) - mean;
            second += weights.share(j) * (models[j].covariance(b, b) + d * d);
        }
        return Math.sqrt(second);
    }

    /** Weights of these servers, all of them known, in their order; they are not negative and sum to one. */
    double[] serverWeights(List<Integer> sources) {
        int n = sources.size();
        double[] w = new double[n];
        if (n == 1) {
            w[0] = 1;
            return w;
        }
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                for (int j = 0; j < weights.active(); j++) {
                    KalmanState m = models[j];
                    int ai = m.asymmetry(sources.get(i));
                    int ak = m.asymmetry(sources.get(k));
                    c[i][k] += weights.share(j)
                            * (m.covariance(ai, ak)
                                    + m.covariance(KalmanState.X, ai)
                                    + m.covariance(KalmanState.X, ak)
                                    + m.covariance(KalmanState.X, KalmanState.X));
                }
            }
            c[i][i] +=
                    KalmanState.asymmetryVariance(base(sources.get(i))) + shapeVariance.applyAsDouble(sources.get(i));
        }
        Cholesky.solveWithOnes(c, w);
        double total = 0;
        for (int i = 0; i < n; i++) {
            // Strongly correlated servers can get a weight below zero; that buys nothing here.
            w[i] = Math.max(w[i], 0);
            total += w[i];
        }
        for (int i = 0; i < n; i++) {
            w[i] /= total;
        }
        return w;
    }

    /**
     * Squares of what the servers differ from their weighted mean by, less what their noise explains, s^2, in the order of
     * {@code sources}; mean over the hypotheses, so that nothing jumps when one becomes likelier than another.
     */
    double[] differences(List<Integer> sources, double[] w) {
        double[] differences = new double[w.length];
        for (int j = 0; j < weights.active() && w.length > 1; j++) {
            KalmanState m = models[j];
            double centre = 0;
            for (int i = 0; i < w.length; i++) {
                centre += w[i] * m.mean(m.asymmetry(sources.get(i)));
            }
            for (int i = 0; i < w.length; i++) {
                int a = m.asymmetry(sources.get(i));
                double d = m.mean(a) - centre;
                double noise = m.covariance(a, a) - combinedAsymmetry(m, a, sources, w);
                differences[i] += weights.share(j) * (d * d - Math.max(noise, 0));
            }
        }
        return differences;
    }

    /** Covariance of an asymmetry with the servers' weighted mean asymmetry. */
    private static double combinedAsymmetry(KalmanState m, int row, List<Integer> sources, double[] w) {
        double c = 0;
        for (int i = 0; i < w.length; i++) {
            c += w[i] * m.covariance(row, m.asymmetry(sources.get(i)));
        }
        return c;
    }
}
