// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.Optional;

/**
 * One direction of a path.
 *
 * @param base shortest delay, s
 * @param queue what comes on top
 * @param bursts times at which other queues come on top instead
 * @param loss share of packets lost, 0..1
 * @param lateShare share of packets that are held up so that others may overtake them, 0..1
 * @param lateBy for how long, s
 */
record DirectionSpec(
        double base, DelayLaw queue, Optional<Bursts> bursts, double loss, double lateShare, double lateBy) {

    static final DirectionSpec NOTHING = new DirectionSpec(0.001, new DelayLaw.None(), Optional.empty(), 0, 0, 0);

    /**
     * Other traffic that comes and goes at random.
     *
     * @param every mean time from the end of one to the beginning of the next, s
     * @param last mean duration, s
     * @param queue while it lasts
     */
    record Bursts(double every, double last, DelayLaw queue) {}
}
