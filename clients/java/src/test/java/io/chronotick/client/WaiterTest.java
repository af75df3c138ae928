// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** In virtual time: a second of waiting takes none. */
class WaiterTest extends ReaderFixture {

    @Test
    void shouldReturnAtOnceWhenTheTimeHasPassed() throws InterruptedException {
        TestSegment.create(path).write(ANCHOR, MONO);
        reader().waitUntil(Instant.EPOCH);
        reader().waitUntil(Instant.MIN);
        assertThat(host.now).isEqualTo(MONO);
    }

    @Test
    void shouldWaitOutTheUncertaintySleepingFirstAndSpinningLast() throws InterruptedException {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withFloat(RecordLayout.MAX_ERROR, 0.5f)
                .publish();
        ChronoTickReader reader = reader();
        long time = ANCHOR_NANOS + SECOND;

        reader.waitUntil(Instant.ofEpochSecond(0, time));

        assertThat(reader.after(time)).isTrue();
        // 1 s to the time, half a second of bound, and the 61 ppm by which the bound grows meanwhile; spins of 10 us.
        assertThat(host.now - MONO).isBetween(1_500_000_000L, 1_500_000_000L + 92_000 + 10_000);
        assertThat(host.parks).allMatch(nanos -> nanos <= 100_000_000);
        assertThat(host.spins).isBetween(10, 30);
    }

    @Test
    void shouldFollowACorrectionThatChangesDuringTheWait() throws InterruptedException {
        TestSegment segment = TestSegment.create(path).write(ANCHOR, MONO);
        host.onPark = () -> {
            if (host.parks.size() == 3) {
                // The servers turn out to be half a second behind what was thought.
                segment.fill(ANCHOR + 0.25, MONO + SECOND / 4)
                        .with(RecordLayout.OFFSET_CORRECTION, -0.5)
                        .publish();
            }
        };
        ChronoTickReader reader = reader();
        reader.waitUntil(ANCHOR_NANOS + SECOND);
        reader.now(now);
        assertThat(now.earliestNanos()).isGreaterThan(ANCHOR_NANOS + SECOND);
        assertThat(host.now - MONO).isBetween(1_500_000_000L, 1_500_200_000L);
    }

    @Test
    void shouldThrowWhenTheRecordExpiresDuringTheWait() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        assertThatThrownBy(() -> reader.waitUntil(Instant.MAX)).isInstanceOf(ExpiredException.class);
        assertThat(host.now - MONO).isBetween(10 * SECOND, 10 * SECOND + 100_000_000);
    }

    @Test
    void shouldThrowWhenInterrupted() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        host.onPark = () -> Thread.currentThread().interrupt();
        assertThatThrownBy(() -> reader.waitUntil(ANCHOR_NANOS + SECOND)).isInstanceOf(InterruptedException.class);
        assertThat(host.parks).hasSize(1);
        assertThat(Thread.interrupted()).isFalse();
    }
}
