// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;
import java.util.Arrays;

/**
 * How far below its shortest packets the edge of one direction may lie, by the shape of what they waited alone. The models of the
 * oscillator all place an edge as if packets touched it; where packets hardly ever do, all of them are wrong alike. Here no law is taken
 * for known: the evidence weighs several, and what they leave open is a distribution.
 *
 * <p>Of the newest packets q_i are the quantiles at the normal deviates {@link #DEVIATES}, s_i the distance between two neighbours, p_i the
 * share of packets between them. Of n packets ln s_i has the variance 1 / (n p_i), and a law says what it is but for its scale, which is the same
 * for all i. So
 *
 * <pre>
 *   d_i = ln s_i - ln s_i,law,   m = sum p_i d_i / sum p_i,   likelihood ~ exp(-n sum p_i (d_i - m)^2 / 2)
 * </pre>
 *
 * depends neither on the edge of the law nor on its scale, only on its shape. That and a prior weigh the laws, of each direction by itself and
 * of both as one: those whose packets touch the edge, whatever their tail (exponential, uniform, Pareto), which hide nothing; sums of several
 * queues (Erlang); and log-normal ones. The narrower those are, the farther does their edge lie below where an exponential law of the same
 * s_1 + s_2 has it. Each law is there twice, alone and beneath bursts, which only its lower distances tell of.
 *
 * <p>Delays are seen through the uncertainty of the clock, sd e, which spreads quantiles whose deviates differ by u by u e in quadrature; that is
 * taken off, and ln s_i is known the less for it. Not thread-safe; allocates nothing after construction.
 */
final class QueueShape {
    /** Packets remembered. */
    static final int MEMORY = 512;

    /** Of fewer the lowest quantile is a guess. */
    static final int LEAST = 8;

    /** The lower, the farther apart are laws that touch their edge from those that do not; of a few hundred packets no quantile is lower. */
    private static final double[] DEVIATES = {0.9, 0, -0.9, -2.1};

    private static final double[] PROBABILITIES =
            Arrays.stream(DEVIATES).map(Normal::cdf).toArray();

    /** Distances between neighbouring quantiles, from above. */
    private static final int DISTANCES = DEVIATES.length - 1;

    /** Prior weights of the laws that touch their edge: exponential, uniform, Pareto. */
    private static final double[] TOUCHING = {0.22, 0.1, 0.13};

    /** Prior probability that both directions have one law, whichever: mostly it is the same kind of links that packets go through. */
    private static final double ALIKE = 0.9;

    /** Of the Pareto law (Lomax): between those with and without a variance, and an exponential one. */
    private static final double PARETO = 3;

    /** Sums of so many queues. */
    private static final int[] SUMS = {4, 8};

    /** Log-normal laws, by their shape. Wider ones, and sums of fewer, hide next to nothing and are hard to tell from those that touch. */
    private static final double[] LOG_NORMAL = {0.6, 0.4, 0.2};

    /** Prior weight of each of these. */
    private static final double HIDING = 0.08;

    private static final int LAWS = TOUCHING.length + SUMS.length + LOG_NORMAL.length;

    /** Every law alone, then every law beneath bursts. */
    private static final int SHAPES = 2 * LAWS;

    /** Prior probability that bursts lie over a law, and the share of packets in them then. */
    private static final double BURSTY = 0.1;

    private static final double IN_BURSTS = 1.0 / 3;

    /** How long bursts are says nothing of the law beneath them: the uppermost distance may be anything within this of a factor, a logarithm. */
    private static final double ANY_BURST = 5;

    /** ln s_i of each shape. */
    private static final double[][] LOG_DISTANCE = new double[SHAPES][DISTANCES];

    /** How far the edge of each shape is below that of an exponential law, in units of s_1 + s_2. */
    private static final double[] HIDDEN = new double[SHAPES];

    private static final double[] PRIOR = new double[SHAPES];

