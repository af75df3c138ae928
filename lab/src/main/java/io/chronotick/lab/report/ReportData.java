// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.score.TimeSeries;
import io.chronotick.lab.simulate.SimulationResult;
import io.chronotick.lab.trace.TraceResult;
import java.util.List;
import java.util.Map;

/**
 * What a report shows.
 *
 * @param replay the whole replay set
 * @param ablations every cell, one seed at the shortest poll: with everything, then without each part
 * @param replaySeries what was published in each cell, one seed, at the shortest poll
 * @param clocks Allan deviation of each raw clock
 * @param published Allan deviation of what was published on it over the first path, at the shortest poll
 * @param simulations the library
 * @param traces forecasts of recorded traces; empty when there are none
 */
public record ReportData(
        ReplaySummary replay,
        List<AblationScore> ablations,
        Map<ReplayCase, TimeSeries> replaySeries,
        Map<String, AllanDeviation> clocks,
        Map<String, AllanDeviation> published,
        List<SimulationResult> simulations,
        List<TraceResult> traces) {

    /**
     * The engine without one part.
     *
     * @param without nothing, or one part
     */
    public record AblationScore(List<Ablation> without, ReplaySummary summary) {}
}
