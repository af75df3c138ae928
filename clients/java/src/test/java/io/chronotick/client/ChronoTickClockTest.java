// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** The clock of applications that do not know whether there is a daemon yet. */
class ChronoTickClockTest extends ReaderFixture {
    private static final Instant SYSTEM = Instant.parse("2001-02-03T04:05:06.789Z");

    private ChronoTickClock clock() {
        return ChronoTickClock.of(path, host);
    }

    private ChronoTickClock lenient() {
        return clock().orElse(Clock.fixed(SYSTEM, ZoneOffset.UTC));
    }

    @Test
    void shouldTellTheTimeOfADaemonThatStartedLater() {
        ChronoTickClock clock = clock();
        assertThatThrownBy(clock::instant).isInstanceOf(NoSegmentException.class);

        TestSegment.create(path).write(ANCHOR, MONO);
        host.now += 1_234_567;
        assertThat(clock.instant()).isEqualTo(EpochNanos.toInstant(ANCHOR_NANOS + 1_234_567));
        assertThat(clock.millis()).isEqualTo(ANCHOR_NANOS / 1_000_000 + 1);
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS + 1_234_567);
    }

    @Test
    void shouldSayWhyThereIsNoTime() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickClock clock = clock();
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS);
        host.now += 11 * SECOND;
        assertThatThrownBy(clock::instant).isInstanceOf(ExpiredException.class);
        assertThatThrownBy(clock::millis).isInstanceOf(ExpiredException.class);
    }

    @Test
    void shouldAskTheOtherClockOnlyWhileThereIsNoTime() throws IOException {
        ChronoTickClock clock = lenient();
        assertThat(clock.instant()).isEqualTo(SYSTEM);

        TestSegment.create(path).write(ANCHOR, MONO);
        host.now += 99_999_999; // looks are rationed
        assertThat(clock.instant()).isEqualTo(SYSTEM);
        assertThat(clock.millis()).isEqualTo(SYSTEM.toEpochMilli());
        host.now += 1;
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS + 100_000_000);

        host.now += 11 * SECOND;
        assertThat(clock.instant()).isEqualTo(SYSTEM);
        Files.delete(path);
        TestSegment.create(path).write(ANCHOR + 12, host.now);
        host.now += 100_000_000;
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS + 12 * SECOND + 100_000_000);
        host.now += 1;
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS + 12 * SECOND + 100_000_001);
    }

    @Test
    void shouldShareOneReader() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickClock clock = clock();
        ChronoTickClock paris = clock.withZone(ZoneId.of("Europe/Paris"));
        assertThat(paris.getZone()).isEqualTo(ZoneId.of("Europe/Paris"));
        assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
        assertThat(paris.instant()).isEqualTo(clock.instant());
        assertThat(paris.reader())
                .isSameAs(clock.reader())
                .isSameAs(lenientOf(clock).reader());
        assertThat(paris.withZone(ZoneOffset.UTC)).isEqualTo(clock).hasSameHashCodeAs(clock);
        assertThat(paris).isNotEqualTo(clock);
        assertThat(lenientOf(clock)).isNotEqualTo(clock);
        assertThat(clock()).isNotEqualTo(clock);
        assertThat(clock).hasToString("ChronoTick[" + path + ",Z]").isInstanceOf(InstantSource.class);
        assertThat(lenientOf(clock)).asString().startsWith("ChronoTick[" + path + ",Z, else FixedClock[2001-");
    }

    private static ChronoTickClock lenientOf(ChronoTickClock clock) {
        return clock.orElse(Clock.fixed(SYSTEM, ZoneOffset.UTC));
    }

    @Test
    void shouldNotTellTheTimeAfterItsEnd() {
        ChronoTickClock early = lenient();
        assertThat(early.instant()).isEqualTo(SYSTEM);
        early.close();
        assertThatThrownBy(early::instant).isInstanceOf(IllegalStateException.class);

        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickClock clock = lenient();
        assertThat(clock.epochNanos()).isEqualTo(ANCHOR_NANOS);
        clock.withZone(ZoneId.of("Asia/Tokyo")).close();
        assertThatThrownBy(clock::epochNanos).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(clock::reader).isInstanceOf(IllegalStateException.class);
    }
}
