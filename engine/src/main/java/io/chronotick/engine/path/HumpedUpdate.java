// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;

/**
 * {@link OneSidedUpdate} for a queue that may be hardly ever empty: every component of the law is Erlang's, of its shape and with its
 * scale for the mean. See {@link ErlangKernel}. Not thread-safe; allocates nothing after construction.
 */
public final class HumpedUpdate extends ScalarUpdate {
    private final ErlangKernel kernel = new ErlangKernel();
    private final double[] means = new double[QueueLaw.LARGEST];
    private final double[] variances = new double[QueueLaw.LARGEST];

    public HumpedUpdate() {
        super(QueueLaw.LARGEST);
    }

    @Override
    public void compute(double e, double v, QueueLaw law) {
        double sd = Math.sqrt(v);
        double best = LOG_NULL;
        // Probability of seeing less than e, null component aside.
        double below = Normal.cdf(e / sd);
        for (int k = 0; k < QueueLaw.LARGEST; k++) {
            int shape = law.shape(k);
            kernel.compute(shape, QueueLaw.scale(k) / shape, e, v, sd);
            means[k] = kernel.mean();
            variances[k] = kernel.variance();
            below -= law.weight(k) * kernel.late();
            responsibilities[k] = Math.log(law.weight(k)) + kernel.logEvidence();
            best = Math.max(best, responsibilities[k]);
        }
        double total = Math.exp(LOG_NULL - best);
        double first = 0;
        double second = total * v;
        for (int k = 0; k < QueueLaw.LARGEST; k++) {
            double z = Math.exp(responsibilities[k] - best);
            responsibilities[k] = z;
            total += z;
            first += z * means[k];
            second += z * (variances[k] + means[k] * means[k]);
        }
        finish(e, v, best, total, first, second, below);
    }
}
