// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * What {@code get_time} returns where nobody has measured the time, if it may go by the system clock: that clock as it is, and no
 * word on how far it may be off.
 *
 * @param isSynchronized always false: nobody has compared this clock with others
 * @param correctedTime the system clock, Unix seconds; nothing is corrected
 * @param systemTime the same
 * @param source always SYSTEM_CLOCK
 * @param isValid always false
 * @param isNtpReady always false
 * @param isModelsReady always false
 * @param callLatencyMs time that this call took, ms
 * @param correctedTimeIso the system clock in ISO 8601
 * @param utcDate weekday and date in UTC, in words
 * @param localTimeIso the same in the zone that was asked for, else in the host's own
 * @param utcOffset that zone's offset
 * @param localDate weekday and date in that zone, in words
 * @param hostTimezone the host's own zone, if none was asked for
 * @param message why there is no better time, and what to do
 */
public record SystemTime(
        @About(value = Synchronized.MEANING, name = Synchronized.NAME)
        boolean isSynchronized,

        @About("The system clock, Unix seconds.") BigDecimal correctedTime,
        @About("The system clock, Unix seconds.") BigDecimal systemTime,

        @About("SYSTEM_CLOCK: nothing has been measured.") String source,

        @About("Always false.") boolean isValid,
        @About("Always false.") boolean isNtpReady,
        @About("Always false.") boolean isModelsReady,

        @About("How long this call took inside the server, milliseconds.")
        double callLatencyMs,

        @About("The system clock in ISO 8601, UTC.") Instant correctedTimeIso,

        @About("Weekday and date in UTC, in words.") String utcDate,

        @About("The same in the time zone that was asked for, ISO 8601; without one, in the host's own.")
        String localTimeIso,

        @About("Offset from UTC of that zone at this time.") String utcOffset,

        @About("Weekday and date in that zone, in words.") String localDate,

        @About("The host's own time zone, if none was asked for.")
        Optional<String> hostTimezone,

        @About("If synchronized is false: why there is no better time, and what to do.")
        String message)
        implements ToolResult {

    /** The field that tells the two readings apart. */
    static final class Synchronized {
        static final String NAME = "synchronized";
        static final String MEANING =
                "Whether this time has been compared with time servers. If false it is the system clock as it"
                        + " is: it may be off by any amount, and no bound is given.";

        private Synchronized() {}
    }

    static SystemTime of(Instant now, Optional<ZoneId> zone, ZoneId hostZone, String message, double callLatencyMs) {
        CivilTime local = CivilTime.of(now, zone.orElse(hostZone));
        BigDecimal unix = BigDecimal.valueOf(now.getEpochSecond()).add(BigDecimal.valueOf(now.getNano(), 9));
        return new SystemTime(
                false,
                unix,
                unix,
                "SYSTEM_CLOCK",
                false,
                false,
                false,
                callLatencyMs,
                now,
                CivilTime.of(now, ZoneOffset.UTC).dateInWords(),
                local.localTimeIso(),
                local.utcOffset(),
                local.dateInWords(),
                zone.isPresent() ? Optional.empty() : Optional.of(local.timezone()),
                message);
    }

    @Override
    public String summary() {
        String utc = "UTC " + Fields.iso(correctedTimeIso) + " (" + utcDate + ")";
        String local = localTimeIso + " (" + localDate + ")";
        return "NOT SYNCHRONIZED, the system clock as it is, which may be off by any amount: "
                + hostTimezone
                        .map(zone -> utc + "; in the host's own time zone, " + zone + ", " + local)
                        .orElse("Local time " + local + "; " + utc)
                + ". " + message;
    }
}
