// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.lab.score.TimeSeries;
import java.util.List;

/**
 * What became of a scenario.
 *
 * @param firstSeed of the runs, which have this and the following ones
 * @param readySeconds longest warm-up of all runs, s; infinite if one never ended
 * @param windows in the order of the scenario
 * @param breaches limits that were not kept, in words; empty when all were
 * @param firstRun what the first run published
 */
public record SimulationResult(
        Scenario scenario,
        long firstSeed,
        double readySeconds,
        List<WindowScore> windows,
        List<String> breaches,
        TimeSeries firstRun) {

    /** Whether all limits were kept. */
    public boolean passed() {
        return breaches.isEmpty();
    }
}
