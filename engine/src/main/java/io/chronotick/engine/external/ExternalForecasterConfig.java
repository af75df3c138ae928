// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

import io.chronotick.engine.forecast.Forecast;
import java.util.List;

/**
 * A learned forecaster that stands beside the short-term or the long-term one: what it is shown and what it answers.
 * Immutable.
 *
 * @param forecaster whose term it is: SHORT_TERM or LONG_TERM
 * @param stepSeconds between two samples of its context, and between two of its forecasts, s, > 0
 * @param contextLength samples it is shown, at least 2
 * @param horizonSeconds from the last sample to the instant it forecasts, s, > 0
 * @param quantileLevels which quantiles it answers, ascending, within 0..1, at least one on each side of 0.5
 * @param deadlineSeconds longest it may take, s, > 0
 * @param maxSdSeconds a forecast whose own standard deviation is above this is not used, s
 * @param correction what a new measurement does to the predictions in the context
 * @param offsetSdSeconds uncertainty of a predicted offset, for {@code correction}, s
 * @param driftSd uncertainty of a predicted drift, for {@code correction}, s/s
 * @param outlierThreshold samples farther outside the middle half of the context than this many times its width are replaced
 *     by what lies between their neighbours; infinite: none
 */
public record ExternalForecasterConfig(
        Forecast.Forecaster forecaster,
        double stepSeconds,
        int contextLength,
        double horizonSeconds,
        List<Double> quantileLevels,
        double deadlineSeconds,
        double maxSdSeconds,
        HistoryCorrection correction,
        double offsetSdSeconds,
        double driftSd,
        double outlierThreshold) {

    public ExternalForecasterConfig {
        quantileLevels = List.copyOf(quantileLevels);
        if (forecaster == Forecast.Forecaster.FUSION) {
            throw new IllegalArgumentException("an external forecaster is a short-term or a long-term one");
        }
        if (!areLevels(quantileLevels)) {
            throw new IllegalArgumentException("quantile levels " + quantileLevels);
        }
    }

    /** Whether levels are ascending, within 0..1, with one on each side of the median. */
    public static boolean areLevels(List<Double> levels) {
        double before = 0;
        for (double level : levels) {
            if (!(level > before && level < 1)) {
                return false;
            }
            before = level;
        }
        return levels.size() >= 2 && levels.get(0) < 0.5 && levels.get(levels.size() - 1) > 0.5;
    }
}
