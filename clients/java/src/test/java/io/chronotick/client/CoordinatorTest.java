// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In virtual time. */
class CoordinatorTest {
    private static final long MONO = 1_000_000_000_000L;
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path directory = Path.of("");

    private final VirtualHost host = new VirtualHost(MONO);

    /** A host whose estimate is off by so much, and which knows that it may be off by twice that. */
    private ChronoTickReader hostThatErrsBy(String name, double seconds) {
        Path path = directory.resolve(name);
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .with(RecordLayout.OFFSET_CORRECTION, seconds)
                .withFloat(RecordLayout.MAX_ERROR, (float) (2 * Math.abs(seconds)))
                .publish();
        return new ChronoTickReader(path, host);
    }

    @Test
    void shouldReturnACommitTimestampWhenItHasPassedOnEveryHonestHost() throws InterruptedException {
        ChronoTickReader here = hostThatErrsBy("here", 0.001);
        ChronoTickReader behind = hostThatErrsBy("behind", -0.004);
        ChronoTickReader ahead = hostThatErrsBy("ahead", 0.008);

        long stamp = new Coordinator(here).commitWait();

        // Taken at the latest that it can have been: 1 ms of error and 2 ms of bound.
        assertThat(stamp - ANCHOR_NANOS).isBetween(3 * SECOND / 1000, 3 * SECOND / 1000 + 100);
        assertThat(here.after(stamp)).isTrue();
        assertThat(behind.before(stamp)).isFalse();
        assertThat(ahead.before(stamp)).isFalse();
        // It took the width of the interval, 4 ms.
        assertThat(host.now - MONO).isBetween(4 * SECOND / 1000, 4 * SECOND / 1000 + 20_000);
    }

    @Test
    void shouldStampWhatFollowsWithALaterTime() throws InterruptedException {
        Coordinator behind = new Coordinator(hostThatErrsBy("behind", -0.004));
        Coordinator ahead = new Coordinator(hostThatErrsBy("ahead", 0.008));
        long first = ahead.commitWait();
        long second = behind.commitWait();
        long third = ahead.commitWait();
        assertThat(first).isLessThan(second);
        assertThat(second).isLessThan(third);
    }

    @Test
    void shouldActWhenTheEstimateReachesTheInstant() throws InterruptedException {
        ChronoTickReader reader = hostThatErrsBy("ahead", 0.5);
        List<Long> acted = new ArrayList<>();

        long late = new Coordinator(reader).runAt(ANCHOR_NANOS + SECOND, () -> acted.add(host.now));

        // Half a second is still to go, and the bound of a second is not waited out.
        assertThat(acted).hasSize(1);
        assertThat(acted.get(0) - MONO).isBetween(SECOND / 2, SECOND / 2 + 10_000);
        assertThat(late).isBetween(0L, 10_000L);
    }

    @Test
    void shouldSayHowLateItWas() throws InterruptedException {
        ChronoTickReader reader = hostThatErrsBy("exact", 0);
        List<Long> acted = new ArrayList<>();
        assertThat(new Coordinator(reader).runAt(ANCHOR_NANOS - 3 * SECOND, () -> acted.add(host.now)))
                .isEqualTo(3 * SECOND);
        assertThat(acted).containsExactly(MONO);
        assertThat(new Coordinator(reader).runAt(Long.MIN_VALUE, () -> acted.add(host.now)))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldNotActWithoutTheTime() {
        ChronoTickReader reader = hostThatErrsBy("exact", 0);
        List<Long> acted = new ArrayList<>();
        // The record expires after ten seconds.
        assertThatThrownBy(() -> new Coordinator(reader).runAt(ANCHOR_NANOS + 20 * SECOND, () -> acted.add(host.now)))
                .isInstanceOf(ExpiredException.class);
        host.onPark = () -> Thread.currentThread().interrupt();
        host.now = MONO;
        assertThatThrownBy(() -> new Coordinator(reader).runAt(ANCHOR_NANOS + SECOND, () -> acted.add(host.now)))
                .isInstanceOf(InterruptedException.class);
        assertThat(acted).isEmpty();
    }
}
