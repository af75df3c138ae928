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

    private final QueueLaw forward = new QueueLaw();
    private final QueueLaw reverse = new QueueLaw();
    private final QueueLaw humpedForward = QueueLaw.humped();
    private final QueueLaw humpedReverse = QueueLaw.humped();
    private final QueueLaw excess = new QueueLaw();
    private final QueueLaw noise = QueueLaw.noise();
    private final double[] delays = new double[RECENT];
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
        System.arraycopy(delays, 0, copy.delays, 0, RECENT);
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
    }

    /** Counts one exchange; after a few of them their delays give the first laws. */
    public void count(double delay) {
        delays[exchanges % RECENT] = delay;
        exchanges++;
        delaySum += delay;
        delayMin = Math.min(delayMin, delay);
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
    private double ordinaryExcess() {
        int n = Math.min(exchanges, RECENT);
        double[] sorted = Arrays.copyOf(delays, n);
        Arrays.sort(sorted);
        double median = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
        return MEAN_BY_MEDIAN * (median - sorted[0]) * n / (n - 1);
    }

    /**
     * Standard deviation of the newest round trips, s. The two queues of an exchange have nothing to do with one another, whatever their
     * laws, so their difference varies as much as their sum: half of this is the deviation of offsets, and no clock is needed to know it.
     */
    private double roundTripSd() {
        int n = Math.min(exchanges, RECENT);
        double[] sorted = Arrays.copyOf(delays, n);
        Arrays.sort(sorted);
        double median = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
        double latest = median + LATE * (median - sorted[0]);
        double mean = 0;
        for (int i = 0; i < n; i++) {
            sorted[i] = Math.min(sorted[i], latest);
            mean += sorted[i] / n;
        }
        double squares = 0;
        for (double delay : sorted) {
            squares += (delay - mean) * (delay - mean);
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
        double ordinary = ordinaryExcess();
        forward.seed(ordinary);
        reverse.seed(ordinary);
        humpedForward.seed(ordinary);
        humpedReverse.seed(ordinary);
        excess.seed(ordinary);
        noise.seedNoise(roundTripSd() / 2);
        baseAge = 0;
    }

    /** The laws stay as priors. */
    public void restartLaws() {
        forward.restart();
        reverse.restart();
        humpedForward.restart();
        humpedReverse.restart();
        excess.restart();
        noise.restart();
        baseAge = 0;
    }

    /** The way itself has changed: another address. */
    public void clear() {
        clearLaws();
        exchanges = 0;
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
        baseAge = 0;
    }
}
