// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;

/**
 * One server and the way to it.
 *
 * @param name for reports
 * @param poll interval between exchanges, s
 * @param burst interval between the exchanges of the warm-up, s
 * @param initial how it begins
 * @param changes in ascending order of time
 */
record ServerSpec(String name, double poll, double burst, State initial, List<Change> changes) {

    /**
     * How a server and its path are for some time.
     *
     * @param duplicates share of replies that arrive twice, 0..1
     * @param offset error of its clock when this state begins, s
     * @param drift growth of that error, s/s
     * @param down whether it is silent
     */
    record State(
            DirectionSpec forward,
            DirectionSpec back,
            double duplicates,
            double offset,
            double drift,
            boolean down,
            int stratum,
            double rootDelay,
            double rootDispersion) {
        static final State DEFAULT =
                new State(DirectionSpec.NOTHING, DirectionSpec.NOTHING, 0, 0, 0, false, 2, 0.0001, 0.0001);
    }

    /**
     * From an instant on everything is as a new state has it.
     *
     * @param at true time, s
     * @param moved whether another server answers from now on, under another address
     */
    record Change(double at, State state, boolean moved) {}
}
