// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.daemon.time.FakeClocks;
import io.chronotick.engine.ntp.ClockReading;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How a hardware clock is read: the bytes, the choice of the call, and what goes wrong. */
class PtpClockTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC_LESS_RAW = 1_800_000_000L * SECOND;
    private static final int EIO = 5;
    private static final int EINTR = 4;
    private static final int ENODEV = 19;

    private final FakeClocks clocks = new FakeClocks();
    private final FakePtp device = new FakePtp(clocks, raw -> raw + UTC_LESS_RAW);
    private final PtpClock clock =
            new PtpClock(Path.of("/dev/ptp0"), "fake", device, clocks, () -> 2e-6, OptionalLong::of);

    PtpClockTest() {
        device.between = () -> clocks.pass(300, 0);
    }

    private void only(PtpCall call) {
        device.known.clear();
        device.known.add(call);
    }

    /** Counted from include/uapi/linux/ptp_clock.h: direction, size, '=' and number, as _IOWR and _IOW make them. */
    @ParameterizedTest
    @EnumSource
    void requestsAreThoseOfTheKernel(PtpCall call) {
        int number = switch (call) {
            case PRECISE -> 8;
            case EXTENDED_RAW, EXTENDED -> 9;
            case PLAIN -> 5;
        };
        long direction = call == PtpCall.PLAIN ? 1 : 3;
        long size = call.argument().capacity();
        assertThat(call.request()).isEqualTo(direction << 30 | size << 16 | '=' << 8 | number);
        assertThat(size)
                .isEqualTo(
                        switch (call) {
                            case PRECISE -> 3 * 16 + 16; // three times, four reserved words
                            case EXTENDED_RAW, EXTENDED -> 16 + 25 * 3 * 16; // four words, 25 triples
                            case PLAIN -> 16 + (2 * 25 + 1) * 16; // four words, 51 times
                        });
    }

    @Test
    void argumentSaysHowManyReadingsOfWhichClock() {
        ByteBuffer raw = PtpCall.EXTENDED_RAW.argument();
        assertThat(raw.order()).isEqualTo(ByteOrder.nativeOrder());
        assertThat(raw.getInt(0)).isEqualTo(10);
        assertThat(raw.getInt(4)).isEqualTo(4);
        assertThat(raw.getLong(8)).isZero();
        assertThat(PtpCall.EXTENDED.argument().getInt(4)).isZero();
        assertThat(PtpCall.PLAIN.argument().getInt(0)).isEqualTo(10);
        assertThat(PtpCall.PRECISE.argument()).isEqualTo(ByteBuffer.allocate(64));
    }

    /** Device first, then CLOCK_REALTIME, then CLOCK_MONOTONIC_RAW, each i64 s, u32 ns, u32 reserved. */
    @Test
    void preciseIsOneInstant() throws IOException {
        ByteBuffer struct = PtpCall.PRECISE.argument();
        struct.putLong(0, 1_800_000_000L).putInt(8, 123_456_789);
        struct.putLong(16, 7).putInt(24, 7);
        struct.putLong(32, 5_000).putInt(40, 999_999_999);
        assertThat(PtpCall.PRECISE.shortest(struct))
                .isEqualTo(new PtpCall.Triple(5_000_999_999_999L, 1_800_000_000_123_456_789L, 5_000_999_999_999L));
    }

    @ParameterizedTest
    @EnumSource
    void readsAnIntervalThatHoldsTheTruth(PtpCall call) throws IOException {
        only(call);
        clocks.pass(SECOND, 400e-6);
        ClockReading reading = clock.read();
        assertThat(clock.describe()).isEqualTo("fake, read by " + call.text());
        long truth = reading.utcNanos() - UTC_LESS_RAW;
        assertThat(truth).isBetween(reading.beforeNanos(), reading.afterNanos());
        assertThat(reading.afterNanos() - reading.beforeNanos()).isEqualTo(call == PtpCall.PRECISE ? 0 : 600);
        assertThat(reading.maxError()).isEqualTo(2e-6);
        assertThat(reading.stratum()).isEqualTo(1);
        assertThat(reading.leap()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void looksForTheBestCallOnce(PtpCall call) throws IOException {
        only(call);
        clock.read();
        // One instant does not tell whether the device goes on.
        int each = call == PtpCall.PRECISE ? 2 : 1;
        assertThat(device.calls).isEqualTo(call.ordinal() + each);
        clocks.pass(SECOND, 0);
        clock.read();
        assertThat(device.calls).isEqualTo(call.ordinal() + 2 * each);
        assertThat(device.opened).isEqualTo(1);
    }

    @Test
    void saysSoWhereNoCallIsKnown() {
        device.known.clear();
        assertThatThrownBy(clock::read)
                .isInstanceOf(IOException.class)
                .hasMessage("its driver cannot be read together with a clock of the system (error number 95)");
    }

    /** The shortest of a burst was disturbed least. */
    @Test
    void takesTheShortestOfTheBurst() throws IOException {
        only(PtpCall.EXTENDED_RAW);
        int[] reads = {0};
        device.between = () -> clocks.pass(reads[0]++ / 2 == 6 ? 100 : 5_000, 0);
        ClockReading reading = clock.read();
        assertThat(reading.afterNanos() - reading.beforeNanos()).isEqualTo(200);
        assertThat(reading.utcNanos() - UTC_LESS_RAW).isEqualTo(reading.beforeNanos() + 100);
    }

    /** While it is read the system clock is slewed: the interval gets wider, not wrong. */
    @Test
    void boundsWhatASlewHides() throws IOException {
        only(PtpCall.EXTENDED);
        device.between = () -> clocks.pass(50_000, 500e-6);
        ClockReading reading = clock.read();
        long truth = reading.utcNanos() - UTC_LESS_RAW;
        assertThat(truth).isBetween(reading.beforeNanos(), reading.afterNanos());
        assertThat(reading.afterNanos() - reading.beforeNanos()).isBetween(100_000L, 102_000L);
    }

    @Test
    void doesNotTakeAReadingDuringAStep() {
        only(PtpCall.EXTENDED);
        int[] reads = {0};
        device.between = () -> {
            clocks.pass(300, 0);
            if (reads[0]++ == 12) {
                clocks.stepRealtime(SECOND);
            }
        };
        assertThatThrownBy(clock::read).hasMessage("the system clock was set while it was read");
    }

    /** The driver knows of no time namespace: its raw clock is not that of this process. */
    @ParameterizedTest
    @EnumSource(names = {"PRECISE", "EXTENDED_RAW"})
    void goesBySystemTimeInATimeNamespace(PtpCall call) throws IOException {
        only(call);
        device.known.add(PtpCall.EXTENDED);
        device.namespaceNanos = 1_000 * SECOND;
        ClockReading reading = clock.read();
        assertThat(clock.describe()).endsWith("PTP_SYS_OFFSET_EXTENDED");
        assertThat(reading.utcNanos() - UTC_LESS_RAW).isBetween(reading.beforeNanos(), reading.afterNanos());
    }

    @Test
    void callsAgainAfterASignal() throws IOException {
        Stream.of(EINTR, EINTR, EINTR).forEach(device.errors::add);
        clock.read();
        assertThat(device.calls).isEqualTo(3 + 2);
        assertThat(clock.describe()).endsWith("PTP_SYS_OFFSET_PRECISE");
    }

    @Test
    void opensTheDeviceAgainAfterAnError() throws IOException {
        device.errors.add(EIO);
        assertThatThrownBy(clock::read).isInstanceOf(IOException.class).hasMessage("error number 5");
        assertThat(device.closed).isEqualTo(1);
        clock.read();
        assertThat(device.opened).isEqualTo(2);
        device.errors.add(ENODEV);
        assertThatThrownBy(clock::read).hasMessage("the device is gone");
        device.closedBy = "there is no /dev/ptp0";
        assertThatThrownBy(clock::read).hasMessage("there is no /dev/ptp0");
        device.closedBy = "";
        clocks.pass(SECOND, 0);
        clock.read();
        clock.close();
        assertThat(device.closed).isEqualTo(device.opened);
    }

    /** At once: what it read first after it stopped would be believed otherwise. */
    @ParameterizedTest
    @EnumSource
    void noticesAClockThatStandsStill(PtpCall call) throws IOException {
        only(call);
        long stopped = UTC_LESS_RAW + clocks.rawNanos();
        device.time = raw -> stopped;
        assertThatThrownBy(clock::read).hasMessage("it stands still");
        device.time = raw -> raw + UTC_LESS_RAW;
        clock.read();
    }

    @Test
    void doesNotTakeNonsenseForATime() {
        device.time = raw -> Long.MAX_VALUE;
        assertThatThrownBy(clock::read).hasMessageContaining("which is no time");
        ByteBuffer struct = PtpCall.PRECISE.argument().putInt(8, 1_000_000_000);
        assertThatThrownBy(() -> PtpCall.PRECISE.shortest(struct)).hasMessageContaining("which is no time");
    }
}