    static {
        double touched = below(0, 1);
        for (int shape = 0; shape < SHAPES; shape++) {
            int law = shape % LAWS;
            boolean bursty = shape >= LAWS;
            double beneath = bursty ? 1 - IN_BURSTS : 1;
            boolean touching = law < TOUCHING.length;
            HIDDEN[shape] = touching ? 0 : Math.max(below(law, beneath) - touched, 0);
            PRIOR[shape] = (bursty ? BURSTY : 1 - BURSTY) * (touching ? TOUCHING[law] : HIDING);
            for (int i = bursty ? 1 : 0; i < DISTANCES; i++) {
                LOG_DISTANCE[shape][i] = Math.log(
                        quantile(law, PROBABILITIES[i] / beneath) - quantile(law, PROBABILITIES[i + 1] / beneath));
            }
        }
    }

    /** The clock's uncertainty is averaged over so many packets. */
    private static final int BLUR_MEMORY = 64;

    /** Part of a distance that is left at least. */
    private static final double LEFT = 0.01;

    private final double[] newest = new double[MEMORY];
    private final double[] sorted = new double[MEMORY];
    private final double[] likelihoods = new double[SHAPES];
    private final double[] logDistances = new double[DISTANCES];
    private final double[] precisions = new double[DISTANCES];
    private int count;
    private int next;
    private double blur;
    private double width;
    private boolean known;

    /**
     * How far the edge of a law is below the quantile at -2.1, in units of s_1 + s_2.
     *
     * @param beneath share of packets that the law is of
     */
    private static double below(int law, double beneath) {
        double low = quantile(law, PROBABILITIES[3] / beneath);
        return low / (quantile(law, PROBABILITIES[1] / beneath) - low);
    }

    /** What a packet waits under a law with this probability at most, in units of its scale. */
    private static double quantile(int law, double probability) {
        int hiding = law - TOUCHING.length;
        return switch (law) {
            case 0 -> -Math.log(1 - probability);
            case 1 -> probability;
            case 2 -> Math.pow(1 - probability, -1 / PARETO) - 1;
            default ->
                hiding < SUMS.length
                        ? ofSum(SUMS[hiding], 1 - probability)
                        : Math.exp(LOG_NORMAL[hiding - SUMS.length] * Normal.quantile(probability));
        };
    }

    /** What the sum of several exponential queues of the mean 1 exceeds with a probability {@code above}: bisection. */
    private static double ofSum(int queues, double above) {
        double low = 0;
        double high = 1e3;
        while (high - low > 1e-12) {
            double x = (low + high) / 2;
            double term = Math.exp(-x);
            double exceeded = term;
            for (int k = 1; k < queues; k++) {
                term *= x / k;
                exceeded += term;
            }
            if (exceeded > above) {
                low = x;
            } else {
                high = x;
            }
        }
        return (low + high) / 2;
    }

    void copyFrom(QueueShape other) {
        System.arraycopy(other.newest, 0, newest, 0, MEMORY);
        System.arraycopy(other.sorted, 0, sorted, 0, MEMORY);
        count = other.count;
        next = other.next;
        blur = other.blur;
        known = false;
    }

    void clear() {
        count = 0;
        next = 0;
        blur = 0;
        known = false;
    }

    /**
     * A packet has come.
     *
     * @param delay of it, s, counted from anywhere
     * @param sd uncertainty of the clock that it was measured with, s
     */
    void add(double delay, double sd) {
        blur += (sd - blur) / Math.min(count + 1, BLUR_MEMORY);
        if (count == MEMORY) {
            int oldest = Arrays.binarySearch(sorted, 0, count, newest[next]);
            System.arraycopy(sorted, oldest + 1, sorted, oldest, count - oldest - 1);
            count--;
        }
        int at = Arrays.binarySearch(sorted, 0, count, delay);
        int place = at < 0 ? -at - 1 : at;
        System.arraycopy(sorted, place, sorted, place + 1, count - place);
        sorted[place] = delay;
        count++;
        newest[next] = delay;
        next = (next + 1) % MEMORY;
        known = false;
    }

