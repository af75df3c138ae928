// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

/**
 * The weights of hypotheses by how well they forecast: the logarithm of each is its prior's, plus the log evidence of what came, which
 * fades,
 *
 * <pre>
 *   L_j <- P_j + f (L_j - P_j) + log p_j,   w_j = exp(L_j) / sum_k exp(L_k)
 * </pre>
 *
 * A hypothesis is never farther behind the best than {@value #DEEPEST} nats, so that it can come back. The last ones may be asleep:
 * they have no weight until they enter. Not thread-safe; allocates nothing after construction.
 */
final class EvidenceWeights {
    static final double DEEPEST = 25;

    private final double forgetting;
    private final double[] logPriors;
    private final double[] firstLogs;
    private final double[] logs;
    private final double[] shares;
    private int active;

    /**
     * Weights as {@link #restart} leaves them, with all awake.
     *
     * @param forgetting factor f by which evidence fades at each {@link #add}, 0..1
     * @param logPriors natural logarithms of the prior weights, not normalized
     * @param firstLogs those that they begin with, which fade to the priors as evidence does
     */
    EvidenceWeights(double forgetting, double[] logPriors, double[] firstLogs) {
        this.forgetting = forgetting;
        this.logPriors = logPriors.clone();
        this.firstLogs = firstLogs.clone();
        logs = new double[logPriors.length];
        shares = new double[logPriors.length];
        restart(logPriors.length);
    }

    void copyFrom(EvidenceWeights other) {
        System.arraycopy(other.logs, 0, logs, 0, logs.length);
        System.arraycopy(other.shares, 0, shares, 0, shares.length);
        active = other.active;
    }

    /** Back to the first weights; the first {@code awake} take part. */
    void restart(int awake) {
        System.arraycopy(firstLogs, 0, logs, 0, logs.length);
        active = awake;
        normalize();
    }

    /** One that slept, the next after those who take part, or one of those begins with this log weight; 0 is that of the best. */
    void enter(int j, double log) {
        logs[j] = log;
        active = Math.max(active, j + 1);
        normalize();
    }

    /** How many take part: the first so many. */
    int active() {
        return active;
    }

    /** Weight of one that takes part; they sum to one. */
    double share(int j) {
        return shares[j];
    }

    /** Natural logarithm of a weight over the largest, at most 0 and at least -{@value #DEEPEST}. */
    double log(int j) {
        return logs[j];
    }

    /** Something came that each had forecast with this log evidence. */
    void add(double[] logEvidences) {
        for (int j = 0; j < active; j++) {
            double prior = logPriors[j];
            logs[j] = prior + forgetting * (logs[j] - prior) + logEvidences[j];
        }
        normalize();
    }

    /** Log evidence of all of them together, weighed as they are now. */
    double mixture(double[] logEvidences) {
        return mixture(shares, active, logEvidences);
    }

    /** Log evidence of a mixture of the first {@code n} with these shares. */
    static double mixture(double[] shares, int n, double[] logEvidences) {
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < n; j++) {
            best = Math.max(best, logEvidences[j]);
        }
        double sum = 0;
        for (int j = 0; j < n; j++) {
            sum += shares[j] * Math.exp(logEvidences[j] - best);
        }
        return best + Math.log(Math.max(sum, Double.MIN_NORMAL));
    }

    /** The one with the largest weight, the first of several. */
    int likeliest() {
        int best = 0;
        for (int j = 1; j < active; j++) {
            best = shares[j] > shares[best] ? j : best;
        }
        return best;
    }

    private void normalize() {
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < active; j++) {
            best = Math.max(best, logs[j]);
        }
        double total = 0;
        for (int j = 0; j < active; j++) {
            logs[j] = Math.max(logs[j] - best, -DEEPEST);
            shares[j] = Math.exp(logs[j]);
            total += shares[j];
        }
        for (int j = 0; j < active; j++) {
            shares[j] /= total;
        }
    }
}
