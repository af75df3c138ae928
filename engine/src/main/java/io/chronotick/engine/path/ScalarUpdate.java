// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

/**
 * The Bayesian update of a Gaussian by one observation whose noise is a mixture of laws with the scales of {@link QueueLaw}:
 * assumed-density filtering, the posterior matched by its first two moments. Not thread-safe; allocates nothing after
 * construction.
 */
public abstract sealed class ScalarUpdate permits OneSidedUpdate, HumpedUpdate, SymmetricUpdate {
    /**
     * Evidence of the null component, 1/s, which has no shift and no information and absorbs what the law calls impossible:
     * once in ten thousand packets, spread over the largest scale.
     */
    static final double LOG_NULL = Math.log(1e-4 / QueueLaw.scale(QueueLaw.SCALES - 1));

    final double[] responsibilities;
    private double mean;
    private double variance;
    private double logEvidence;
    private double probability;
    private double seen;
    private double rejected;

    /** For laws of so many components. */
    ScalarUpdate(int components) {
        responsibilities = new double[components];
    }

    /**
     * Computes the update.
     *
     * @param e what was seen less what was predicted, s
     * @param v variance of the prediction, s^2, > 0
     * @param law law of the noise
     */
    public abstract void compute(double e, double v, QueueLaw law);

    /**
     * Closes the computation. {@link #responsibilities} hold the components' evidences over exp(best).
     *
     * @param total sum of all evidences over exp(best), null component included
     * @param first their sum weighted by the posterior means
     * @param second their sum weighted by the posterior second moments
     * @param below predictive probability of a value below e
     */
    final void finish(double e, double v, double best, double total, double first, double second, double below) {
        for (int k = 0; k < responsibilities.length; k++) {
            responsibilities[k] /= total;
        }
        seen = e;
        rejected = Math.exp(LOG_NULL - best) / total;
        mean = first / total;
        variance = Math.min(Math.max(second / total - mean * mean, v * 1e-12), v);
        logEvidence = best + Math.log(total);
        probability = Math.min(Math.max(below, 0), 1);
    }

    /** What was seen less what was predicted, s. */
    public double seen() {
        return seen;
    }

    /** Posterior weight of the null component: how impossible the law calls what was seen, 0..1. */
    public double rejected() {
        return rejected;
    }

    /** Posterior mean of d, s. */
    public double mean() {
        return mean;
    }

    /** Posterior variance of d, s^2. */
    public double variance() {
        return variance;
    }

    /** Natural logarithm of the predictive density at e. */
    public double logEvidence() {
        return logEvidence;
    }

    /** Predictive probability of a value below e: uniform on 0..1 when the model is honest. */
    public double probability() {
        return probability;
    }

    /** Posterior weights of the components; they sum to one less the null component's. Valid until the next computation. */
    public double[] responsibilities() {
        return responsibilities;
    }
}
