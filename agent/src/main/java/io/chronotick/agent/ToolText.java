// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

/** How the tools and their arguments are described to models; constants, so that annotations can use them. */
public final class ToolText {
    /** Of the server as a whole, for hosts that show it to the model. */
    public static final String INSTRUCTIONS =
            "ChronoTick tells the time better than the system clock: corrected against NTP servers, with honest bounds."
                    + " Use get_time whenever you need the current date or time; do not rely on what you believe the date to be."
                    + " earliest and latest are hard limits that UTC certainly lies between; time_uncertainty is one standard"
                    + " deviation and only says what is probable. To order events of different machines give both readings to"
                    + " compare_timestamps. If a call fails, its message says what to do; get_daemon_status tells more.";

    public static final String GET_TIME = "get_time";

    public static final String GET_TIME_DESCRIPTION =
            "The current date and time, corrected against NTP servers, with its uncertainty. Call it whenever you need to know"
                    + " what time or date it is now, to stamp an event, or to measure how long something took (call it twice)."
                    + " All times are UTC unless you give a time zone; none is ever guessed. corrected_time is the best estimate."
                    + " time_uncertainty is one standard deviation: how far it is probably off. earliest and latest (corrected"
                    + " time ± max_error) are hard limits that the true UTC certainly lies between: keep the whole result if the"
                    + " order of events on different machines will matter, and give it to compare_timestamps.";

    public static final String TIMEZONE =
            "Time zone to show the time in as well: an IANA name such as Europe/Berlin, in any case, or a fixed offset such as"
                    + " +05:30. Only give one that the user has named or that is known; leave it out for UTC.";

    public static final String GET_DAEMON_STATUS = "get_daemon_status";

    public static final String GET_DAEMON_STATUS_DESCRIPTION =
            "How the ChronoTick daemon behind the other tools is doing: ready, warming up, in holdover, expired or not running,"
                    + " its NTP servers, counts and confidence. Call it when another tool fails, or when the user asks how"
                    + " trustworthy the time is; you need not call it before every get_time.";

    public static final String GET_TIME_WITH_FUTURE_UNCERTAINTY = "get_time_with_future_uncertainty";

    public static final String GET_TIME_WITH_FUTURE_UNCERTAINTY_DESCRIPTION =
            "How uncertain the time will have become after a number of seconds if no NTP server can be measured until then. Call"
                    + " it before planning something at a future instant, to see how exactly it can be met without a network."
                    + " future_uncertainty and future_max_error hold if the daemon goes on without servers, which is the usual"
                    + " case; the same with _without_daemon if the daemon stops now and nobody writes any more. Uncertainties are"
                    + " one standard deviation; the max_error fields are hard bounds.";

    public static final String FUTURE_SECONDS = "How many seconds ahead to look, 0 to 3600.";

    public static final String WAIT_UNTIL = "wait_until";

    public static final String WAIT_UNTIL_DESCRIPTION =
            "Waits and returns when a time has certainly passed, on every machine whose clock bounds are honest: at once if it"
                    + " already has. Use it to act after an agreed instant, or, with the latest of a get_time result, to make sure"
                    + " that whatever you do next is later than that reading for everybody (commit wait). early_or_late_by tells"
                    + " by how much the time had passed at the return. Refuses at once if the time is further away than"
                    + " max_wait_seconds. Can be cancelled.";

    public static final String CORRECTED_TIME =
            "The time to wait for: ISO 8601 with Z or an offset, such as 2026-03-13T15:33:20.5Z, or Unix seconds.";

    public static final String MAX_WAIT_SECONDS = "How long to wait at most, 0 to 3600 seconds. Default: 50.";

    public static final String COMPARE_TIMESTAMPS = "compare_timestamps";

    public static final String COMPARE_TIMESTAMPS_DESCRIPTION =
            "Which of two events certainly happened first, from readings of the same or of different machines. Give two results"
                    + " of get_time. before and after are certain; overlapping means that the order cannot be known from these"
                    + " readings: say so instead of guessing. gap_seconds certainly lay between them; wait_seconds is how much"
                    + " later the later one would have had to be for certainty. Needs no daemon.";

    public static final String READING =
            "A whole result of get_time; or an object with earliest and latest (ISO 8601 or Unix seconds); or one with time and"
                    + " uncertainty, the hard bound in seconds (max_error of get_time; never time_uncertainty, which is only a"
                    + " standard deviation).";

    private ToolText() {}
}
