// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.lab.baseline.Baseline;
import java.util.List;
import java.util.Optional;

/**
 * How well a trace was forecast. Errors are against the samples of the trace itself, whose noise is in them.
 *
 * @param trace what was forecast
 * @param scores of what was published, of each forecaster, each baseline and the earlier system
 * @param floor of the samples as recorded
 * @param slope of offset over delay, where delays were recorded
 * @param correctedFloor of the delay-corrected samples, where the delay explains the offset
 */
public record TraceResult(
        Trace trace,
        List<Score> scores,
        NoiseFloor floor,
        Optional<DelaySlope> slope,
        Optional<NoiseFloor> correctedFloor) {
    /** Leads that are scored, s; 0 stands for one step, from one measurement to the next. */
    public static final List<Integer> LEADS = List.of(0, 60, 180, 600, 1800);

    /** Name of what readers saw. */
    public static final String PUBLISHED = "published";

    /**
     * Name of what was expected of the samples themselves: what readers saw, plus the median of what the newest samples
     * differed from it by. Samples are off by what packets wait on one way; the clock is not.
     */
    public static final String NEXT_SAMPLE = "next sample";

    /** Name of the earlier system's predictions. */
    public static final String EARLIER_SYSTEM = "Python system";

    /**
     * Mean absolute errors of one forecaster, s; in the order of {@link #LEADS}, not-a-number where nothing was forecast.
     *
     * @param mae against the samples as recorded
     * @param corrected against delay-corrected samples, the median error removed: which path is the symmetric one is unknown,
     *     and with it a constant; empty where the delay does not explain the offset
     */
    public record Score(String name, List<Double> mae, List<Double> corrected, List<Integer> counts) {
        /** Of the step from one measurement to the next. */
        public double oneStep() {
            return mae.get(0);
        }
    }

    /** Whether a score is that of a baseline. */
    public boolean isBaseline(String forecaster) {
        return Baseline.all().stream().anyMatch(baseline -> baseline.name().equals(forecaster));
    }

    /** The score of a forecaster by its name. */
    public Optional<Score> score(String name) {
        return scores.stream().filter(score -> score.name().equals(name)).findFirst();
    }
}
