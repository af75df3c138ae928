// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.time.Instant;

/**
 * What {@code wait_until} returns, once the time has certainly passed.
 *
 * @param reachedAt best estimate of UTC at the return
 * @param earlyOrLateBy reached_at minus the time that was waited for, s; positive: late
 * @param uncertainty hard bound on reached_at, s
 */
public record WaitResult(
        @About("Best estimate of UTC when the wait ended.") Instant reachedAt,

        @About("Seconds from the time that was waited for to reached_at; positive means after it. At least the"
                + " uncertainty, because the wait ends only when the time has certainly passed.")
        double earlyOrLateBy,

        @About("Hard bound on the error of reached_at, seconds.")
        double uncertainty)
        implements ToolResult {

    @Override
    public String summary() {
        return "Reached at UTC " + Fields.iso(reachedAt) + ", " + Text.seconds(earlyOrLateBy)
                + " after the time; it has certainly passed (bound ±" + Text.seconds(uncertainty) + ").";
    }
}
