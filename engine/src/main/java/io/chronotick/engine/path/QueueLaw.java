// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

/**
 * The law of one direction's queueing delay, learned on line: a mixture of exponential laws with fixed scales S_k, or of Erlang's
 * laws of several shapes with these means, and weights that follow the responsibilities of past packets. Not thread-safe; allocates
 * nothing after construction.
 *
 * <p>Two memories: the long run, pi <- pi + eta (f - pi), and the last packet's responsibilities f, because queues come
 * in bursts. The weights of the next packet are 0.7 f (blurred over the neighbouring scales of the same shape) + 0.3 pi + 0.01 / K; of
 * {@link #noise} pi + 0.01 / K.
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

    /** Queues come in bursts; noise to both sides is that of many small influences, each packet's its own. */
    private static final double BURST_WEIGHT = 0.7;

    private static final double OWN_BIN = 0.8;
    private static final double FLOOR = 0.01;
    private static final double SLOWEST_LEARNING = 0.01;
    private static final int LEARNING_DELAY = 15;

    /** Shapes of a direction that may be humped: Erlang's, of a sum of so many queues, or else a single queue. */
    private static final int[] HUMPED = {3, 1};

    /** Components of the largest law. */
    public static final int LARGEST = HUMPED.length * SCALES;

    /** Share of the single queue in a first law that may be humped: with several servers, one may well be. */
    private static final double SINGLE = 0.2;

    /** How a first law falls below the mean excess, for a single queue and for several: those are seldom short together. */
    private static final double SINGLE_BELOW = 0.7;

    private static final double HUMPED_BELOW = 2.2;
    private static final double ABOVE = -2;

    /**
     * How a first law of noise falls beside its measured deviation: many small influences together are nearly normal, of which a few
     * packets tell the deviation; what is larger are outliers.
     */
    private static final double NOISE_BELOW = 6;

    private static final double NOISE_ABOVE = -3;

    private final double burstWeight;
    private final int[] shapes;
    private final double[] longRun;
    private final double[] weights;
    private final double[] logDensities;
    private int packets;

    /** A law of single queues: exponential components only. */
    QueueLaw() {
        this(BURST_WEIGHT, 1);
    }

    private QueueLaw(double burstWeight, int... shapes) {
        this.burstWeight = burstWeight;
        this.shapes = shapes;
        longRun = new double[shapes.length * SCALES];
        weights = new double[longRun.length];
        logDensities = new double[longRun.length];
        clear();
    }

    /** A law whose components are exponential or humped. */
    static QueueLaw humped() {
        return new QueueLaw(BURST_WEIGHT, HUMPED);
    }

    /** A law of noise, each packet's its own. */
    static QueueLaw noise() {
        return new QueueLaw(0, 1);
    }

    /** Number of components: all scales of the first shape, then of the second. */
    int size() {
        return weights.length;
    }

    /** Erlang's shape of a component: how many queues are in a row. */
    int shape(int k) {
        return shapes[k / SCALES];
    }

    void copyFrom(QueueLaw other) {
        System.arraycopy(other.longRun, 0, longRun, 0, size());
        System.arraycopy(other.weights, 0, weights, 0, size());
        packets = other.packets;
        renewDensities();
    }

    /** Scale S_k of a component, its mean, s. */
    static double scale(int k) {
        return SCALE[k % SCALES];
    }

    /** Forgets everything: all scales are equally likely. */
    void clear() {
        java.util.Arrays.fill(longRun, 1.0 / size());
        restart();
    }

    /** Weight of a component for the next packet; the weights sum to one. */
    double weight(int k) {
        return weights[k];
    }

    /** Natural logarithm of a component's weight over its scale: if it is exponential, its density at zero queue in 1/s. */
    double logDensity(int k) {
        return logDensities[k];
    }

    private void renewDensities() {
        for (int k = 0; k < size(); k++) {
            logDensities[k] = Math.log(weights[k] / scale(k));
        }
    }

    /** Mean queueing delay in the long run, s. */
    public double mean() {
        double mean = 0;
        for (int k = 0; k < size(); k++) {
            mean += longRun[k] * scale(k);
        }
        return mean;
    }

    /** Takes in the responsibilities of the components for the packet just seen; they sum to one or less. */
    public void learn(double[] responsibilities) {
        packets++;
        double eta = Math.max(SLOWEST_LEARNING, 1.0 / (packets + LEARNING_DELAY));
        for (int k = 0; k < size(); k++) {
            longRun[k] += eta * (responsibilities[k] - longRun[k]);
        }
        for (int k = 0; k < size(); k++) {
            int first = k / SCALES * SCALES;
            double side = (1 - OWN_BIN) / 2;
            double blurred = OWN_BIN * responsibilities[k]
                    + side * responsibilities[Math.max(k - 1, first)]
                    + side * responsibilities[Math.min(k + 1, first + SCALES - 1)];
            weights[k] = burstWeight * blurred + (1 - burstWeight) * longRun[k] + FLOOR / size();
        }
        normalize(weights);
        renewDensities();
    }

    /** Keeps the long-run law as the prior and forgets the packets, before they are replayed. */
    void restart() {
        packets = 0;
        normalize(longRun);
        System.arraycopy(longRun, 0, weights, 0, size());
        renewDensities();
    }

    /**
     * A first law from the mean excess of the round trip over its minimum: most weight on that scale, falling as S^0.7 below (a single
     * queue) or S^2.2 (several) and S^-2 above it (shapes found on simulated paths; the law learned afterwards does not depend on
     * them).
     *
     * @param excess mean excess, s
     */
    public void seed(double excess) {
        double z = Math.max(excess, SMALLEST);
        for (int k = 0; k < size(); k++) {
            double ratio = scale(k) / z;
            double below = shape(k) == 1 ? SINGLE_BELOW : HUMPED_BELOW;
            longRun[k] = Math.pow(ratio, ratio < 1 ? below : ABOVE);
        }
        if (shapes.length > 1) {
            share(0, 1 - SINGLE);
            share(SCALES, SINGLE);
        }
        restart();
    }

    /**
     * A first law of noise from its standard deviation: falling as S^6 below and S^-3 above it.
     *
     * @param sd s
     */
    void seedNoise(double sd) {
        double z = Math.max(sd, SMALLEST);
        for (int k = 0; k < size(); k++) {
            double ratio = scale(k) / z;
            longRun[k] = Math.pow(ratio, ratio < 1 ? NOISE_BELOW : NOISE_ABOVE);
        }
        restart();
    }

    /** Makes the long-run weights of one shape sum up to its share. */
    private void share(int first, double share) {
        double sum = 0;
        for (int k = first; k < first + SCALES; k++) {
            sum += longRun[k];
        }
        for (int k = first; k < first + SCALES; k++) {
            longRun[k] *= share / sum;
        }
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
