// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.ClockBoundReader.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** ClockBound's segment as its documentation describes it, written byte by byte. */
class ClockBoundReaderTest extends ReaderFixture {
    private static final long BOUND = 300_000;
    private static final int DRIFT_PPB = 500_000;

    private Path vmClock = Path.of("");
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    @BeforeEach
    void write() throws IOException {
        vmClock = directory.resolve("vmclock0");
        bytes = create();
    }

    private ByteBuffer create() throws IOException {
        TestSegment.write(path, new byte[80]);
        ByteBuffer made;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            made = channel.map(FileChannel.MapMode.READ_WRITE, 0, 80).order(ByteOrder.nativeOrder());
        }
        return made.putInt(0, 0x414D5A4E)
                .putInt(4, 0x43420200)
                .putInt(8, 80)
                .putShort(12, (short) 2)
                .putShort(14, (short) 2)
                .putLong(16, MONO / SECOND)
                .putLong(24, 1_000)
                .putLong(32, MONO / SECOND + 1000)
                .putLong(40, 0)
                .putLong(48, BOUND)
                .putInt(64, DRIFT_PPB)
                .putInt(68, 1);
    }

    private ClockBoundReader clockBound() {
        return new ClockBoundReader(path, vmClock, host);
    }

    @Test
    void shouldTellTheSystemClockAndItsBound() {
        ClockBoundReader reader = clockBound();
        host.now = MONO + 1_000;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(host.realtimeNanos());
        assertThat(now.boundNanos()).isEqualTo(BOUND);
        assertThat(now.standardUncertaintyNanos()).isNaN();
        assertThat(reader.status()).isEqualTo(Status.SYNCHRONIZED);

        host.now += 2 * SECOND; // at 500 ppm
        reader.now(now);
        assertThat(now.boundNanos()).isEqualTo(BOUND + 1_000_000);
        assertThat(reader.earliest()).isEqualTo(now.earliest());
        assertThat(reader.latest()).isEqualTo(now.latest());
        assertThat(TimeBounds.of(now).toString()).isNotEmpty();
    }

    @Test
    void shouldTakeADaemonThatHasStoppedForFreeRunningAndThenForNothing() {
        ClockBoundReader reader = clockBound();
        host.now = MONO + 5 * SECOND + 1_000;
        assertThat(reader.status()).isEqualTo(Status.SYNCHRONIZED);
        host.now++;
        assertThat(reader.status()).isEqualTo(Status.FREE_RUNNING);
        reader.now(now);
        assertThat(now.boundNanos()).isEqualTo(BOUND + 2_500_001);

        host.now = MONO + 1000 * SECOND;
        reader.now(now);
        host.now++;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ExpiredException.class)
                .hasMessageContaining("999 s");
        assertThat(reader.status()).isEqualTo(Status.UNKNOWN);
    }

    @Test
    void shouldNotTellATimeThatNobodyKnows() {
        ClockBoundReader reader = clockBound();
        bytes.putInt(68, 0);
        assertThat(reader.status()).isEqualTo(Status.UNKNOWN);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
        bytes.putInt(68, 3);
        assertThat(reader.status()).isEqualTo(Status.DISRUPTED);
        assertThatThrownBy(reader::latest).isInstanceOf(NotReadyException.class).hasMessageContaining("disrupted");
        bytes.putInt(68, 2);
        reader.now(now);
        assertThat(reader.status()).isEqualTo(Status.FREE_RUNNING);
    }

    @Test
    void shouldCompareTheMarkerWithTheMachines() throws IOException {
        bytes.put(72, (byte) 1).putLong(56, 77);
        ClockBoundReader reader = clockBound();
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(NotReadyException.class)
                .hasMessageContaining(vmClock.toString());

        ByteBuffer device = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(vmClock, device.putInt(12, 8).putLong(16, 77).array());
        reader.now(now);
        Files.write(vmClock, device.putLong(16, 78).array());
        assertThat(reader.status()).isEqualTo(Status.DISRUPTED);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
        Files.write(vmClock, device.putLong(16, 77).putInt(12, 9).array());
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
    }

    @Test
    void shouldRefuseATimeFromTheFuture() {
        ClockBoundReader reader = clockBound();
        host.now = MONO; // 1 us before it was written, by the coarse clock
        reader.now(now);
        assertThat(now.boundNanos()).isEqualTo(BOUND);
        host.now--;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(IncompatibleSegmentException.class)
                .hasMessageContaining("future");
    }

    @Test
    void shouldWaitForTheEndOfAWrite() {
        ClockBoundReader reader = clockBound();
        bytes.putShort(14, (short) 0);
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(NotReadyException.class)
                .hasMessageContaining("not been written");
        bytes.putShort(14, (short) 65_535);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(ContentionException.class);
        // A writer that has lost its CPU for some milliseconds.
        host.onPark = () -> {
            if (host.parks.size() % 200 == 0) {
                bytes.putShort(14, (short) 65_534);
            }
        };
        reader.now(now);
        assertThat(now.boundNanos()).isPositive();
    }

    @Test
    void shouldRefuseWhatIsNotClockBounds() {
        List<Runnable> damages = List.of(
                () -> bytes.putInt(0, 1), () -> bytes.putInt(4, 0x43420100), () -> bytes.putShort(12, (short) 3));
        for (Runnable damage : damages) {
            byte[] good = new byte[80];
            bytes.get(0, good);
            damage.run();
            assertThatThrownBy(this::clockBound)
                    .isInstanceOf(IncompatibleSegmentException.class)
                    .hasMessageContaining("layout 2");
            bytes.put(0, good);
        }
        ClockBoundReader reader = clockBound();
        bytes.putInt(68, 4);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
        bytes.putInt(68, 1).putLong(48, -1);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
        bytes.putLong(48, 1).putLong(32, 0);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldSayWhatIsWrongWithTheFile() throws IOException {
        Files.delete(path);
        assertThatThrownBy(this::clockBound)
                .isInstanceOf(NoSegmentException.class)
                .hasMessageContaining("no ClockBound daemon is running");
        TestSegment.write(path, new byte[79]);
        assertThatThrownBy(this::clockBound)
                .isInstanceOf(NoSegmentException.class)
                .hasMessageContaining("79 bytes");
        Files.delete(path);
        Files.createDirectory(path);
        assertThatThrownBy(this::clockBound).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // no such permissions
    void shouldNotTrustAFileThatOthersMayWrite() throws IOException {
        TestSegment.setMode(path, "rw-rw-rw-");
        assertThatThrownBy(this::clockBound).isInstanceOf(UntrustedSegmentException.class);
    }

    @Test
    void shouldFollowADaemonThatMadeANewFile() throws IOException {
        ClockBoundReader reader = clockBound();
        Files.delete(path);
        bytes = create();
        bytes.putLong(48, 7).putLong(16, MONO / SECOND + 6);
        host.now = MONO + 6 * SECOND + 1_000;
        reader.now(now);
        assertThat(now.boundNanos()).isEqualTo(7);
        reader.close();
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldLetACoordinatorActOnItsTime() throws InterruptedException {
        ClockBoundReader reader = clockBound();
        Coordinator coordinator = new Coordinator(reader);
        host.now = MONO + 1_000;
        long before = host.realtimeNanos();
        long stamp = coordinator.commitWait();
        assertThat(stamp).isEqualTo(before + BOUND);
        assertThat(reader.earliest()).isAfter(EpochNanos.toInstant(stamp));

        List<Long> ran = new ArrayList<>();
        long at = host.realtimeNanos() + SECOND;
        coordinator.runAt(at, () -> ran.add(host.realtimeNanos()));
        assertThat(ran).singleElement().satisfies(time -> assertThat(time).isBetween(at, at + 20_000));
    }
}
