// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A plain file with the layout of the device. */
@EnabledOnOs(OS.LINUX)
class VmClockTest {
    @TempDir
    Path directory = Path.of("");

    private Path device = Path.of("");

    @BeforeEach
    void name() {
        device = directory.resolve("vmclock0");
    }

    private void write(int bytes, Consumer<ByteBuffer> change) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(0, 0x4B4C4356).putInt(4, 0x70).putShort(8, (short) 1).putLong(16, 0x1122334455667788L);
        change.accept(page);
        Files.write(device, Arrays.copyOf(page.array(), bytes), StandardOpenOption.CREATE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x70, 4096})
    void shouldFollowTheMarker(int bytes) throws IOException {
        write(bytes, page -> {});
        VmClock clock = VmClock.open(device);
        assertThat(clock.marker()).isEqualTo(0x1122334455667788L);
        write(bytes, page -> page.putLong(16, -1));
        assertThat(clock.marker()).isEqualTo(-1);
        assertThat(clock).hasToString(device.toString());
    }

    @Test
    void shouldReadTheHintsOfLeapSeconds() throws IOException {
        write(0x70, page -> {});
        VmClock clock = VmClock.open(device);
        assertThat(clock.hints()).contains(new VmClock.Hints(VmClock.Smear.NONE, Optional.empty()));
        List<VmClock.Smear> smears = List.of(VmClock.Smear.values());
        for (int i = 0; i < 4; i++) {
            byte hint = (byte) i;
            write(0x70, page -> page.put(35, hint));
            assertThat(clock.hints().orElseThrow().smear()).isEqualTo(smears.get(i));
        }
        List<Optional<LeapIndicator>> leaps = List.of(
                Optional.empty(),
                Optional.of(LeapIndicator.INSERT),
                Optional.of(LeapIndicator.DELETE),
                Optional.of(LeapIndicator.INSERT),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        for (int i = 0; i < leaps.size(); i++) {
            byte indicator = (byte) i;
            write(0x70, page -> page.put(38, indicator));
            assertThat(clock.hints().orElseThrow().leap()).isEqualTo(leaps.get(i));
        }
    }

    /** A host that has died while it wrote, or is writing. */
    @Test
    void shouldTakeNoHintsWhileTheHostWrites() throws IOException {
        write(0x70, page -> page.putInt(12, 7).put(38, (byte) 1));
        VmClock clock = VmClock.open(device);
        assertThat(clock.hints()).isEmpty();
        write(0x70, page -> page.putInt(12, 8).put(38, (byte) 1));
        assertThat(clock.hints()).isPresent();
    }

    @Test
    void shouldTakeALaterSizeAsLongAsTheDeviceFitsOnAPage() throws IOException {
        write(4096, page -> page.putInt(4, 0x100));
        assertThat(VmClock.open(device).marker()).isEqualTo(0x1122334455667788L);
    }

    @Test
    void shouldRefuseWhatIsNotOneInOneLine() throws IOException {
        write(0x70, page -> page.putInt(0, 0));
        assertRefused();
        write(0x70, page -> page.putShort(8, (short) 2));
        assertRefused();
        write(0x70, page -> page.putInt(4, 0x6F));
        assertRefused();
        write(0x70, page -> page.putInt(4, 4097));
        assertRefused();
        write(0x70, page -> page.putInt(4, -1));
        assertRefused();
        Files.delete(device);
        write(0x6F, page -> {});
        assertRefused();
        Files.write(device, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
        assertRefused();
    }

    private void assertRefused() {
        assertThatThrownBy(() -> VmClock.open(device))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(device + " is not a VMClock of version 1")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void shouldSayThatThereIsNone() {
        assertThatThrownBy(() -> VmClock.open(device))
                .isInstanceOf(IOException.class)
                .hasMessage("no VMClock at " + device + ": this machine offers none");
    }
}
