// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;

/**
 * What {@code get_time} returns. Unix times are seconds since 1970-01-01T00:00:00Z, without leap seconds.
 *
 * @param isSynchronized always true; see {@link SystemTime}
 * @param correctedTime best estimate of UTC, Unix seconds
 * @param systemTime the system clock at the same moment, Unix seconds
 * @param offsetCorrection what was added to the system clock, s
 * @param driftRate how the offset grows, s/s
 * @param offsetUncertainty one standard deviation of the offset at prediction_time, s
 * @param driftUncertainty one standard deviation of the drift, s/s
 * @param timeUncertainty one standard deviation of the corrected time now, s
 * @param statisticalUncertainty its part that measurements scatter by, s; absent where the daemon does not say
 * @param systematicUncertainty its part that no measurement shows, s
 * @param confidence share of recent forecasts that held what they promised, 0..1
 * @param source what the correction rests on
 * @param predictionTime when the correction was computed, system clock, Unix seconds
 * @param validUntil until when it may be used, system clock, Unix seconds
 * @param isValid always true: a time that is not is an error, not a reading
 * @param isNtpReady whether servers have been measured
 * @param isModelsReady whether the models have learned enough
 * @param callLatencyMs time that this call took, ms
 * @param correctedTimeIso corrected_time in ISO 8601
 * @param earliest UTC is certainly not before this
 * @param latest UTC is certainly not after this
 * @param maxError hard bound: half of the way from earliest to latest, s
 * @param utcDate weekday and date in UTC, in words
 * @param localTimeIso the corrected time in the zone that was asked for, else in the host's own
 * @param utcOffset that zone's offset now
 * @param localDate weekday and date in that zone, in words
 * @param hostTimezone the host's own zone, if the local time is in it because none was asked for
 */
public record TimeReading(
        @About(value = SystemTime.Synchronized.MEANING, name = SystemTime.Synchronized.NAME)
        boolean isSynchronized,

        @About("Best estimate of UTC now, Unix seconds. A parser that reads numbers as doubles keeps some 240 ns of it;"
                + " corrected_time_iso has every digit.")
        BigDecimal correctedTime,

        @About("The uncorrected system clock at the same moment, Unix seconds.")
        BigDecimal systemTime,

        @About("Seconds that were added to the system clock; positive when it is behind.")
        double offsetCorrection,

        @About("How fast the system clock drifts off: growth of offset_correction in seconds per second.")
        double driftRate,

        @About("One standard deviation of the offset when it was computed, seconds.")
        double offsetUncertainty,

        @About("One standard deviation of the drift rate, seconds per second.")
        double driftUncertainty,

        @About("One standard deviation of corrected_time, seconds: how far it is probably off. Twice this covers 95 %."
                + " Not a bound: use max_error to decide an order of events.")
        double timeUncertainty,

        @About("The part of time_uncertainty that measurements scatter by, seconds.")
        Optional<Double> statisticalUncertainty,

        @About(
                "The part of time_uncertainty that no measurement can show, seconds: unequal ways to the servers and back shift the"
                        + " time for good.")
        Optional<Double> systematicUncertainty,

        @About("0 to 1: share of the recent forecasts that kept what they promised; falls when no server answers.")
        double confidence,

        @About("What the correction rests on: NTP (measurements), CPU_MODEL, GPU_MODEL (one model), FUSION (both).")
        String source,

        @About("When the correction was computed, Unix seconds of the system clock.")
        BigDecimal predictionTime,

        @About("Until when it may be used, Unix seconds of the system clock.")
        BigDecimal validUntil,

        @About("Always true: a time that is not valid is an error instead.")
        boolean isValid,

        @About("Whether NTP servers have been measured.") boolean isNtpReady,

        @About("Whether the clock models have learned enough.")
        boolean isModelsReady,

        @About("How long this call took inside the server, milliseconds.")
        double callLatencyMs,

        @About("corrected_time in ISO 8601, UTC, exact to 1 ns.")
        Instant correctedTimeIso,

        @About("UTC is certainly not before this.") Instant earliest,
        @About("UTC is certainly not after this.") Instant latest,

        @About("Hard bound on the error of corrected_time, seconds: half of the way from earliest to latest.")
        double maxError,

        @About("Weekday and date in UTC, in words.") String utcDate,

        @About("The corrected time in the time zone that was asked for, ISO 8601; without one, in the host's own.")
        String localTimeIso,

        @About("Offset from UTC of that zone at this time, for example +02:00.")
        String utcOffset,

        @About("Weekday and date in that zone, in words.") String localDate,

        @About(
                "If no time zone was asked for: the own time zone of the host (the machine that runs this tool), in which the"
                        + " local time is then given. The user may be elsewhere.")
        Optional<String> hostTimezone)
        implements ToolResult {

    @Override
    public String summary() {
        String utc = "UTC " + Fields.iso(correctedTimeIso) + " (" + utcDate + ")";
        String local = localTimeIso + " (" + localDate + ")";
        return hostTimezone
                        .map(zone -> utc + "; in the host's own time zone, " + zone + ", " + local)
                        .orElse("Local time " + local + "; " + utc)
                + "; standard uncertainty "
                + Text.seconds(timeUncertainty) + ", certainly within ±" + Text.seconds(maxError) + " (from "
                + Fields.iso(earliest) + " to " + Fields.iso(latest) + "). The system clock is "
                + Text.offset(offsetCorrection) + ".";
    }
}
