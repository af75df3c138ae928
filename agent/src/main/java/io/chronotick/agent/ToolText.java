// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

/** How the tools and their arguments are described to models; constants, so that annotations can use them. */
public final class ToolText {
    /** Of the server as a whole, for hosts that show it to the model. */
    public static final String INSTRUCTIONS =
            "ChronoTick tells the time better than the system clock: measured against time servers, with honest bounds."
                    + " Use get_time whenever you need the current date or time; do not rely on what you believe the date to be."
                    + " earliest and latest are hard limits that UTC certainly lies between; time_uncertainty is one standard"
                    + " deviation and only says what is probable. For other time zones, and for how long it is until a time, use"
                    + " convert_time instead of reckoning yourself. To order events of different machines give both readings to"
                    + " compare_timestamps. If a call fails, its message says what to do; get_daemon_status tells more.";

    public static final String GET_TIME = "get_time";

    public static final String GET_TIME_DESCRIPTION =
            "The current date, weekday and time, measured against time servers, with its uncertainty. Call it whenever you need"
                    + " to know what time or date it is now, to stamp an event, or to measure how long something took (call it"
                    + " twice). Gives UTC, and the local time of the timezone you name, else of the machine that runs this"
                    + " tool. time_uncertainty is how far corrected_time is probably off (one standard deviation); earliest and"
                    + " latest are hard limits that the true UTC certainly lies between. To order events of different machines"
                    + " keep whole results for compare_timestamps.";

    public static final String TIMEZONE =
            "Time zone to show the time in as well: an IANA name such as Europe/Berlin, in any case, or a fixed offset such as"
                    + " +05:30. Leave it out unless the user has named one or it is known: then the local time is that of the"
                    + " machine that runs this tool, and marked so.";

    public static final String GET_CURRENT_TIME = "get_current_time";

    public static final String GET_CURRENT_TIME_DESCRIPTION =
            "The current date, weekday and time: the same tool as get_time, with the same result, under the name that other time"
                    + " servers give it. Gives UTC, and the local time of the timezone you name, else of the machine that runs"
                    + " this tool, with how far it is probably off and hard limits that UTC certainly lies between.";

    public static final String CONVERT_TIME = "convert_time";

    public static final String CONVERT_TIME_DESCRIPTION =
            "A time in another time zone, with weekday, date and offsets from UTC, and how long it is until then, or since. Use it"
                    + " for meetings across zones, deadlines and countdowns instead of reckoning yourself: it knows daylight"
                    + " saving. Give a time with its own offset, Unix seconds, or a local time with source_timezone. If clocks"
                    + " skip that local time (clock_change: gap) or show it twice (overlap), remark says which instant was taken:"
                    + " tell the user. Only seconds_from_now needs the current time; without it, it is left out.";

    public static final String TIME_TO_CONVERT =
            "The time: a local time of source_timezone such as 2026-03-13T15:33, or ISO 8601 with Z or an offset such as"
                    + " 2026-03-13T15:33:20+01:00, or Unix seconds.";

    public static final String SOURCE_TIMEZONE =
            "Zone of the time: an IANA name such as Europe/Berlin, in any case, or a fixed offset such as +05:30. Needed for a"
                    + " local time, whose zone is never guessed; else the zone to show the time in beside the target.";

    public static final String TARGET_TIMEZONE =
            "Zone to convert to: an IANA name such as America/New_York, in any case, or a fixed offset such as +05:30. Default:"
                    + " UTC.";

    public static final String GET_DAEMON_STATUS = "get_daemon_status";

    public static final String GET_DAEMON_STATUS_DESCRIPTION =
            "How the daemon is doing, the background program that measures the time for the other tools: ready, warming up,"
                    + " holdover (no server answers, it goes on from what it has learned), expired or not running; its time"
                    + " servers, counts and confidence. Call it when another tool fails, or when the user asks how trustworthy"
                    + " the time is; you need not call it before every get_time.";

    public static final String GET_TIME_WITH_FUTURE_UNCERTAINTY = "get_time_with_future_uncertainty";

    public static final String GET_TIME_WITH_FUTURE_UNCERTAINTY_DESCRIPTION =
            "How uncertain the time will have become after a number of seconds if no time server answers until then. Call it"
                    + " before planning something at a future instant, to see how exactly it can be met without a network."
                    + " future_uncertainty and future_max_error hold if the daemon, the background program that keeps the time,"
                    + " goes on, which is the usual case; the same with _without_daemon if it stops now. Uncertainties are one"
                    + " standard deviation (how far the time is probably off); the max_error fields are hard bounds.";

    public static final String FUTURE_SECONDS = "How many seconds ahead to look, 0 to 3600.";

    public static final String WAIT_UNTIL = "wait_until";

    public static final String WAIT_UNTIL_DESCRIPTION =
            "Waits and returns when a time has certainly passed, on every machine whose clock bounds are honest: at once if it"
                    + " already has. Give either corrected_time, an instant, or seconds from now. Use it to pause, to act after"
                    + " an agreed instant, or, with the latest of a get_time result, to make sure that whatever you do next is"
                    + " later than that reading for everybody. early_or_late_by tells by how much the time had passed at the"
                    + " return. Refuses at once if the time is further away than max_wait_seconds. Can be cancelled.";

    public static final String CORRECTED_TIME =
            "The time to wait for: ISO 8601 with Z or an offset, such as 2026-03-13T15:33:20.5Z, or Unix seconds. Not together"
                    + " with seconds.";

    public static final String WAIT_SECONDS =
            "How long to wait from now, 0 to 3600 seconds, instead of corrected_time. Many programs end a call after a minute.";

    public static final String MAX_WAIT_SECONDS =
            "How long to wait at most, 0 to 3600 seconds. Default: 50 for corrected_time; what it takes for seconds.";

    public static final String COMPARE_TIMESTAMPS = "compare_timestamps";

    public static final String COMPARE_TIMESTAMPS_DESCRIPTION =
            "Which of two events certainly happened first, from readings of the same or of different machines. Give two results"
                    + " of get_time. before and after are certain; overlapping means that the order cannot be known from these"
                    + " readings: say so instead of guessing. gap_seconds certainly lay between them; wait_seconds is how much"
                    + " later the later one would have had to be for certainty. Works also while the current time is not known.";

    public static final String READING =
            "A whole result of get_time; or an object with earliest and latest (ISO 8601 or Unix seconds); or one with time and"
                    + " uncertainty, the hard bound in seconds (max_error of get_time; never time_uncertainty, which only says"
                    + " what is probable).";

    private ToolText() {}
}
