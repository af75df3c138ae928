// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Restarts, successors, and writes that do not end, as a reader meets them. */
class SegmentFollowerTest extends ReaderFixture {
    private final CorrectionRecord record = new CorrectionRecord();

    @Test
    void shouldFollowASegmentMadeAnew() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.now(now);
        Files.delete(path);
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .with(RecordLayout.OFFSET_CORRECTION, 1)
                .publish();

        host.now += 49_000_000; // younger than stale: no look at the file system
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 49_000_000);

        host.now = MONO + 101_000_000;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 101_000_000 + SECOND);
        reader.read(record);
        assertThat(record.offsetCorrection()).isEqualTo(1);
    }

    @Test
    void shouldFollowWithPlainReadsToo() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .with(RecordLayout.OFFSET_CORRECTION, 1)
                .publish();
        host.now += 101_000_000;
        reader.read(record);
        assertThat(record.offsetCorrection()).isEqualTo(1);
    }

    @Test
    void shouldKeepAGoodRecordUntilTheSuccessorHasOne() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment successor = TestSegment.create(path);

        host.now = MONO + 5 * SECOND;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 5 * SECOND);

        host.now = MONO + 11 * SECOND;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);

        successor.write(ANCHOR + 11, host.now);
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 11 * SECOND);
    }

    @Test
    void shouldKeepAGoodRecordWhileSomethingElseHasItsName() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment.write(path, new byte[10]);

        host.now = MONO + SECOND;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + SECOND);
        host.now = MONO + 11 * SECOND;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldFollowARestartInTheSameFile() {
        TestSegment segment = TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.now(now);
        host.now = MONO + 60 * SECOND;
        segment.withSequence(1).with(PageLayout.UPDATE_FREQUENCY, 1).write(ANCHOR + 60, host.now);
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 60 * SECOND);
    }

    @Test
    void shouldLeaveAnAbandonedWriteForTheSuccessor() throws IOException {
        TestSegment.create(path).fill(ANCHOR, MONO).withSequence(7);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment.create(path).write(ANCHOR, MONO);
        host.spinNanos = 0;
        reader.read(record);
        assertThat(record.systemTimestamp()).isEqualTo(ANCHOR);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // does not let a mapped file be cut short
    void shouldSayThatTheFileWasCutShortUnderItsMapping() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.now(now);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(0);
        }
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> reader.now(now), () -> reader.after(0), () -> reader.read(record), reader::status)) {
            assertThatThrownBy(call)
                    .isInstanceOf(NoSegmentException.class)
                    .hasMessageContaining("cut short (0 of 4096 bytes)")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void shouldReportContentionWhenAWriteDoesNotEnd() {
        TestSegment.create(path).fill(ANCHOR, MONO).withSequence(7);
        ChronoTickReader reader = reader();
        host.spinNanos = 0;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(ContentionException.class);
        assertThat(host.now - MONO).isBetween(20_000_000L, 21_000_000L);
        assertThatThrownBy(() -> reader.read(record)).isInstanceOf(ContentionException.class);

        host.writerAlive = false;
        assertThatThrownBy(() -> reader.read(record)).isInstanceOf(DeadWriterException.class);
    }

    @Test
    void shouldOutwaitAWriterThatLostItsCpu() {
        TestSegment segment = TestSegment.create(path).fill(ANCHOR, MONO).withSequence(7);
        host.spinNanos = 0;
        host.onPark = () -> {
            if (host.parks.size() == 3) {
                segment.withSequence(8);
            }
        };
        reader().now(now);
        assertThat(host.parks).hasSize(3);
    }

    @Test
    void shouldNotFollowToASegmentWithOtherClocks() throws IOException {
        UUID boot = UUID.randomUUID();
        host.bootId = Optional.of(boot);
        host.timeNamespace = 1;
        TestSegment.create(path).domain(boot, 1).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment.create(path).domain(boot, 2).write(ANCHOR + 7, MONO);

        host.now = MONO + 10 * SECOND;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 10 * SECOND);
        host.now++;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ClockDomainException.class)
                .hasMessageContaining("time namespace 2")
                .hasMessageContaining("chronotick daemon")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(this::reader).isInstanceOf(ClockDomainException.class);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void shouldNotFollowToAFileThatOthersMayWrite() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        TestSegment.create(path).write(ANCHOR + 3600, MONO);
        TestSegment.setMode(path, "rw-rw-rw-");
        host.now = MONO + 10 * SECOND;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 10 * SECOND);
        host.now++;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(UntrustedSegmentException.class);
    }

    @Test
    void shouldRefuseToReadOnceClosed() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.close();
        reader.close();
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> reader.read(record)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(reader::status).isInstanceOf(IllegalStateException.class);
        assertThat(reader.segment()).isEqualTo(path);
    }
}
