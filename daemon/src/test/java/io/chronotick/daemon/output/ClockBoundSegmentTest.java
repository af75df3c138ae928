// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.ClockBoundReader;
import io.chronotick.client.ClockBoundReader.Status;
import io.chronotick.client.ContentionException;
import io.chronotick.client.NoSegmentException;
import io.chronotick.client.NotReadyException;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is written for ClockBound's clients, byte by byte and as this project's own reader takes it. */
class ClockBoundSegmentTest {
    private static final long SECOND = 1_000_000_000;

    @TempDir
    Path directory = Path.of("");

    private Path file = Path.of("");
    private final HostClocks clocks = HostClocks.system();

    @BeforeEach
    void name() {
        file = directory.resolve("shm0");
    }

    private Optional<TimeSample> sample(long offset, long bound, boolean holdover) {
        return Optional.of(Samples.of(clocks, offset, bound, holdover));
    }

    private ByteBuffer bytes() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    }

    @Test
    void shouldWriteWhatTheDocumentationSays() throws IOException {
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            output.put(Optional.of(Samples.at(7 * SECOND + 5, 0, 100, -300_200, 50_000, false, LeapIndicator.NONE)));
            ByteBuffer b = bytes();
            assertThat(b.capacity()).isEqualTo(80);
            assertThat(b.getInt(0)).isEqualTo(0x414D5A4E);
            assertThat(b.getInt(4)).isEqualTo(0x43420200);
            assertThat(b.getInt(8)).isEqualTo(80);
            assertThat(b.getShort(12)).isEqualTo((short) 2);
            assertThat(b.getShort(14)).isEqualTo((short) 2);
            assertThat(b.getLong(16)).isEqualTo(7);
            assertThat(b.getLong(24)).isEqualTo(5);
            assertThat(b.getLong(32)).isEqualTo(67);
            assertThat(b.getLong(40)).isEqualTo(5);
            // 300.2 us that the system clock is off, 50 us that we may be, 7 us for the coarse clock's tick.
            assertThat(b.getLong(48)).isEqualTo(357_200);
            assertThat(b.getLong(56)).isZero();
            assertThat(b.getInt(64)).isEqualTo(700_000);
            assertThat(b.getInt(68)).isEqualTo(1);
            assertThat(b.get(72)).isZero();
        }
    }

    @Test
    void shouldBeReadAsABoundOfTheSystemClock() throws IOException {
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            output.put(sample(3_000_000, 40_000, false));
            ClockBoundReader reader = ClockBoundReader.attach(file);
            TimeInterval now = new TimeInterval();
            reader.now(now);
            assertThat(now.boundNanos()).isBetween(3_040_000L, 100_000_000L);
            assertThat(reader.status()).isEqualTo(Status.SYNCHRONIZED);
            long utc = clocks.realtimeNanos() + 3_000_000;
            assertThat(now.latestNanos()).isGreaterThan(utc - SECOND);

            output.put(sample(3_000_000, 40_000, true));
            assertThat(reader.status()).isEqualTo(Status.FREE_RUNNING);
            output.put(Optional.empty());
            assertThat(reader.status()).isEqualTo(Status.UNKNOWN);
            assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
        }
    }

    @Test
    void shouldGoOnInTheFileThatReadersHave() throws IOException {
        ClockBoundReader reader;
        try (ClockBoundSegment first = new ClockBoundSegment(file)) {
            first.put(sample(0, 1, false));
            reader = ClockBoundReader.attach(file);
            first.put(Optional.empty());
        }
        // Its successor's predecessor died in the middle of a write.
        byte[] torn = Files.readAllBytes(file);
        ByteBuffer.wrap(torn).order(ByteOrder.nativeOrder()).putShort(14, (short) 0xFFFF);
        Files.write(file, torn);
        try (ClockBoundSegment second = new ClockBoundSegment(file)) {
            second.put(sample(0, 1, false));
            assertThat(reader.status()).isEqualTo(Status.SYNCHRONIZED);
            assertThat(bytes().getShort(14))
                    .as("wraps to 2, since 0 is never written")
                    .isEqualTo((short) 2);
        }
    }

    @Test
    void shouldNotBeWrittenByTwo() throws IOException {
        try (ClockBoundSegment first = new ClockBoundSegment(file);
                ClockBoundSegment second = new ClockBoundSegment(file)) {
            first.put(Optional.empty());
            assertThatThrownBy(() -> second.put(Optional.empty()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("publishes there already");
        }
    }

    @Test
    void shouldMakeAnotherFileWhereItsOwnIsGone() throws IOException {
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            output.put(sample(0, 1, false));
            Files.delete(file);
            output.put(sample(0, 1, false));
            assertThat(ClockBoundReader.attach(file).status()).isEqualTo(Status.SYNCHRONIZED);
        }
    }

    /** Files come and go, and each is whole from its first moment. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldNeverBeMetHalfMade() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread maker = Thread.ofPlatform().start(() -> {
            try (ClockBoundSegment output = new ClockBoundSegment(file)) {
                for (int i = 0; i < 200; i++) {
                    Files.deleteIfExists(file);
                    output.put(Optional.empty());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                done.set(true);
            }
        });
        int met = 0;
        while (!done.get()) {
            if (Files.exists(file)) {
                try {
                    assertThat(ClockBoundReader.attach(file).status()).isEqualTo(Status.UNKNOWN);
                    met++;
                } catch (NotReadyException | ContentionException e) {
                    met++; // not written yet, or the other thread has lost its CPU in the middle of a write
                } catch (NoSegmentException e) {
                    assertThat(e).hasMessageStartingWith("no segment at"); // it has just gone
                }
            }
        }
        maker.join();
        assertThat(met).isPositive();
    }

    @Test
    void shouldSayWhatIsMissing() {
        try (ClockBoundSegment output =
                new ClockBoundSegment(directory.resolve("none").resolve("shm0"))) {
            assertThatThrownBy(() -> output.put(Optional.empty()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("there is no directory");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldFollowNoLinkAndBeWritableForItsOwnerAlone() throws IOException {
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            output.put(Optional.empty());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-r--r--");
        }
        Files.delete(file);
        Path elsewhere = Files.write(directory.resolve("precious"), new byte[100]);
        Files.createSymbolicLink(file, elsewhere);
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            assertThatThrownBy(() -> output.put(Optional.empty())).isInstanceOf(IOException.class);
        }
        assertThat(Files.readAllBytes(elsewhere)).containsOnly(0);
        assertThat(Files.isSymbolicLink(file) && Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                .isTrue();
    }

    /** Readers compare it with the device: they see a disruption before the daemon's next look. */
    @Test
    void shouldPassTheDisruptionMarkerOn() throws IOException {
        try (ClockBoundSegment output = new ClockBoundSegment(file, true)) {
            output.put(Optional.of(Samples.of(clocks, 0x1122334455667788L)));
            assertThat(bytes().getLong(56)).isEqualTo(0x1122334455667788L);
            assertThat(bytes().get(72)).isEqualTo((byte) 1);
        }
        try (ClockBoundSegment output = new ClockBoundSegment(file)) {
            output.put(Optional.of(Samples.of(clocks, 0)));
            assertThat(bytes().get(72)).isZero();
        }
    }
}
