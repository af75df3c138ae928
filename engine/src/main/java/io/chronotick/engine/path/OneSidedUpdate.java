// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;

/**
 * The Bayesian update of a Gaussian edge by one packet that was delayed by a queue, never advanced: assumed-density
 * filtering with exact moments.
 *
 * <p>Let d ~ N(0, v) be the error of the predicted edge and e = d + q what was seen, q >= 0 the queueing delay with the
 * mixture law sum w_k Exp(S_k). For one scale, with t = v / S and beta = (e - t) / sqrt(v), the posterior of d is N(t, v)
 * truncated to d <= e, so
 *
 * <pre>
 *   log Z_k = ln w_k - ln S - e / S + t / (2 S) + ln Phi(beta)
 *   mean_k  = t - sqrt(v) h(beta),   h = phi / Phi
 *   var_k   = v (1 - beta h - h^2)
 * </pre>
 *
 * The variance never grows. Not thread-safe; allocates nothing after construction.
 */
public final class OneSidedUpdate extends ScalarUpdate {
    /** Standard deviations beyond which the truncation of the posterior changes nothing in a double's digits. */
    private static final double CERTAINLY = 8.5;

    /** Below it the difference of two logarithms has lost too many digits to give the hazard. */
    private static final double FAR_BELOW = -30;

    private static final double SQRT_2_PI = Math.sqrt(2 * Math.PI);

    private final double[] hazards = new double[QueueLaw.SCALES];

    public OneSidedUpdate() {
        super(QueueLaw.SCALES);
    }

    @Override
    public void compute(double e, double v, QueueLaw law) {
        double sd = Math.sqrt(v);
        double best = LOG_NULL;
        for (int k = 0; k < QueueLaw.SCALES; k++) {
            double s = QueueLaw.scale(k);
            double t = v / s;
            double beta = (e - t) / sd;
            double hazard = 0;
            double logCdf = 0;
            if (beta < CERTAINLY) {
                logCdf = Normal.logCdf(beta);
                hazard = beta < FAR_BELOW ? Normal.hazard(beta) : Math.exp(-0.5 * beta * beta - logCdf) / SQRT_2_PI;
            }
            double logZ = law.logDensity(k) - e / s + t / (2 * s) + logCdf;
            hazards[k] = hazard;
            responsibilities[k] = logZ;
            best = Math.max(best, logZ);
        }
        double total = Math.exp(LOG_NULL - best);
        double first = 0;
        double second = total * v;
        // Probability of seeing less than e: the mixture of exponentially modified Gaussians, null component aside.
        double below = Normal.cdf(e / sd);
        for (int k = 0; k < QueueLaw.SCALES; k++) {
            double s = QueueLaw.scale(k);
            double t = v / s;
            double beta = (e - t) / sd;
            double z = Math.exp(responsibilities[k] - best);
            double m = t - sd * hazards[k];
            below -= s * Math.exp(responsibilities[k]);
            responsibilities[k] = z;
            total += z;
            first += z * m;
            second += z * (v * Normal.truncatedVariance(beta, hazards[k]) + m * m);
        }
        finish(e, v, best, total, first, second, below);
    }
}
