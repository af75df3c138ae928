// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.Optional;

/**
 * What {@code convert_time} returns. A local time that daylight saving skips or repeats is taken as java.time and Python's
 * zoneinfo take it: by the offset before the change.
 *
 * @param utc the instant
 * @param unixSeconds the same, Unix seconds
 * @param source the time in the zone that it came from
 * @param target the time in the zone that was asked for
 * @param clockChange what a change of the clocks did to the local time that was given; absent if nothing
 * @param otherUtc the other instant that the local time names, if clocks show it twice
 * @param remark what was taken, if clocks skip the local time or show it twice
 * @param secondsFromNow time until then, s; negative if it has passed; absent while the current time is not known
 * @param fromNowInWords the same in words
 */
public record Conversion(
        @About("The time in UTC, ISO 8601.") Instant utc,
        @About("The time in Unix seconds.") BigDecimal unixSeconds,
        @About("The time in the zone that it was given in.") CivilTime source,

        @About("The time in target_timezone; in UTC if none was given.")
        CivilTime target,

        @About(
                "gap: clocks in source_timezone skip this local time when daylight saving begins. overlap: they show it twice"
                        + " when it ends. Absent: neither.")
        Optional<ClockChange> clockChange,

        @About("If clocks show the local time twice: the later instant, which was not taken.")
        Optional<Instant> otherUtc,

        @About("What was taken, if clocks skip the local time or show it twice: tell the user.")
        Optional<String> remark,

        @About(
                "Seconds from now until the time; negative if it has passed. Absent while the current time is not known.")
        Optional<Double> secondsFromNow,

        @About("seconds_from_now in words.") Optional<String> fromNowInWords)
        implements ToolResult {

    /** What a change of the clocks does to a local time. */
    public enum ClockChange {
        /** No clock shows it. */
        GAP,
        /** Clocks show it twice. */
        OVERLAP
    }

    /** Of an instant. */
    static Conversion of(OffsetDateTime time, Optional<ZoneId> source, ZoneId target, Optional<Instant> now) {
        return of(
                time.toInstant(),
                source.orElse(time.getOffset()),
                target,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                now);
    }

    /** Of a local time. */
    static Conversion of(LocalDateTime time, ZoneId source, ZoneId target, Optional<Instant> now) {
        ZonedDateTime taken = ZonedDateTime.of(time, source);
        ZoneOffsetTransition change = source.getRules().getTransition(time);
        if (change == null) {
            return of(taken.toInstant(), source, target, Optional.empty(), Optional.empty(), Optional.empty(), now);
        }
        if (change.isGap()) {
            String remark = time + " does not exist in " + source + ": clocks go from "
                    + change.getDateTimeBefore().toLocalTime() + " straight to "
                    + change.getDateTimeAfter().toLocalTime() + "; taken as " + taken.toOffsetDateTime();
            return of(
                    taken.toInstant(),
                    source,
                    target,
                    Optional.of(ClockChange.GAP),
                    Optional.empty(),
                    Optional.of(remark),
                    now);
        }
        Instant other = taken.withLaterOffsetAtOverlap().toInstant();
        String remark = time + " happens twice in " + source + ": at " + Fields.iso(taken.toInstant()) + " (offset "
                + change.getOffsetBefore() + ") and at " + Fields.iso(other) + " (offset " + change.getOffsetAfter()
                + "); the first was taken, give the time with its offset for the second";
        return of(
                taken.toInstant(),
                source,
                target,
                Optional.of(ClockChange.OVERLAP),
                Optional.of(other),
                Optional.of(remark),
                now);
    }

    private static Conversion of(
            Instant instant,
            ZoneId source,
            ZoneId target,
            Optional<ClockChange> clockChange,
            Optional<Instant> other,
            Optional<String> remark,
            Optional<Instant> now) {
        long nanos = Arguments.epochNanos("time", instant);
        Optional<Double> fromNow =
                now.map(present -> (nanos - Arguments.epochNanos("the current time", present)) / 1e9);
        return new Conversion(
                instant,
                BigDecimal.valueOf(nanos, 9),
                CivilTime.of(instant, source),
                CivilTime.of(instant, target),
                clockChange,
                other,
                remark,
                fromNow,
                fromNow.map(Text::fromNow));
    }

    @Override
    public String summary() {
        return text(source) + " is " + text(target)
                + fromNowInWords.map(words -> ", " + words).orElse("") + "."
                + remark.map(line -> " Note: " + line + ".").orElse("");
    }

    private static String text(CivilTime time) {
        return time.inWords() + " (" + time.timezone() + ")";
    }
}
