// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Cholesky;
import java.util.List;

/**
 * What the hypotheses together believe of the servers, and how these are combined into the published time z = x + sum w_i a_i. The
 * weights are those of the best linear unbiased mean of what the servers say, each with its own noise and the asymmetry expected of its
 * base delay: w ~ (C + A)^-1 1. What they are found to disagree by, beyond what their noise explains, is added as the sampling variance
 * of that mean. What all servers have in common cannot be seen from here and is covered by the hard bound alone.
 *
 * <p>Keeps nothing of its own. Not thread-safe.
 */
final class ServerCombiner {
    private final KalmanState[] models;
    private final EvidenceWeights weights;

    /** Over models and weights that somebody else keeps. */
    ServerCombiner(KalmanState[] models, EvidenceWeights weights) {
        this.models = models;
        this.weights = weights;
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
            c[i][i] += KalmanState.asymmetryVariance(base(sources.get(i)));
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
     * Sampling variance of the weighted mean from the servers' disagreement, s^2, less what their noise explains; mean over the
     * hypotheses, so that nothing jumps when one becomes likelier than another.
     */
    double disagreement(List<Integer> sources, double[] w) {
        if (w.length == 1) {
            return 0;
        }
        double squares = 0;
        for (double weight : w) {
            squares += weight * weight;
        }
        double spread = 0;
        for (int j = 0; j < weights.active(); j++) {
            spread += weights.share(j) * spread(models[j], sources, w);
        }
        return squares < 1 ? Math.max(spread, 0) / (1 - squares) * squares : 0;
    }

    /** Mean square of what the servers' asymmetries are from their mean, less what their noise explains, s^2. */
    private static double spread(KalmanState m, List<Integer> sources, double[] w) {
        double centre = 0;
        for (int i = 0; i < w.length; i++) {
            centre += w[i] * m.mean(m.asymmetry(sources.get(i)));
        }
        double spread = 0;
        for (int i = 0; i < w.length; i++) {
            int a = m.asymmetry(sources.get(i));
            double d = m.mean(a) - centre;
            double noise = m.covariance(a, a) - combinedAsymmetry(m, a, sources, w);
            spread += w[i] * (d * d - Math.max(noise, 0));
        }
        return spread;
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
