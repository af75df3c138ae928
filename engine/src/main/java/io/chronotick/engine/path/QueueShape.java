// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import io.chronotick.engine.math.Normal;
import java.util.Arrays;

/**
 * How far below its shortest packets the edge of one direction may lie, by the shape of what they waited alone. The models of the
 * oscillator all place an edge as if packets touched it; where packets hardly ever do, all of them are wrong alike. Here no law is taken
 * for known: the evidence weighs several, and what they leave open is a distribution.
 *
 * <p>Of the newest packets q_i are the quantiles at the normal deviates {@link #DEVIATES}, s_1, s_2, s_3 the distances between neighbouring
 * ones from below. z = (ln s_1/s_2, ln s_2/s_3) depends neither on the edge of a law nor on its scale, only on its shape. Of n packets each
 * ln s_i has the variance 1 / (n p_i), p_i the share of packets between the two quantiles, so
 *
 * <pre>
 *   z ~ N(z_law, C/n),   C = [1/p_1 + 1/p_2, -1/p_2; -1/p_2, 1/p_2 + 1/p_3]
 * </pre>
 *
 * That and a prior weigh the laws, of each direction by itself and of both as one: those whose packets touch the edge, whatever their tail
 * (exponential, uniform, Pareto), which hide nothing; sums of several queues (Erlang); and log-normal ones. The narrower those are, the farther does
 * their edge lie below where an exponential law of the same s_1 + s_2 has it.
 *
 * <p>Delays are seen through the uncertainty of the clock, sd e, which spreads quantiles whose deviates differ by u by u e in quadrature; that is
 * taken off. Not thread-safe; allocates nothing after construction.
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

    /** Prior weights of the laws that touch their edge: exponential, uniform, Pareto. */
    private static final double[] TOUCHING = {0.22, 0.1, 0.13};

    /** Prior probability that both directions have one law, whichever: mostly it is the same kind of links that packets go through. */
    private static final double ALIKE = 0.75;

    /** Of the Pareto law (Lomax): between those with and without a variance, and an exponential one. */
    private static final double PARETO = 3;

    /** Sums of so many queues. */
    private static final int[] SUMS = {4, 8};

    /** Log-normal laws, by their shape. Wider ones, and sums of fewer, hide next to nothing and are hard to tell from those that touch. */
    private static final double[] LOG_NORMAL = {0.6, 0.4, 0.2};

    /** Prior weight of each of these. */
    private static final double HIDING = 0.11;

    private static final int LAWS = TOUCHING.length + SUMS.length + LOG_NORMAL.length;

    /** z of each law, and how far its edge is below that of an exponential law, in units of s_1 + s_2. */
    private static final double[] LOWER = new double[LAWS];

    private static final double[] UPPER = new double[LAWS];
    private static final double[] HIDDEN = new double[LAWS];

    static {
        double touched = 0;
        for (int law = 0; law < LAWS; law++) {
            double q0 = quantile(law, 0);
            double q1 = quantile(law, 1);
            double q2 = quantile(law, 2);
            double q3 = quantile(law, 3);
            LOWER[law] = Math.log((q2 - q3) / (q1 - q2));
            UPPER[law] = Math.log((q1 - q2) / (q0 - q1));
            double edge = q3 / (q1 - q3);
            touched = law == 0 ? edge : touched;
            HIDDEN[law] = law < TOUCHING.length ? 0 : edge - touched;
        }
    }

    /** Inverse of C. */
    private static final double C11;

    private static final double C12;
    private static final double C22;

    static {
        double first = 1 / (PROBABILITIES[2] - PROBABILITIES[3]);
        double second = 1 / (PROBABILITIES[1] - PROBABILITIES[2]);
        double third = 1 / (PROBABILITIES[0] - PROBABILITIES[1]);
        double determinant = (first + second) * (second + third) - second * second;
        C11 = (second + third) / determinant;
        C12 = second / determinant;
        C22 = (first + second) / determinant;
    }

    /** The clock's uncertainty is averaged over so many packets. */
    private static final int BLUR_MEMORY = 64;

    /** Part of a distance that is left at least. */
    private static final double LEFT = 0.01;

    private final double[] newest = new double[MEMORY];
    private final double[] sorted = new double[MEMORY];
    private final double[] likelihoods = new double[LAWS];
    private int count;
    private int next;
    private double blur;
    private double width;
    private boolean known;

    /** What a packet waits under a law, in units of its scale, at {@code PROBABILITIES[i]}. */
    private static double quantile(int law, int i) {
        double above = 1 - PROBABILITIES[i];
        int hiding = law - TOUCHING.length;
        return switch (law) {
            case 0 -> -Math.log(above);
            case 1 -> 1 - above;
            case 2 -> Math.pow(above, -1 / PARETO) - 1;
            default ->
                hiding < SUMS.length
                        ? ofSum(SUMS[hiding], above)
                        : Math.exp(LOG_NORMAL[hiding - SUMS.length] * DEVIATES[i]);
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
        for (int law = 0; law < LAWS; law++) {
            double prior = law < TOUCHING.length ? TOUCHING[law] : HIDING;
            double h = HIDDEN[law];
            double f = prior * forward.likelihoods[law];
            double r = prior * reverse.likelihoods[law];
            double one = f * reverse.likelihoods[law];
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

    /** Likelihoods of the laws over that of the likeliest, and s_1 + s_2; the latter is 0 while nothing can be told. */
    private void weigh() {
        if (known) {
            return;
        }
        known = true;
        width = 0;
        if (count < LEAST) {
            return;
        }
        double first = distance(2);
        double second = distance(1);
        double third = distance(0);
        if (!(first > 0 && second > 0 && third > 0)) {
            return;
        }
        width = first + second;
        double lower = Math.log(first / second);
        double upper = Math.log(second / third);
        double best = Double.NEGATIVE_INFINITY;
        for (int law = 0; law < LAWS; law++) {
            double d = lower - LOWER[law];
            double e = upper - UPPER[law];
            likelihoods[law] = -count * (C11 * d * d + 2 * C12 * d * e + C22 * e * e) / 2;
            best = Math.max(best, likelihoods[law]);
        }
        for (int law = 0; law < LAWS; law++) {
            likelihoods[law] = Math.exp(likelihoods[law] - best);
        }
    }

    /** Between the quantiles i and i + 1, without what the clock's uncertainty adds to it. */
    private double distance(int i) {
        double seen = quantile(PROBABILITIES[i]) - quantile(PROBABILITIES[i + 1]);
        double added = (DEVIATES[i] - DEVIATES[i + 1]) * blur;
        return Math.sqrt(Math.max(seen * seen - added * added, LEFT * LEFT * seen * seen));
    }

    private double quantile(double probability) {
        double position = probability * (count - 1);
        int i = (int) position;
        double part = position - i;
        return i + 1 < count ? (1 - part) * sorted[i] + part * sorted[i + 1] : sorted[i];
    }
}
