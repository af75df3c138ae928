// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.score.ErrorScore;
import io.chronotick.lab.score.IntervalScore;
import java.util.List;
import java.util.Optional;

/**
 * What became of one case at one poll.
 *
 * @param pollSeconds interval between exchanges, s; 0 if the engine adapts it
 * @param requests sent
 * @param exchanges that came back
 * @param biasRemoved whether the path is asymmetric by design, so that {@link Forecasts#rms} is that without the mean
 * @param published what readers saw
 * @param boundCovered share of the time in which the hard bound held, 0..1; the mean is not removed here
 * @param boundMedian median of the hard bound, from the middle to an end, s
 * @param convergenceSeconds first whole second from which on the error stays below ten times the final RMS
 * @param forecasters what each forecaster and each baseline said at the same instants
 * @param chrony its run on the same files at the same poll, if recorded
 */
public record ReplayResult(
        ReplayCase replayCase,
        int pollSeconds,
        int requests,
        int exchanges,
        boolean biasRemoved,
        Forecasts published,
        double boundCovered,
        double boundMedian,
        int convergenceSeconds,
        List<Forecasts> forecasters,
        Optional<ChronyResults.Result> chrony) {

    /**
     * The errors of one forecaster.
     *
     * @param name for tables
     * @param rms that by which it is judged, s
     * @param error all errors, mean included
     * @param interval its stated intervals, judged like the error; none of an estimator that states none
     */
    public record Forecasts(String name, double rms, ErrorScore error, Optional<IntervalScore> interval) {}

    /** Name of what readers saw, beside the names of the forecasters. */
    public static final String PUBLISHED = "published";

    /** What was published or what a forecaster said, by its name. */
    public Optional<Forecasts> forecasts(String name) {
        return name.equals(PUBLISHED)
                ? Optional.of(published)
                : forecasters.stream()
                        .filter(forecasts -> forecasts.name().equals(name))
                        .findFirst();
    }

    /** RMS error of chrony, judged alike, s. */
    public Optional<Double> chronyRms() {
        return chrony.map(result -> biasRemoved ? result.rmsWithoutBias() : result.rms());
    }

    /** How many times larger chrony's error is. */
    public Optional<Double> ratio() {
        return chronyRms().map(rms -> rms / published.rms());
    }
}
