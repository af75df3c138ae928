// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * How far the short-term forecaster is to be believed against the long-term one at one lead time: by the likelihoods that
 * they gave to what then came, with forgetting,
 *
 * <pre>
 *   L <- m L + log p_short - log p_long,   weight = 1 / (1 + exp(-L))
 * </pre>
 *
 * Not thread-safe; allocates nothing.
 */
final class FusionWeight {
    /** Memory, in forecasts. */
    private static final double MEMORY = 0.98;

    /** Neither is ever ruled out, in nats: the oscillator may change its ways. */
    private static final double LARGEST = 4;

    private double advantage;

    /** A forecast of each came due. */
    void add(double shortLogEvidence, double longLogEvidence) {
        double moved = MEMORY * advantage + shortLogEvidence - longLogEvidence;
        advantage = Math.min(Math.max(moved, -LARGEST), LARGEST);
    }

    void copyFrom(FusionWeight other) {
        advantage = other.advantage;
    }

    void clear() {
        advantage = 0;
    }

    /** Weight of the short-term forecaster, 0..1. */
    double shortTerm() {
        return 1 / (1 + Math.exp(-advantage));
    }
}
