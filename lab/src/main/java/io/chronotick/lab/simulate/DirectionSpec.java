// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.Optional;

/**
 * One direction of a path.
 *
 * @param base shortest delay, s
 * @param drift growth of that, s/s; it ends at zero
 * @param queue what comes on top
 * @param bursts times at which other queues come on top instead
 * @param loss share of packets lost, 0..1
 * @param lateShare share of packets that are held up so that others may overtake them, 0..1
 * @param lateBy for how long, s
 */
record DirectionSpec(
        double base,
        double drift,
        DelayLaw queue,
        Optional<Bursts> bursts,
        double loss,
        double lateShare,
        double lateBy) {

    static final DirectionSpec NOTHING = new DirectionSpec(0.001, 0, new DelayLaw.None(), Optional.empty(), 0, 0, 0);

    /**
     * Other traffic that comes and goes at random.
     *
     * @param every mean time from the end of one to the beginning of the next, s
     * @param last mean duration, s
     * @param queue while it lasts
     */
    record Bursts(double every, double last, DelayLaw queue) {}

    /** The same with another base that drifts. */
    DirectionSpec withBase(double other, double otherDrift) {
        return new DirectionSpec(other, otherDrift, queue, bursts, loss, lateShare, lateBy);
    }

    /** A longer way. */
    DirectionSpec longer(double by) {
        return withBase(base + by, drift);
    }

    /** The same without loss. */
    DirectionSpec reliable() {
        return new DirectionSpec(base, drift, queue, bursts, 0, 0, lateBy);
    }

    /** What it has become after some time, s. */
    DirectionSpec after(double seconds) {
        return drift == 0 ? this : withBase(Math.max(base + drift * seconds, 0), drift);
    }
}
