// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import java.util.Arrays;

/**
 * What is learned of the way to one server and back, beside what the oscillator models hold of it (base delay,
 * asymmetry): the queue law of each direction. Shared by all oscillator models. Not thread-safe.
 */
public final class NetworkPath {
    /** The first laws are made after this many exchanges. */
    private static final int SEED = 2;

    /** The first laws come from the newest so many round trips. */
    private static final int RECENT = 96;

    /** Mean over median of the excess of a round trip of two exponential queues, nearly. */
    private static final double MEAN_BY_MEDIAN = 1.2;

    /** A round trip counts for at most this many times its median's excess over the shortest: half a second late is no noise. */
    private static final double LATE = 3;

    /** So well a clock has to be known to see the shape of queues, as a part of a round trip's mean excess: half of one queue. */
    private static final double SHARP = 1.0 / 4;

    private final QueueLaw forward = new QueueLaw();
    private final QueueLaw reverse = new QueueLaw();
    private final QueueLaw humpedForward = QueueLaw.humped();
    private final QueueLaw humpedReverse = QueueLaw.humped();
    private final QueueLaw excess = new QueueLaw();
    private final QueueLaw noise = QueueLaw.noise();
    private final QueueShape forwardShape = new QueueShape();
    private final QueueShape reverseShape = new QueueShape();
    private final double[] delays = new double[RECENT];
    private final double[] sorted = new double[RECENT];
    /** Mean excess of the newest round trips, see {@link #measureExcess}, s. */
    private double ordinaryExcess;

    private int exchanges;
    private int baseAge;
    private double delaySum;
    private double delayMin = Double.POSITIVE_INFINITY;

    public NetworkPath copy() {
        NetworkPath copy = new NetworkPath();
        copy.forward.copyFrom(forward);
        copy.reverse.copyFrom(reverse);
        copy.humpedForward.copyFrom(humpedForward);
        copy.humpedReverse.copyFrom(humpedReverse);
        copy.excess.copyFrom(excess);
        copy.noise.copyFrom(noise);
        copy.forwardShape.copyFrom(forwardShape);
        copy.reverseShape.copyFrom(reverseShape);
        System.arraycopy(delays, 0, copy.delays, 0, RECENT);
        copy.ordinaryExcess = ordinaryExcess;
        copy.exchanges = exchanges;
        copy.baseAge = baseAge;
        copy.delaySum = delaySum;
        copy.delayMin = delayMin;
        return copy;
    }

    /** Law of the queue from here to the server. */
    public QueueLaw forward() {
        return forward;
    }

    /** Law of the queue from the server to here. */
    public QueueLaw reverse() {
        return reverse;
    }

    /** Law of half the round trip's excess over its base. */
    public QueueLaw excess() {
        return excess;
    }

    /** Law of the noise of offsets, for those who take it to be symmetric. */
    public QueueLaw noise() {
        return noise;
    }

    /** The first of the two laws that teach one another under a hypothesis. */
    public QueueLaw first(DelayModel delays) {
        return switch (delays) {
            case ONE_SIDED -> forward;
            case HUMPED -> humpedForward;
            case SYMMETRIC -> excess;
        };
    }

    /** The second of the two. */
    public QueueLaw second(DelayModel delays) {
        return switch (delays) {
            case ONE_SIDED -> reverse;
            case HUMPED -> humpedReverse;
            case SYMMETRIC -> noise;
        };
    }

    public int exchanges() {
        return exchanges;
    }

    /** Exchanges since the base delay was last begun anew. */
    public int baseAge() {
        return baseAge;
    }

    public void age() {
        baseAge++;
    }

    /** The base delay is a new one, of which little is known. */
    public void renewBase() {
        baseAge = 0;
        forwardShape.clear();
        reverseShape.clear();
    }

    /**
     * What the packets of an exchange took, s, each counted from anywhere as long as that stays. Where the clock is not known to a part of what
     * packets wait, they tell nothing of the shape of queues.
     *
     * @param sd uncertainty of the clock that they were measured with, s
     */
    public void shape(double forward, double reverse, double sd) {
        if (sd <= SHARP * ordinaryExcess) {
            forwardShape.add(forward, sd);
            reverseShape.add(reverse, sd);
        }
    }

    /** Mean square of what the time by this path is shifted by because its packets hide their edges, s^2. */
    public double shapeVariance() {
        return QueueShape.shiftVariance(forwardShape, reverseShape);
    }

    /** Counts one exchange; after a few of them their delays give the first laws. */
    public void count(double delay) {
        delays[exchanges % RECENT] = delay;
        exchanges++;
        delaySum += delay;
        delayMin = Math.min(delayMin, delay);
        if (exchanges >= SEED) {
            ordinaryExcess = measureExcess();
        }
        if (exchanges == SEED) {
            seedLaws();
        }
    }

    /** Mean queue of a packet by the learned laws, s: the average of both directions. */
    public double meanQueue() {
        return (forward.mean() + reverse.mean()) / 2;
    }

    /** Mean excess of the round-trip delay over its minimum, s; 0 without exchanges. */
    public double meanExcess() {
        return exchanges == 0 ? 0 : delaySum / exchanges - delayMin;
    }

    /**
     * Mean excess of the newest round trips over the shortest of them as their median tells it, s: some that come late by half a
     * second do not make it larger. Over n / (n - 1), since the shortest of a few is not yet the base.
     */
    private double measureExcess() {
        int n = Math.min(exchanges, RECENT);
        System.arraycopy(delays, 0, sorted, 0, n);
        Arrays.sort(sorted, 0, n);
        double median = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
        return MEAN_BY_MEDIAN * (median - sorted[0]) * n / (n - 1);
    }

    /**
     * Standard deviation of the newest round trips, s. The two queues of an exchange have nothing to do with one another, whatever their
     * laws, so their difference varies as much as their sum: half of this is the deviation of offsets, and no clock is needed to know it.
     */
    private double roundTripSd() {
        int n = Math.min(exchanges, RECENT);
        System.arraycopy(delays, 0, sorted, 0, n);
        Arrays.sort(sorted, 0, n);
        double median = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
        double latest = median + LATE * (median - sorted[0]);
        double mean = 0;
        for (int i = 0; i < n; i++) {
            sorted[i] = Math.min(sorted[i], latest);
            mean += sorted[i] / n;
        }
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (sorted[i] - mean) * (sorted[i] - mean);
        }
        return Math.sqrt(squares / (n - 1));
    }

    /**
     * Before exchanges are replayed: what they have taught is forgotten, or it would count twice. Both directions alike, from the
     * round trip's excess.
     */
    public void seedLaws() {
        if (exchanges < SEED) {
            clearLaws();
            return;
        }
        forward.seed(ordinaryExcess);
        reverse.seed(ordinaryExcess);
        humpedForward.seed(ordinaryExcess);
        humpedReverse.seed(ordinaryExcess);
        excess.seed(ordinaryExcess);
        noise.seedNoise(roundTripSd() / 2);
        renewBase();
    }

    /** The laws stay as priors. */
    public void restartLaws() {
        forward.restart();
        reverse.restart();
        humpedForward.restart();
        humpedReverse.restart();
        excess.restart();
        noise.restart();
        renewBase();
    }

    /** The way itself has changed: another address. */
    public void clear() {
        clearLaws();
        exchanges = 0;
        ordinaryExcess = 0;
        delaySum = 0;
        delayMin = Double.POSITIVE_INFINITY;
    }

    private void clearLaws() {
        forward.clear();
        reverse.clear();
        humpedForward.clear();
        humpedReverse.clear();
        excess.clear();
        noise.clear();
        renewBase();
    }
}
