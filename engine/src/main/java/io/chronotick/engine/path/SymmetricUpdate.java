// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;

/**
 * The Bayesian update of a Gaussian by one observation whose noise goes both ways: a mixture of N(0, S_k^2), so that its tails
 * may be heavy. For one scale, with d ~ N(0, v) the error of the prediction and e = d + n what was seen, u = v + S^2:
 *
 * <pre>
 *   log Z_k = ln w_k + ln N(e; 0, u),   mean_k = v e / u,   var_k = v S^2 / u
 * </pre>
 *
 * An outlier is taken for one of a larger scale and moves little. Not thread-safe; allocates nothing after construction.
 */
public final class SymmetricUpdate extends ScalarUpdate {
    private static final double LOG_2_PI = Math.log(2 * Math.PI);

    public SymmetricUpdate() {
        super(QueueLaw.SCALES);
    }

    @Override
    public void compute(double e, double v, QueueLaw law) {
        double best = LOG_NULL;
        for (int k = 0; k < QueueLaw.SCALES; k++) {
            double u = v + QueueLaw.scale(k) * QueueLaw.scale(k);
            double logZ = Math.log(law.weight(k)) - 0.5 * (LOG_2_PI + Math.log(u) + e * e / u);
            responsibilities[k] = logZ;
            best = Math.max(best, logZ);
        }
        double total = Math.exp(LOG_NULL - best);
        double first = 0;
        double second = total * v;
        double below = 0;
        for (int k = 0; k < QueueLaw.SCALES; k++) {
            double noise = QueueLaw.scale(k) * QueueLaw.scale(k);
            double u = v + noise;
            double z = Math.exp(responsibilities[k] - best);
            double m = v * e / u;
            below += law.weight(k) * Normal.cdf(e / Math.sqrt(u));
            responsibilities[k] = z;
            total += z;
            first += z * m;
            second += z * (v * noise / u + m * m);
        }
        finish(e, v, best, total, first, second, below);
    }
}
