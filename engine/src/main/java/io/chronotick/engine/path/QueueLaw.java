// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

/**
 * The law of one direction's queueing delay, learned on line: a mixture of exponential laws with fixed scales S_k and
 * weights that follow the responsibilities of past packets. Not thread-safe; allocates nothing after construction.
 *
 * <p>Two memories: the long run, pi <- pi + eta (f - pi), and the last packet's responsibilities f, because queues come
 * in bursts. The weights of the next packet are 0.7 f (blurred over the neighbouring scales) + 0.3 pi + 0.01 / K.
 */
public final class QueueLaw {
    /** Number of scales K: from 1 us to 0.6 s they cover a quiet LAN and a congested satellite link. */
    public static final int SCALES = 17;

    private static final double SMALLEST = 1e-6;
    private static final double RATIO = 2.3;
    private static final double[] SCALE = new double[SCALES];

    static {
        for (int k = 0; k < SCALES; k++) {
            SCALE[k] = SMALLEST * Math.pow(RATIO, k);
        }
    }

    private static final double BURST_WEIGHT = 0.7;
    private static final double OWN_BIN = 0.8;
    private static final double FLOOR = 0.01;
    private static final double SLOWEST_LEARNING = 0.01;
    private static final int LEARNING_DELAY = 15;

    private final double[] longRun = new double[SCALES];
    private final double[] weights = new double[SCALES];
    private final double[] logDensities = new double[SCALES];
    private int packets;

    QueueLaw() {
        clear();
    }

    void copyFrom(QueueLaw other) {
        System.arraycopy(other.longRun, 0, longRun, 0, SCALES);
        System.arraycopy(other.weights, 0, weights, 0, SCALES);
        packets = other.packets;
        renewDensities();
    }

    /** Scale S_k, s. */
    static double scale(int k) {
        return SCALE[k];
    }

    /** Forgets everything: all scales are equally likely. */
    void clear() {
        java.util.Arrays.fill(longRun, 1.0 / SCALES);
        restart();
    }

    /** Weight of scale k for the next packet; the weights sum to one. */
    double weight(int k) {
        return weights[k];
    }

    /** Natural logarithm of the scale's weight over the scale, its density at zero queue in 1/s. */
    double logDensity(int k) {
        return logDensities[k];
    }

    private void renewDensities() {
        for (int k = 0; k < SCALES; k++) {
            logDensities[k] = Math.log(weights[k] / SCALE[k]);
        }
    }

    /** Mean queueing delay in the long run, s. */
    public double mean() {
        double mean = 0;
        for (int k = 0; k < SCALES; k++) {
            mean += longRun[k] * SCALE[k];
        }
        return mean;
    }

    /** Takes in the responsibilities of the scales for the packet just seen; they sum to one or less. */
    public void learn(double[] responsibilities) {
        packets++;
        double eta = Math.max(SLOWEST_LEARNING, 1.0 / (packets + LEARNING_DELAY));
        for (int k = 0; k < SCALES; k++) {
            longRun[k] += eta * (responsibilities[k] - longRun[k]);
        }
        for (int k = 0; k < SCALES; k++) {
            double side = (1 - OWN_BIN) / 2;
            double blurred = OWN_BIN * responsibilities[k]
                    + side * responsibilities[Math.max(k - 1, 0)]
                    + side * responsibilities[Math.min(k + 1, SCALES - 1)];
            weights[k] = BURST_WEIGHT * blurred + (1 - BURST_WEIGHT) * longRun[k] + FLOOR / SCALES;
        }
        normalize(weights);
        renewDensities();
    }

    /** Keeps the long-run law as the prior and forgets the packets, before they are replayed. */
    void restart() {
        packets = 0;
        normalize(longRun);
        System.arraycopy(longRun, 0, weights, 0, SCALES);
        renewDensities();
    }

    /**
     * A first law from the mean excess of the round trip over its minimum: most weight on that scale, falling as S^0.7 below
     * and S^-2 above it (shapes found on simulated paths; the law learned afterwards does not depend on them).
     *
     * @param excess mean excess, s
     */
    public void seed(double excess) {
        double z = Math.max(excess, SMALLEST);
        for (int k = 0; k < SCALES; k++) {
            double ratio = SCALE[k] / z;
            longRun[k] = ratio < 1 ? Math.pow(ratio, 0.7) : Math.pow(ratio, -2);
        }
        restart();
    }

    private static void normalize(double[] weights) {
        double sum = 0;
        for (double w : weights) {
            sum += w;
        }
        for (int k = 0; k < weights.length; k++) {
            weights[k] /= sum;
        }
    }
}
