// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

/**
 * Keeps the hypotheses of tracked cycles near a cycle that has been found: those that have lost begin again from what the best believes, at its
 * period and a little beside it, since an angular frequency that is tracked by its first two moments may be sure of a wrong value.
 */
final class CycleTracker {
    /** They are looked at again after this many exchanges. */
    private static final int EXCHANGES_PER_LOOK = 32;

    /** Who is this far behind has lost, nats. */
    private static final double LOST = 10;

    /** The periods at which they begin again, as parts of the best's. */
    private static final double[] BESIDE = {1, 1.07, 0.93};

    /** Their standard deviation, as part of the period. */
    private static final double SD = 0.04;

    /** How far behind they begin, nats. */
    private static final double BEHIND = 3;

    private CycleTracker() {}

    /**
     * Looks at them now and then.
     *
     * @param exchanges how many there have been
     * @return whether any begin again, and with it what is to come of them
     */
    static boolean reseed(int exchanges, KalmanState[] models, EvidenceWeights weights, EvidenceWeights longWeights) {
        int best = weights.likeliest();
        if (exchanges % EXCHANGES_PER_LOOK != 0 || !models[best].hypothesis().tracked()) {
            return false;
        }
        int begun = 0;
        for (int j = 0; j < models.length && begun < BESIDE.length; j++) {
            if (models[j].hypothesis().tracked()
                    && models[j].delays() == models[best].delays()
                    && weights.log(j) < -LOST) {
                models[j].trackFrom(models[best], BESIDE[begun++], SD);
                weights.enter(j, -BEHIND);
                longWeights.enter(j, longWeights.log(best) - BEHIND);
            }
        }
        return begun > 0;
    }
}
