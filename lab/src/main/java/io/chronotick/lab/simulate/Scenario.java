// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;

/**
 * A clock, servers and the ways to them, and what the engine has to make of it. Immutable.
 *
 * @param name short, for tables
 * @param about one sentence for people
 * @param duration of each run in true time, s
 * @param runs with different seeds; they are judged together
 * @param outages times in which no packet passes
 */
public record Scenario(
        String name,
        String about,
        double duration,
        int runs,
        ClockSpec clock,
        List<ServerSpec> servers,
        List<Outage> outages,
        Limits limits) {

    /** From one true time to another, s. */
    record Outage(double from, double to) {
        boolean contains(double seconds) {
            return seconds >= from && seconds < to;
        }
    }
}
