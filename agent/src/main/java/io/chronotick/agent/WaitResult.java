// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.time.Instant;
import java.util.Optional;

/**
 * What {@code wait_until} returns, once the time has certainly passed.
 *
 * @param reachedAt best estimate of UTC at the return
 * @param earlyOrLateBy reached_at minus the time that was waited for, s; positive: late
 * @param uncertainty hard bound on reached_at, s; absent where nobody has measured the time
 * @param isSynchronized whether the time has been measured; otherwise the system clock said that it has passed
 */
public record WaitResult(
        @About("Best estimate of UTC when the wait ended.") Instant reachedAt,

        @About("Seconds from the time that was waited for to reached_at; positive means after it. At least the"
                + " uncertainty, because the wait ends only when the time has certainly passed.")
        double earlyOrLateBy,

        @About("Hard bound on the error of reached_at, seconds; missing if synchronized is false.")
        Optional<Double> uncertainty,

        @About(value = SystemTime.Synchronized.MEANING, name = SystemTime.Synchronized.NAME)
        boolean isSynchronized)
        implements ToolResult {

    @Override
    public String summary() {
        return "Reached at UTC " + Fields.iso(reachedAt) + ", " + Text.seconds(earlyOrLateBy) + " after the time; "
                + uncertainty
                        .map(bound -> "it has certainly passed (bound ±" + Text.seconds(bound) + ").")
                        .orElse("NOT SYNCHRONIZED: only the system clock says so, which may be off by any amount.");
    }
}
