// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.client.ExpiredException;
import io.chronotick.client.NoSegmentException;
import io.chronotick.client.NotReadyException;
import io.chronotick.client.Reading;
import io.chronotick.client.RecordLayout;
import io.chronotick.client.TimeBounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronoTickToolsTest {
    private static final Instant START = Instant.parse("2025-03-13T15:33:20.75Z");

    /** Nothing here depends on the zone of the machine that runs this; it is a day ahead of UTC at the sample's time. */
    private static final ZoneId HOST_ZONE = ZoneId.of("Pacific/Auckland");

    @TempDir
    Path directory = Path.of("");

    private Path segment = Path.of("");
    private ChronoTickTools tools = new ChronoTickTools(segment);

    @BeforeEach
    void open() {
        segment = directory.resolve("segment");
        tools = new ChronoTickTools(segment, HOST_ZONE);
    }

    @AfterEach
    void close() {
        tools.close();
    }

    @Test
    void shouldTellTheTimeWithItsBounds() throws IOException {
        new SampleSegment().publish(segment);
        TimeReading reading = tools.getTime();
        assertThat(reading.correctedTimeIso()).isBetween(START, START.plusSeconds(60));
        assertThat(reading.correctedTime().movePointRight(9).longValueExact())
                .isEqualTo(Duration.between(Instant.EPOCH, reading.correctedTimeIso())
                        .toNanos());
        // The bound at the anchor, and 600 ppm since.
        double age = Duration.between(START, reading.correctedTimeIso()).toNanos() / 1e9;
        assertThat(reading.maxError()).isCloseTo(SampleSegment.MAX_ERROR + age * 600e-6, within(1e-8));
        assertThat(Duration.between(reading.earliest(), reading.correctedTimeIso())
                                .toNanos()
                        / 1e9)
                .isEqualTo(reading.maxError());
        assertThat(Duration.between(reading.correctedTimeIso(), reading.latest())
                                .toNanos()
                        / 1e9)
                .isEqualTo(reading.maxError());
        assertThat(reading.source()).isEqualTo("FUSION");
        assertThat(reading.confidence()).isEqualTo(0.98);
        assertThat(reading.isValid()).isTrue();
    }

    @Test
    void shouldShowTheTimeOfTheHostUnlessAskedForAnother() throws IOException {
        new SampleSegment().publish(segment);
        for (TimeReading reading : List.of(tools.getTime(), tools.getTime(""), tools.getTime(" "))) {
            assertThat(reading.localTimeIso()).startsWith("2025-03-14T04:3").endsWith("+13:00");
            assertThat(reading.utcOffset()).isEqualTo("+13:00");
            assertThat(reading.hostTimezone()).contains("Pacific/Auckland");
            assertThat(reading.localDate()).isEqualTo("Friday, 14 March 2025");
            assertThat(reading.utcDate()).isEqualTo("Thursday, 13 March 2025");
            assertThat(reading.summary())
                    .startsWith("UTC 2025-03-13T15:3")
                    .contains(
                            "(Thursday, 13 March 2025); in the host's own time zone, Pacific/Auckland, 2025-03-14T04:3")
                    .contains("+13:00 (Friday, 14 March 2025);");
        }
    }

    @Test
    void shouldSayTheNameOfAHostInUtc() throws IOException {
        new SampleSegment().publish(segment);
        try (ChronoTickTools inUtc = new ChronoTickTools(segment, ZoneOffset.UTC)) {
            assertThat(inUtc.getTime().hostTimezone()).contains("UTC");
            assertThat(inUtc.getTime().utcOffset()).isEqualTo("+00:00");
        }
    }

    @Test
    void shouldShowTheTimeInTheZoneThatIsAskedFor() throws IOException {
        new SampleSegment().publish(segment);
        TimeReading reading = tools.getTime("Asia/Kolkata");
        assertThat(reading.utcOffset()).isEqualTo("+05:30");
        assertThat(reading.localTimeIso()).startsWith("2025-03-13T21:0").endsWith("+05:30");
        assertThat(reading.localDate()).isEqualTo("Thursday, 13 March 2025");
        assertThat(reading.hostTimezone()).isEmpty();
        assertThat(reading.toMap()).doesNotContainKey("host_timezone");
        assertThat(reading.summary()).startsWith("Local time 2025-03-13T21:0").doesNotContain("host");
        assertThat(tools.getTime("UTC").utcOffset()).contains("+00:00");
        assertThatThrownBy(() -> tools.getTime("Mars/Olympus"))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("'Mars/Olympus'")
                .hasMessageContaining("Europe/Berlin");
    }

    @Test
    void shouldTakeFixedOffsetsAndNamesInAnyCase() throws IOException {
        new SampleSegment().publish(segment);
        for (String zone : List.of("+05:30", "+0530", "asia/kolkata", "ASIA/KOLKATA", " Asia/Kolkata ")) {
            assertThat(tools.getTime(zone).utcOffset()).as(zone).contains("+05:30");
        }
        assertThat(tools.getTime("-03").localTimeIso()).endsWith("-03:00");
        for (String zone : List.of("z", "utc", "+00:00")) {
            assertThat(tools.getTime(zone).utcOffset()).as(zone).contains("+00:00");
        }
        for (String zone : List.of("+19:00", "+05:60", "5:30", "+5:3", "Mars/Olympus")) {
            assertThatThrownBy(() -> tools.getTime(zone))
                    .as(zone)
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("+05:30");
        }
    }

    @Test
    void shouldSayWhatToDoWithoutADaemonAndWorkWhenOneComes() throws IOException {
        assertThatThrownBy(tools::getTime)
                .isInstanceOf(NoSegmentException.class)
                .hasMessageContaining("chronotick daemon");
        DaemonStatus status = tools.getDaemonStatus();
        assertThat(status.status()).isEqualTo(Reading.State.NOT_RUNNING);
        assertThat(status.message().orElseThrow()).contains("chronotick daemon");

        new SampleSegment().publish(segment);
        assertThat(tools.getTime().isValid()).isTrue();
        assertThat(tools.getDaemonStatus().status()).isEqualTo(Reading.State.READY);
    }

    @Test
    void shouldMoveToTheSegmentOfTheNextDaemon() throws IOException {
        new SampleSegment().withValidity(0).publish(segment);
        assertThatThrownBy(tools::getTime).isInstanceOf(ExpiredException.class);
        assertThat(tools.getDaemonStatus().status()).isEqualTo(Reading.State.EXPIRED);
        Files.delete(segment);
        assertThatThrownBy(tools::getTime).isInstanceOf(NoSegmentException.class);
        new SampleSegment().publish(segment);
        assertThat(tools.getTime().isValid()).isTrue();
    }

    @Test
    void shouldNotGiveATimeThatTheDaemonDoesNotVouchFor() throws IOException {
        new SampleSegment().withFlags(0).publish(segment);
        assertThatThrownBy(tools::getTime).isInstanceOf(NotReadyException.class);
        assertThat(tools.getDaemonStatus().status()).isEqualTo(Reading.State.WARMING_UP);
    }

    @Test
    void shouldDescribeTheDaemon() throws IOException {
        new SampleSegment()
                .withFlags(RecordLayout.FLAG_VALID | RecordLayout.FLAG_WARMUP_COMPLETE | RecordLayout.FLAG_HOLDOVER)
                .publish(segment);
        DaemonStatus status = tools.getDaemonStatus();
        assertThat(status.status()).isEqualTo(Reading.State.HOLDOVER);
        assertThat(status.measurementCount()).isEqualTo(40);
        assertThat(status.memoryUsageMb()).isEqualTo(64);
        assertThat(status.ntpReady()).isFalse();
        assertThat(status.sources()).hasSize(1);
        assertThat(status.sources().get(0).state()).isEqualTo("selected");
        assertThat(status.sources().get(0).offset()).isEmpty(); // not a number in the page
        assertThat(status.toMap()).containsEntry("status", "holdover").doesNotContainKey("message");
    }

    @Test
    void shouldForecastItsOwnUncertainty() throws IOException {
        new SampleSegment().publish(segment);
        FutureTime future = tools.getTimeWithFutureUncertainty(1000);
        // Independent: 20 us at the anchor, and 1e-8 s/s for a thousand seconds and the age of the record.
        double age = future.currentCorrectedTime().doubleValue() - START.getEpochSecond() - 0.75;
        assertThat(future.futureUncertainty()).isCloseTo(Math.hypot(20e-6, 1e-8 * (1000 + age)), within(1e-9));
        assertThat(future.uncertaintyIncrease()).isEqualTo(future.futureUncertainty() - future.currentUncertainty());
        // The page's 600 ppm are 100 of the oscillator and 500 of slewing by others, which a living daemon follows.
        assertThat(future.futureMaxError() - future.currentMaxError()).isCloseTo(0.1, within(1e-9));
        assertThat(future.futureMaxErrorWithoutDaemon() - future.currentMaxError())
                .isCloseTo(0.6, within(1e-9));
        assertThat(future.futureUncertaintyWithoutDaemon()).isCloseTo(0.5 / Math.sqrt(3), within(1e-6));
        assertThat(future.summary())
                .contains(
                        "if the daemon goes on without servers", "if the daemon stops now and nobody writes any more");
        assertThat(future.futureCorrectedTime()
                        .subtract(future.currentCorrectedTime())
                        .doubleValue())
                .isCloseTo(1000.01, within(1e-6));
        assertThatThrownBy(() -> tools.getTimeWithFutureUncertainty(3600.1)).isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> tools.getTimeWithFutureUncertainty(Double.NaN)).isInstanceOf(ToolException.class);
    }

    /** Of a page that allows for no slewing by others, nothing can be taken off. */
    @Test
    void shouldNotForecastABoundThatDoesNotGrow() throws IOException {
        new SampleSegment().withMaxDrift(60e-6).publish(segment);
        FutureTime future = tools.getTimeWithFutureUncertainty(1000);
        assertThat(future.futureMaxError() - future.currentMaxError()).isCloseTo(0.06, within(1e-9));
        assertThat(future.futureMaxErrorWithoutDaemon()).isEqualTo(future.futureMaxError());
        assertThat(future.futureUncertaintyWithoutDaemon()).isEqualTo(future.futureUncertainty());
    }

    @Test
    void shouldWaitUntilATimeHasCertainlyPassed() throws Exception {
        new SampleSegment().publish(segment);
        Instant time = tools.getTime().latest();
        WaitResult result = tools.waitUntil(time, 10);
        assertThat(result.earlyOrLateBy()).isGreaterThan(result.uncertainty().orElseThrow());
        assertThat(tools.getTime().earliest()).isAfter(time);
        assertThat(tools.waitUntil(Instant.EPOCH, 0).earlyOrLateBy()).isGreaterThan(1.7e9);
    }

    @Test
    void shouldWaitForANumberOfSeconds() throws Exception {
        new SampleSegment().publish(segment);
        Instant before = tools.getTime().correctedTimeIso();
        List<Double> progress = new ArrayList<>();
        WaitResult result = tools.waitFor(0.03, 10, progress::add);
        assertThat(result.reachedAt()).isAfter(before.plusMillis(30));
        assertThat(tools.getTime().earliest()).isAfter(before.plusMillis(30));
        assertThat(progress)
                .isNotEmpty()
                .allSatisfy(remaining -> assertThat(remaining).isBetween(0.0, 0.04));
        assertThat(tools.waitFor(0, 1, remaining -> {}).earlyOrLateBy()).isPositive();
        assertThatThrownBy(() -> tools.waitFor(100, 50, remaining -> {}))
                .isInstanceOf(ToolException.class)
                .hasMessageStartingWith("what is 100.000 s from now will certainly have passed only in 100.00");
        assertThatThrownBy(() -> tools.waitFor(Double.NaN, 50, remaining -> {})).isInstanceOf(ToolException.class);
    }

    @Test
    void shouldNotWaitInVain() throws IOException {
        new SampleSegment().publish(segment);
        Instant time = tools.getTime().correctedTimeIso().plusSeconds(100);
        assertThatThrownBy(() -> tools.waitUntil(time, 50))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("max_wait_seconds");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> tools.waitUntil(time, 200)).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> tools.waitFor(100, 200, remaining -> {})).isInstanceOf(InterruptedException.class);
    }

    @Test
    void shouldCompareReadingsOfDifferentHosts() throws IOException {
        new SampleSegment().publish(segment);
        TimeReading here = tools.getTime();
        TimeBounds mine = TimeBounds.of(here.earliest(), here.latest());
        TimeBounds later =
                TimeBounds.of(here.latest().plusNanos(500), here.latest().plusNanos(900));
        Comparison comparison = tools.compareTimestamps(mine, later);
        assertThat(comparison.order()).isEqualTo(TimeBounds.Order.BEFORE);
        assertThat(comparison.gapSeconds()).isEqualTo(500e-9);
        assertThat(comparison.waitSeconds()).isZero();
        assertThat(tools.compareTimestamps(later, mine).order()).isEqualTo(TimeBounds.Order.AFTER);
        assertThat(tools.compareTimestamps(mine, mine).toMap()).containsEntry("order", "overlapping");
    }
}
