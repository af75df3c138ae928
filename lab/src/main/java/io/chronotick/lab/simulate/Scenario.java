// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.ntp.LeapIndicator;
import java.util.List;
import java.util.Optional;

/**
 * A clock, servers and the ways to them, and what the engine has to make of it. Immutable.
 *
 * @param name short, for tables
 * @param about one sentence for people
 * @param duration of each run in true time, s
 * @param runs with different seeds; they are judged together
 * @param outages times in which no packet passes
 * @param stalls times in which the daemon does not run
 * @param leap the leap second in it, if there is one
 * @param maxUncertainty the standard deviation beyond which nothing is valid, s
 * @param maxDrift what the hard bound assumes of the oscillator, s/s
 */
public record Scenario(
        String name,
        String about,
        double duration,
        int runs,
        ClockSpec clock,
        List<ServerSpec> servers,
        List<Outage> outages,
        List<Stall> stalls,
        Optional<Leap> leap,
        double maxUncertainty,
        double maxDrift,
        Limits limits) {

    /** The daemon's default, s. */
    static final double MAX_UNCERTAINTY = EngineConfig.DEFAULT.maxUncertaintySeconds();

    /** The same, s/s. */
    static final double MAX_DRIFT = EngineConfig.DEFAULT.maxDrift();

    /**
     * From an instant on, s, for some time, s, the daemon does not run while its clock does: packets wait for it, readers have
     * what it published last.
     *
     * @param restart whether it has died: what it knew is gone, another begins afterwards
     */
    record Stall(double at, double length, boolean restart) {}

    /**
     * At an instant of true time, s, UTC steps by a leap second, at the end of the year; servers announce it until then. None: it is
     * the end of a year without one.
     */
    record Leap(double at, LeapIndicator kind) {}

    /** From one true time to another, s. */
    record Outage(double from, double to) {
        boolean contains(double seconds) {
            return seconds >= from && seconds < to;
        }
    }
}
