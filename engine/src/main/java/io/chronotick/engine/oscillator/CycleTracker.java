// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.CycleFinder;

/**
 * A cycle of the frequency whose period is learned: {@link CycleFinder} proposes it, the last hypothesis of the bank follows it, asleep
 * until one is known. Not thread-safe.
 */
final class CycleTracker {
    /** The period is looked at again after this many exchanges. */
    private static final int EXCHANGES_PER_TUNING = 16;

    /** A line has this many times the median power. Chance does that now and then, and the exchanges then refute it. */
    private static final double LINE = 6;

    /** A period that moves by less than this part is the same cycle, by less than that not worth following. */
    private static final double SAME_CYCLE = 0.2;

    private static final double SAME_PERIOD = 0.002;

    private final CycleFinder finder = new CycleFinder();
    private boolean known;

    void copyFrom(CycleTracker other) {
        known = other.known;
        finder.copyFrom(other.finder);
    }

    void clear() {
        known = false;
        finder.clear();
    }

    /** The frequency at an instant, s/s. */
    void add(long rawNanos, double frequency) {
        finder.add(rawNanos, frequency);
    }

    /**
     * Looks for a cycle now and then. The last model follows the one found, or begins with what the likeliest hypothesis knows of
     * the rest.
     *
     * @param exchanges how many there have been
     * @return whether that model begins, and with it its weight
     */
    boolean track(int exchanges, KalmanState[] models, EvidenceWeights weights) {
        return exchanges % EXCHANGES_PER_TUNING == 0 && finder.find(LINE) && follow(finder.period(), models, weights);
    }

    private boolean follow(double period, KalmanState[] models, EvidenceWeights weights) {
        KalmanState follower = models[models.length - 1];
        double change = Math.abs(follower.hypothesis().period() / period - 1);
        if (known && change < SAME_PERIOD) {
            return false;
        }
        follower.retune(ClockHypothesis.learnedCycle(period));
        if (known && change <= SAME_CYCLE) {
            return false;
        }
        int best = -1;
        for (int j = 0; j < models.length - 1; j++) {
            boolean fits = models[j].delays() == follower.delays()
                    && models[j].hypothesis().clockStates() == 2;
            best = fits && (best < 0 || weights.log(j) > weights.log(best)) ? j : best;
        }
        follower.startFrom(models[best]);
        known = true;
        return true;
    }
}
