// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/** What an exchange's two directions are taken to say of the clock; see {@link OscillatorModel}. */
enum DelayHypothesis {
    /** Each direction has an edge, and a queue that only ever delays. */
    ONE_SIDED(2),
    /**
     * Offsets are off to both sides, by an unknown part of what the delay exceeds its base by and by noise: many small
     * influences, other servers each time, timestamps of user space, offsets that somebody has filtered.
     */
    SYMMETRIC(3);

    private final int pathStates;

    DelayHypothesis(int pathStates) {
        this.pathStates = pathStates;
    }

    /** States of each server's path in an {@link OscillatorModel}. */
    int pathStates() {
        return pathStates;
    }
}
