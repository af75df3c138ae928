// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times in other zones; without a daemon, but where the current time matters. */
class ConversionTest {
    @TempDir
    Path directory = Path.of("");

    private Conversion convert(String time, @Nullable String source, @Nullable String target) {
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("nothing"), ZoneId.of("Asia/Tokyo"))) {
            return tools.convertTime(time, source, target);
        }
    }

    @Test
    void shouldSayTheTimeInBothZones() {
        Conversion conversion = convert("2026-03-13T15:33", "Europe/Berlin", "america/new_york");
        assertThat(conversion.utc()).isEqualTo(Instant.parse("2026-03-13T14:33:00Z"));
        assertThat(conversion.unixSeconds()).isEqualByComparingTo("1773412380");
        assertThat(conversion.source())
                .isEqualTo(new CivilTime(
                        "Europe/Berlin",
                        "2026-03-13T15:33:00.000000000+01:00",
                        "+01:00",
                        "Friday",
                        "Friday, 13 March 2026"));
        assertThat(conversion.target())
                .isEqualTo(new CivilTime(
                        "America/New_York", // which has changed its clocks already
                        "2026-03-13T10:33:00.000000000-04:00",
                        "-04:00",
                        "Friday",
                        "Friday, 13 March 2026"));
        assertThat(conversion.clockChange()).isEmpty();
        assertThat(conversion.toMap())
                .doesNotContainKeys("clock_change", "other_utc", "remark", "seconds_from_now", "from_now_in_words");
        assertThat(conversion.summary())
                .isEqualTo("Friday, 13 March 2026, 15:33:00 +01:00 (Europe/Berlin) is"
                        + " Friday, 13 March 2026, 10:33:00 -04:00 (America/New_York).");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-13T15:33:20.5+05:30, , , +05:30, UTC, 2026-03-13T10:03:20.500000000+00:00",
        "2026-03-13T15:33:20Z, Asia/Kathmandu, UTC, Asia/Kathmandu, UTC, 2026-03-13T15:33:20.000000000+00:00",
        "2026-03-13 15:33, +01, Z, +01:00, UTC, 2026-03-13T14:33:00.000000000+00:00",
        "' 2026-03-13T15:33 ', utc, Pacific/Kiritimati, UTC, Pacific/Kiritimati, 2026-03-14T05:33:00.000000000+14:00",
        "0, , America/Los_Angeles, UTC, America/Los_Angeles, 1969-12-31T16:00:00.000000000-08:00",
        "-1.5, , UTC, UTC, UTC, 1969-12-31T23:59:58.500000000+00:00",
        "1880-01-01T00:00, UTC, Europe/Berlin, UTC, Europe/Berlin, 1880-01-01T00:53:28.000000000+00:53:28",
    })
    void shouldTakeEveryFormOfATime(
            String time,
            @Nullable String source,
            @Nullable String target,
            String sourceZone,
            String targetZone,
            String local) {
        Conversion conversion = convert(time, source, target);
        assertThat(conversion.source().timezone()).isEqualTo(sourceZone);
        assertThat(conversion.target().timezone()).isEqualTo(targetZone);
        assertThat(conversion.target().localTimeIso()).isEqualTo(local);
    }

    @Test
    void shouldSayThatClocksSkipALocalTime() {
        Conversion conversion = convert("2026-03-29T02:30", "Europe/Berlin", "UTC");
        assertThat(conversion.clockChange()).contains(Conversion.ClockChange.GAP);
        assertThat(conversion.utc()).isEqualTo(Instant.parse("2026-03-29T01:30:00Z"));
        assertThat(conversion.source().localTimeIso()).isEqualTo("2026-03-29T03:30:00.000000000+02:00");
        assertThat(conversion.otherUtc()).isEmpty();
        assertThat(conversion.remark())
                .contains(
                        "2026-03-29T02:30 does not exist in Europe/Berlin: clocks go from 02:00 straight to 03:00; taken as"
                                + " 2026-03-29T03:30+02:00");
        assertThat(conversion.summary()).contains("does not exist").hasLineCount(1);
        assertThat(conversion.toMap()).containsEntry("clock_change", "gap");
        assertThat(convert("2026-03-29T01:59:59.999999999", "Europe/Berlin", "UTC")
                        .clockChange())
                .isEmpty();
        assertThat(convert("2026-03-29T03:00", "Europe/Berlin", "UTC").clockChange())
                .isEmpty();
    }

    @Test
    void shouldSayBothInstantsOfALocalTimeThatClocksShowTwice() {
        Conversion conversion = convert("2026-10-25T02:30", "Europe/Berlin", "UTC");
        assertThat(conversion.clockChange()).contains(Conversion.ClockChange.OVERLAP);
        assertThat(conversion.utc()).isEqualTo(Instant.parse("2026-10-25T00:30:00Z"));
        assertThat(conversion.otherUtc()).contains(Instant.parse("2026-10-25T01:30:00Z"));
        assertThat(conversion.remark().orElseThrow())
                .contains(
                        "2026-10-25T00:30:00.000000000Z (offset +02:00)",
                        "2026-10-25T01:30:00.000000000Z (offset +01:00)");
        assertThat(conversion.summary()).contains("happens twice").hasLineCount(1);
        assertThat(conversion.toMap()).containsEntry("clock_change", "overlap");
        // With its offset there is no doubt.
        assertThat(convert("2026-10-25T02:30+01:00", "Europe/Berlin", "UTC").clockChange())
                .isEmpty();
        assertThat(convert("2026-10-25T03:00", "Europe/Berlin", "UTC").clockChange())
                .isEmpty();
    }

    /** A day that a zone has left out, and a change of half an hour. */
    @Test
    void shouldKnowUnusualChanges() {
        Conversion samoa = convert("2011-12-30T12:00", "Pacific/Apia", "UTC");
        assertThat(samoa.clockChange()).contains(Conversion.ClockChange.GAP);
        assertThat(samoa.source().localTimeIso()).isEqualTo("2011-12-31T12:00:00.000000000+14:00");
        Conversion lordHowe = convert("2026-04-05T01:45", "Australia/Lord_Howe", "UTC");
        assertThat(lordHowe.utc()).isEqualTo(Instant.parse("2026-04-04T14:45:00Z"));
        assertThat(lordHowe.otherUtc()).contains(Instant.parse("2026-04-04T15:15:00Z"));
    }

    @Test
    void shouldSayHowLongItIs() throws IOException {
        Path segment = directory.resolve("segment");
        new SampleSegment().publish(segment);
        try (ChronoTickTools tools = new ChronoTickTools(segment, ZoneId.of("Asia/Tokyo"))) {
            Instant now = tools.getTime().correctedTimeIso();
            Conversion later =
                    tools.convertTime(now.plusSeconds(86_400 + 3_600 * 2).toString(), null, null);
            assertThat(later.secondsFromNow().orElseThrow())
                    .isCloseTo(93_600, within(60.0))
                    .isLessThan(93_600);
            assertThat(later.fromNowInWords().orElseThrow()).startsWith("in 1 d ");
            assertThat(later.summary()).contains(", in 1 d ");
            Conversion earlier = tools.convertTime(now.minusSeconds(90).toString(), null, null);
            assertThat(earlier.secondsFromNow().orElseThrow())
                    .isCloseTo(-90, within(60.0))
                    .isLessThan(-90);
            assertThat(earlier.fromNowInWords().orElseThrow())
                    .startsWith("1 min ")
                    .endsWith(" ago");
        }
    }

    /** Nor of a time that the daemon no longer vouches for. */
    @Test
    void shouldSayNothingOfAnExpiredNow() throws IOException {
        Path segment = directory.resolve("segment");
        new SampleSegment().withValidity(0).publish(segment);
        try (ChronoTickTools tools = new ChronoTickTools(segment, ZoneId.of("Asia/Tokyo"))) {
            assertThat(tools.convertTime("0", null, null).secondsFromNow()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, now",
        "0.4, now",
        "-0.4, now",
        "0.6, in 1 s",
        "-59.6, 1 min ago",
        "3600, in 1 h",
        "90061, in 1 d 1 h 1 min 1 s",
        "-7200, 2 h ago",
        "31536000, in 365 d"
    })
    void shouldPutADistanceIntoWords(double seconds, String words) {
        assertThat(Text.fromNow(seconds)).isEqualTo(words);
    }

    /** The words are English whatever the locale, and the digits are those of JSON. */
    @Test
    @ResourceLock(Resources.LOCALE)
    void shouldNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            assertThat(convert("2026-10-25T02:30", "Europe/Berlin", "UTC").summary())
                    .startsWith("Sunday, 25 October 2026, 02:30:00 +02:00 (Europe/Berlin)");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void shouldRefuseALocalTimeWithoutItsZone() {
        assertThatThrownBy(() -> convert("2026-03-13T15:33", null, "UTC"))
                .isInstanceOf(ToolException.class)
                .hasMessage(
                        "time is '2026-03-13T15:33', without an offset: give source_timezone with it, or the time with Z or an"
                                + " offset");
    }
}
