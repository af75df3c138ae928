// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.math.BigDecimal;

/**
 * What {@code get_time_with_future_uncertainty} returns: how well the time will be known if no server is heard until then, in two
 * cases: the daemon goes on, as in a holdover (the fields named as the present ones), or nobody writes records any more.
 *
 * @param currentCorrectedTime best estimate of UTC, Unix seconds
 * @param currentSystemTime the system clock, Unix seconds
 * @param currentUncertainty one standard deviation now, s
 * @param futureSeconds how far ahead was asked for, s
 * @param futureCorrectedTime UTC when the system clock shows future_system_time, Unix seconds
 * @param futureSystemTime current_system_time and future_seconds, Unix seconds
 * @param futureUncertainty one standard deviation then if the daemon goes on, s
 * @param uncertaintyIncrease future_uncertainty minus current_uncertainty, s
 * @param confidence share of recent forecasts that held what they promised, 0..1
 * @param callLatencyMs time that this call took, ms
 * @param currentMaxError hard bound now, s
 * @param futureMaxError hard bound then if the daemon goes on, s
 * @param futureUncertaintyWithoutDaemon one standard deviation then if nobody writes any more, s
 * @param futureMaxErrorWithoutDaemon hard bound then if nobody writes any more, s
 */
public record FutureTime(
        @About("Best estimate of UTC now, Unix seconds.") BigDecimal currentCorrectedTime,

        @About("The uncorrected system clock now, Unix seconds.")
        BigDecimal currentSystemTime,

        @About("One standard deviation of the corrected time now, seconds.")
        double currentUncertainty,

        @About("How far ahead was asked for, seconds.") double futureSeconds,

        @About("UTC when the system clock will show future_system_time, Unix seconds.")
        BigDecimal futureCorrectedTime,

        @About("The system clock in future_seconds, Unix seconds.")
        BigDecimal futureSystemTime,

        @About("One standard deviation of the corrected time then, if the daemon goes on without servers, seconds.")
        double futureUncertainty,

        @About("future_uncertainty minus current_uncertainty, seconds.")
        double uncertaintyIncrease,

        @About("0 to 1: share of the recent forecasts that kept what they promised.")
        double confidence,

        @About("How long this call took inside the server, milliseconds.")
        double callLatencyMs,

        @About("Hard bound on the error now, seconds.") double currentMaxError,

        @About("Hard bound on the error then, if the daemon goes on without servers, seconds.")
        double futureMaxError,

        @About(
                "One standard deviation then, if the daemon stops now and nobody writes any more, seconds: the system clock may be"
                        + " slewed unseen. Readers refuse the record once it has expired.")
        double futureUncertaintyWithoutDaemon,

        @About("Hard bound on the error then, if the daemon stops now and nobody writes any more, seconds.")
        double futureMaxErrorWithoutDaemon)
        implements ToolResult {

    @Override
    public String summary() {
        return "In " + Text.seconds(futureSeconds)
                + ", if the daemon goes on without servers, the standard uncertainty will have"
                + " grown from " + Text.seconds(currentUncertainty) + " to " + Text.seconds(futureUncertainty)
                + " and the hard bound from " + Text.seconds(currentMaxError) + " to " + Text.seconds(futureMaxError)
                + "; if the daemon stops now and nobody writes any more, to "
                + Text.seconds(futureUncertaintyWithoutDaemon)
                + " and " + Text.seconds(futureMaxErrorWithoutDaemon) + ".";
    }
}
