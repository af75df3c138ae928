// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

/**
 * How far the first of two forecasters is to be believed against the second: by the likelihoods that they gave to what then
 * came, with forgetting,
 *
 * <pre>
 *   L <- m L + log p_first - log p_second,   share = 1 / (1 + exp(-L))
 * </pre>
 *
 * Not thread-safe; allocates nothing.
 */
public final class LogOdds {
    /** Memory, in forecasts. */
    private static final double MEMORY = 0.98;

    /** Neither is ever ruled out, in nats: the oscillator may change its ways. */
    private static final double LARGEST = 4;

    private double advantage;

    /** A forecast of each came due. */
    public void add(double firstLogEvidence, double secondLogEvidence) {
        double moved = MEMORY * advantage + firstLogEvidence - secondLogEvidence;
        advantage = Math.min(Math.max(moved, -LARGEST), LARGEST);
    }

    public void copyFrom(LogOdds other) {
        advantage = other.advantage;
    }

    public void clear() {
        advantage = 0;
    }

    /** Weight of the first forecaster, 0..1. */
    public double share() {
        return 1 / (1 + Math.exp(-advantage));
    }
}