    /**
     * Mean square of what the time is shifted by because packets hide their edges, s^2: half of what one direction hides more than the other. What
     * both hide alike cancels. 0 while too few packets tell.
     */
    static double shiftVariance(QueueShape forward, QueueShape reverse) {
        forward.weigh();
        reverse.weigh();
        if (forward.width == 0 || reverse.width == 0) {
            return 0;
        }
        double there = 0;
        double back = 0;
        double both = 0;
        double hiddenThere = 0;
        double hiddenBack = 0;
        double squareThere = 0;
        double squareBack = 0;
        double squareBoth = 0;
        for (int shape = 0; shape < SHAPES; shape++) {
            double h = HIDDEN[shape];
            double f = PRIOR[shape] * forward.likelihoods[shape];
            double r = PRIOR[shape] * reverse.likelihoods[shape];
            double one = f * reverse.likelihoods[shape];
            there += f;
            back += r;
            both += one;
            hiddenThere += f * h;
            hiddenBack += r * h;
            squareThere += f * h * h;
            squareBack += r * h * h;
            squareBoth += one * h * h;
        }
        double f = forward.width;
        double r = reverse.width;
        double unlike = f * f * squareThere / there
                + r * r * squareBack / back
                - 2 * f * r * hiddenThere / there * hiddenBack / back;
        double difference = f - r;
        // One law fits both directions far worse than two if no product of likelihoods is left.
        double alike = both > 0 ? difference * difference * squareBoth / both : 0;
        double evidence = ALIKE * both;
        double share = evidence / (evidence + (1 - ALIKE) * there * back);
        return Math.max(share * alike + (1 - share) * unlike, 0) / 4;
    }

    /** Likelihoods of the shapes over that of the likeliest, and s_1 + s_2; the latter is 0 while nothing can be told. */
    private void weigh() {
        if (known) {
            return;
        }
        known = true;
        width = 0;
        if (count < LEAST) {
            return;
        }
        for (int i = 0; i < DISTANCES; i++) {
            double seen = quantile(PROBABILITIES[i]) - quantile(PROBABILITIES[i + 1]);
            if (!(seen > 0)) {
                return;
            }
            double added = (DEVIATES[i] - DEVIATES[i + 1]) * blur / seen;
            double left = Math.max(1 - added * added, LEFT * LEFT);
            logDistances[i] = Math.log(seen) + Math.log(left) / 2;
            precisions[i] = count * (PROBABILITIES[i] - PROBABILITIES[i + 1]) * left * left;
        }
        width = Math.exp(logDistances[1]) + Math.exp(logDistances[2]);
        double best = Double.NEGATIVE_INFINITY;
        for (int shape = 0; shape < SHAPES; shape++) {
            likelihoods[shape] = shape < LAWS ? logLikelihood(shape, 0) : logLikelihood(shape, 1) - Math.log(ANY_BURST);
            best = Math.max(best, likelihoods[shape]);
        }
        for (int shape = 0; shape < SHAPES; shape++) {
            likelihoods[shape] = Math.exp(likelihoods[shape] - best);
        }
    }

    /** Logarithm of the likelihood of a shape by the distances from {@code first} on; its scale may be any. */
    private double logLikelihood(int shape, int first) {
        double sum = 0;
        double mean = 0;
        double square = 0;
        double determinant = 1;
        for (int i = first; i < DISTANCES; i++) {
            double d = logDistances[i] - LOG_DISTANCE[shape][i];
            sum += precisions[i];
            mean += precisions[i] * d;
            square += precisions[i] * d * d;
            determinant *= precisions[i] / (2 * Math.PI);
        }
        return (mean * mean / sum - square + Math.log(determinant / (sum / (2 * Math.PI)))) / 2;
    }

    private double quantile(double probability) {
        double position = probability * (count - 1);
        int i = (int) position;
        double part = position - i;
        return i + 1 < count ? (1 - part) * sorted[i] + part * sorted[i + 1] : sorted[i];
    }
}
