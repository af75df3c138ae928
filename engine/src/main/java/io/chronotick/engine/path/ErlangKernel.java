// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;

/**
 * What a packet says of a Gaussian edge if its queue is the sum of m exponential ones of the same mean S: Erlang's law, whose
 * edge is seldom seen from shape 3 on.
 *
 * <p>With d ~ N(0, v) the error of the predicted edge and e = d + q what was seen, t = v / S, beta = (e - t) / sqrt(v),
 *
 * <pre>
 *   I_n = integral over u > 0 of u^n phi(u - beta),   r_n = I_n / I_(n-1)
 *   ln Z = -m ln S - ln (m-1)! - e/S + t/(2S) + (m-1) ln sqrt(v) + ln Phi(beta) + sum over i < m of ln r_i
 *   mean = e - sqrt(v) r_m,   variance = v r_m (r_(m+1) - r_m) = v (m - (m-1) r_m / r_(m-1)), for m = 1 v (1 - r_1 (r_1 - beta))
 *   P(less than e) = Phi(e / sqrt(v)) - S (Z_1 + ... + Z_m),   Z_i that of shape i
 * </pre>
 *
 * By parts I_(n+1) = beta I_n + n I_(n-1), so that r_1 = beta + phi/Phi and r_(n+1) = beta + n / r_n. Where the truncation
 * takes nearly all, this loses its digits and is followed backwards from a large n (Miller's algorithm). Reused; not thread-safe; allocates
 * nothing.
 */
final class ErlangKernel {
    /** Standard deviations beyond which the truncation changes nothing in a double's digits. */
    private static final double CERTAINLY = 8.5;

    /** Below it the recurrence is followed backwards, ... */
    private static final double BACKWARDS = -2.5;

    /** ... from this much beyond the shape ... */
    private static final int FIRST = 4;

    /** ... and this over -beta: what remains of the guess there is less than 1e-9. */
    private static final double MORE = 75;

    private static final double SQRT_2_PI = Math.sqrt(2 * Math.PI);

    /** The largest shape. */
    private static final int LARGEST = 8;

    /** r_1 to r_(shape + 1). */
    private final double[] ratios = new double[LARGEST + 2];

    private double logEvidence;
    private double mean;
    private double variance;
    private double late;

    /**
     * Computes what e says.
     *
     * @param shape m, how many queues, 1..8
     * @param s mean of each, s, > 0
     * @param e what was seen less what was predicted, s
     * @param v variance of the prediction, s^2, > 0
     * @param sd its root, s
     */
    void compute(int shape, double s, double e, double v, double sd) {
        double t = v / s;
        double beta = (e - t) / sd;
        double logCdf = beta < CERTAINLY ? Normal.logCdf(beta) : 0;
        if (beta < BACKWARDS) {
            int n = shape + FIRST + (int) (MORE / -beta);
            double r = 2 * n / (Math.sqrt(beta * beta + 4 * n) - beta);
            for (; n > shape + 1; n--) {
                r = (n - 1) / (r - beta);
            }
            ratios[n] = r;
            for (; n > 1; n--) {
                ratios[n - 1] = (n - 1) / (ratios[n] - beta);
            }
            variance = v * ratios[shape] * (ratios[shape + 1] - ratios[shape]);
        } else {
            ratios[1] = beta + (beta < CERTAINLY ? Math.exp(-0.5 * beta * beta - logCdf) / SQRT_2_PI : 0);
            for (int n = 1; n <= shape; n++) {
                ratios[n + 1] = beta + n / ratios[n];
            }
            double lost = shape == 1 ? ratios[1] * (ratios[1] - beta) : (shape - 1) * ratios[shape] / ratios[shape - 1];
            variance = Math.max(v * (shape - lost), 0);
        }
        mean = e - sd * ratios[shape];
        double relative = 1;
        double sum = 1;
        for (int i = 1; i < shape; i++) {
            relative *= t / sd * ratios[i] / i;
            sum += relative;
        }
        double first = -e / s + t / (2 * s) + logCdf;
        logEvidence = first + Math.log(relative / s);
        late = Math.exp(first) * sum;
    }

    /** Natural logarithm of the density at e. */
    double logEvidence() {
        return logEvidence;
    }

    /** Posterior mean of d, s. */
    double mean() {
        return mean;
    }

    /** Posterior variance of d, s^2. */
    double variance() {
        return variance;
    }

    /** Probability of a packet that would have been in time without its queue, and is too late with it. */
    double late() {
        return late;
    }
}
