// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Month;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * What clocks on the wall of a zone show at an instant. Put into words by hand, in English: formatters would look up the locale,
 * which takes longer than everything else that {@code chronotick now} does.
 *
 * @param timezone the zone's name, or its offset
 * @param localTimeIso date and time, ISO 8601 with nine digits and the offset
 * @param utcOffset offset from UTC then, such as +02:00
 * @param weekday day of the week, in English
 * @param dateInWords weekday and date, such as Thursday, 13 March 2025
 */
public record CivilTime(
        @About("The time zone, as named; or its offset from UTC.")
        String timezone,

        @About("Date and time in that zone, ISO 8601.") String localTimeIso,

        @About("Offset from UTC of that zone then, for example +02:00.")
        String utcOffset,

        @About("Day of the week in that zone, in English.") String weekday,

        @About("Weekday and date in that zone, in words.") String dateInWords) {

    /** The civil time of a zone at an instant of the years 0 to 9999. */
    public static CivilTime of(Instant instant, ZoneId zone) {
        return of(instant, zone.getRules().getOffset(instant), zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId());
    }

    /** The same for who knows the zone's offset then. */
    public static CivilTime of(Instant instant, ZoneOffset offset, String timezone) {
        OffsetDateTime local = instant.atOffset(offset);
        String utcOffset = text(offset);
        return new CivilTime(
                timezone,
                local.toLocalDate() + "T" + timeOfDay(local) + "." + padded(local.getNano(), 9) + utcOffset,
                utcOffset,
                capitalized(local.getDayOfWeek()),
                words(local.toLocalDate()));
    }

    /** Date and time in words: such as Thursday, 13 March 2025, 16:33:20 +01:00. */
    public String inWords() {
        int seconds = localTimeIso.indexOf('T') + 1;
        return dateInWords + ", " + localTimeIso.substring(seconds, seconds + "16:33:20".length()) + " " + utcOffset;
    }

    private static String words(LocalDate date) {
        return capitalized(date.getDayOfWeek()) + ", " + date.getDayOfMonth() + " " + capitalized(date.getMonth()) + " "
                + date.getYear();
    }

    private static String timeOfDay(OffsetDateTime local) {
        return padded(local.getHour(), 2) + ":" + padded(local.getMinute(), 2) + ":" + padded(local.getSecond(), 2);
    }

    private static String text(ZoneOffset offset) {
        return offset.getTotalSeconds() == 0 ? "+00:00" : offset.getId();
    }

    private static String capitalized(DayOfWeek day) {
        return capitalized(day.name());
    }

    private static String capitalized(Month month) {
        return capitalized(month.name());
    }

    private static String capitalized(String name) {
        StringBuilder word = new StringBuilder(name);
        for (int i = 1; i < name.length(); i++) {
            word.setCharAt(i, (char) (name.charAt(i) - 'A' + 'a'));
        }
        return word.toString();
    }

    private static String padded(int value, int width) {
        String digits = Integer.toString(value);
        return "0".repeat(width - digits.length()) + digits;
    }
}
