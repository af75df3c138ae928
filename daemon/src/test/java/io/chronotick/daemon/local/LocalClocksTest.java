// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.time.FakeClocks;
import io.chronotick.engine.LeapSecondList;
import io.chronotick.engine.ntp.ClockReading;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which clocks there are, and what has to be known of them before their time can be judged. */
class LocalClocksTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long DEVICE_LESS_RAW = 1_800_000_000L * SECOND;

    @TempDir
    private Path root;

    private final FakeClocks clocks = new FakeClocks();
    private final FakePtp device = new FakePtp(clocks, raw -> raw + DEVICE_LESS_RAW);
    private Optional<KernelClock.State> kernel = Optional.empty();
    private LocalClocks all = new LocalClocks(clocks);

    @BeforeEach
    void host() throws IOException {
        device.between = () -> clocks.pass(300, 0);
        Files.createDirectories(root.resolve("class"));
        Files.createDirectories(root.resolve("dev"));
        all = new LocalClocks(
                root.resolve("class"), root.resolve("dev"), device, () -> kernel, root.resolve("timesyncd"), clocks);
    }

    private Path add(String name, String clockName) throws IOException {
        Path directory =
                Files.createDirectories(root.resolve("class").resolve(name).resolve("device"));
        Files.writeString(directory.resolveSibling("clock_name"), clockName + "\n");
        return Files.writeString(root.resolve("dev").resolve(name), "");
    }

    private void state(String name, String bound) throws IOException {
        Files.writeString(root.resolve("class/" + name + "/device/phc_error_bound"), bound);
    }

    private List<ServerConfig> config(String... servers) throws Exception {
        String yaml = "clock_measurement: {ntp: {servers: [" + String.join(", ", servers) + "]}}";
        return ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config()
                .servers();
    }

    private LocalClock only(String server) throws Exception {
        return all.open(all.find(config(server)).getFirst().clock().orElseThrow());
    }

    @Test
    void shouldLeaveServersOnTheNetworkAlone() throws Exception {
        List<ServerConfig> servers = config("time.example", "time.example", "{host: other.example, port: 124}");
        assertThat(all.find(servers)).isEqualTo(servers);
    }

    @Test
    void shouldFindTheBestOfTheHypervisors() throws Exception {
        add("ptp0", "mlx5_ptp");
        add("ptp1", "KVM virtual PTP");
        assertThat(all.find(config("{kind: phc, max_error: 0.001}")).getFirst().name())
                .isEqualTo(root.resolve("dev/ptp1").toString());
        add("ptp2", "hyperv");
        assertThat(all.find(config("{kind: phc, device: auto, max_error: 0.001}"))
                        .getFirst()
                        .name())
                .isEqualTo(root.resolve("dev/ptp2").toString());
        add("ptp3", "ena-ptp-05");
        state("ptp3", "21000");
        List<ServerConfig> found = all.find(config("{kind: phc, minpoll: 2}", "time.example"));
        assertThat(found)
                .extracting(ServerConfig::name)
                .containsExactly(root.resolve("dev/ptp3").toString(), "time.example");
        assertThat(found.getFirst().clockPoll()).hasToString("4 to 16 s");
    }

    @Test
    void shouldSayThatThereIsNone() throws Exception {
        add("ptp0", "mlx5_ptp");
        List<ServerConfig> servers = config("{kind: phc}");
        assertThatThrownBy(() -> all.find(servers))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no PTP hardware clock of ENA, Hyper-V or KVM on this host");
        LocalClocks none =
                new LocalClocks(root.resolve("nothing"), root, device, () -> kernel, root.resolve("timesyncd"), clocks);
        assertThatThrownBy(() -> none.find(servers)).hasMessageContaining("load the module ptp_kvm");
    }

    @Test
    void shouldRefuseAClockWithoutABound() throws Exception {
        Path kvm = add("ptp0", "KVM virtual PTP");
        List<ServerConfig> servers = config("{kind: phc, device: " + kvm + "}");
        assertThatThrownBy(() -> all.find(servers))
                .isInstanceOf(IOException.class)
                .hasMessage(kvm
                        + " (KVM virtual PTP) does not state what it may be off by, and the hard bound needs that: give its"
                        + " max_error, s");
    }

    @Test
    void shouldRefuseAClockOfAnUnknownTimescale() throws Exception {
        Path card = add("ptp0", "mlx5_ptp");
        List<ServerConfig> servers = config("{kind: phc, device: " + card + ", max_error: 1e-6}");
        assertThatThrownBy(() -> all.find(servers))
                .hasMessageContaining("(mlx5_ptp) may count TAI or UTC, 37 s apart: give its timescale");
    }

    /** Not by its name, nor by that of a link to it. */
    @Test
    void shouldNotGiveOneClockTwoVotes() throws Exception {
        Path kvm = add("ptp0", "KVM virtual PTP");
        Path link = Files.createSymbolicLink(root.resolve("dev/ptp_kvm"), kvm);
        for (String other : List.of("auto", kvm.toString(), link.toString())) {
            List<ServerConfig> servers = config(
                    "{kind: phc, device: " + kvm + ", max_error: 0.001}",
                    "{kind: phc, device: " + other + ", max_error: 0.002}");
            assertThatThrownBy(() -> all.find(servers)).hasMessageEndingWith("is named twice: one clock has one vote");
        }
        assertThat(only("{kind: phc, device: " + link + ", max_error: 0.001}")
                        .read()
                        .maxError())
                .isEqualTo(0.001);
    }

    /** ENA states it anew at each reading. */
    @Test
    void shouldGoByWhatTheDriverStates() throws Exception {
        Path ena = add("ptp0", "ena-ptp-05");
        state("ptp0", "21000\n");
        LocalClock clock = only("{kind: phc, device: " + ena + "}");
        assertThat(clock.read().maxError()).isCloseTo(21e-6, within(1e-15));
        assertThat(clock.describe()).startsWith("ena-ptp-05, UTC, read by");
        state("ptp0", "35000");
        clocks.pass(SECOND, 0);
        assertThat(clock.read().maxError()).isCloseTo(35e-6, within(1e-15));
        for (String nonsense : List.of("0", "-1", "", "unknown", "99999999999")) {
            state("ptp0", nonsense);
            clocks.pass(SECOND, 0);
            assertThatThrownBy(clock::read).hasMessage("it states that it may be off by '" + nonsense + "' ns");
        }
        Files.delete(root.resolve("class/ptp0/device/phc_error_bound"));
        clocks.pass(SECOND, 0);
        assertThatThrownBy(clock::read).hasMessageContaining("does not state what it may be off by");
    }

    @Test
    void shouldTakeTheLargerOfBothBounds() throws Exception {
        Path ena = add("ptp0", "ena-ptp-05");
        state("ptp0", "21000");
        assertThat(only("{kind: phc, device: " + ena + ", max_error: 0.0001}")
                        .read()
                        .maxError())
                .isEqualTo(0.0001);
        clocks.pass(SECOND, 0);
        assertThat(only("{kind: phc, device: " + ena + ", max_error: 0.00001}")
                        .read()
                        .maxError())
                .isCloseTo(21e-6, within(1e-15));
    }

    /** It may come: what it is will be known then. */
    @Test
    void shouldWaitForADeviceThatIsNotThere() throws Exception {
        Path absent = root.resolve("dev/ptp0");
        LocalClock clock = only("{kind: phc, device: " + absent + "}");
        assertThatThrownBy(clock::read).hasMessageContaining("does not state what it may be off by");
        add("ptp0", "mlx5_ptp");
        clocks.pass(SECOND, 0);
        assertThatThrownBy(clock::read).hasMessageContaining("may count TAI or UTC");
    }

    private LeapSecondList list(long midnightSeconds, LeapIndicator kind) {
        return new LeapSecondList(Map.of(midnightSeconds * SECOND, kind), 1_900_000_000L * SECOND);
    }

    @Test
    void shouldTakeUtcFromTai() throws Exception {
        Path card = add("ptp0", "mlx5_ptp");
        LocalClock clock = only("{kind: phc, device: " + card + ", max_error: 1e-6, timescale: tai}");
        assertThatThrownBy(clock::read).hasMessageContaining("nothing says what TAI - UTC is now");
        kernel = Optional.of(new KernelClock.State(16_000_000, 64, 0));
        clocks.pass(SECOND, 0);
        assertThatThrownBy(clock::read).hasMessageContaining("nothing says what TAI - UTC is now");
        kernel = Optional.of(new KernelClock.State(1_000, 0, 37));
        clocks.pass(SECOND, 0);
        assertThat(lead(clock.read())).isEqualTo(37);
        all.onLeapSecondList(list(1_000_000_000, LeapIndicator.INSERT));
        clocks.pass(SECOND, 0);
        assertThat(lead(clock.read())).isEqualTo(11);
        all.onLeapSecondList(new LeapSecondList(Map.of(), 1_700_000_000L * SECOND)); // expired
        clocks.pass(SECOND, 0);
        assertThat(lead(clock.read())).isEqualTo(37);
    }

    private static long lead(ClockReading reading) {
        return (reading.beforeNanos() + DEVICE_LESS_RAW - reading.utcNanos()) / SECOND;
    }

    @ParameterizedTest
    @ValueSource(longs = {-2, -1, 0, 1, 2})
    void taiAroundALeapSecond(long seconds) {
        long midnight = 1_500_000_000L;
        // POSIX time repeats the second before an inserted one, which here begins at TAI = midnight + 10.
        long tai = (midnight + 10 + seconds) * SECOND;
        assertThat(list(midnight, LeapIndicator.INSERT).utcNanos(tai).orElseThrow())
                .isEqualTo((midnight + seconds - (seconds >= 0 ? 1 : 0)) * SECOND);
        // A deleted one is the last of the day.
        assertThat(list(midnight, LeapIndicator.DELETE).utcNanos(tai).orElseThrow())
                .isEqualTo((midnight + seconds + (seconds >= -1 ? 1 : 0)) * SECOND);
    }

    private static KernelClock.State synchronizedWithin(long micros) {
        return new KernelClock.State(micros, 0x2001, 37);
    }

    /** While it is slewed, too: it is read at one instant. */
    @Test
    void systemClockIsWorthWhatTheKernelWasTold() throws Exception {
        LocalClock clock = only("{kind: system}");
        kernel = Optional.of(synchronizedWithin(1_500));
        clocks.pass(SECOND, 400e-6);
        clocks.stallAfter(1, 7_000); // between the first two reads
        ClockReading reading = clock.read();
        assertThat(reading)
                .isEqualTo(new ClockReading(
                        clocks.rawNanos(),
                        clocks.realtimeNanos(),
                        clocks.rawNanos(),
                        1_500 * 1e-6,
                        10,
                        Optional.empty()));
        assertThat(clock.describe()).isEqualTo("CLOCK_REALTIME, its error by adjtimex(2)");
        LocalClock worse = only("{kind: system, max_error: 0.02}");
        assertThat(worse.read().maxError()).isEqualTo(0.02);
        assertThat(worse.describe()).endsWith("at least 0.02 s");
        kernel = Optional.of(synchronizedWithin(50_000));
        assertThat(worse.read().maxError()).isEqualTo(50_000 * 1e-6);
        clock.close();
    }

    /** It may be told of a correction between the reading and the question. */
    @Test
    void systemClockIsWorthTheWorseOfBothMoments() throws Exception {
        int[] asked = {0};
        LocalClock clock = new SystemClock(
                clocks,
                () -> Optional.of(synchronizedWithin(asked[0]++ == 0 ? 900 : 100)),
                OptionalDouble.empty(),
                root.resolve("timesyncd"));
        assertThat(clock.read().maxError()).isEqualTo(900 * 1e-6);
    }

    @Test
    void systemClockIsNotUsedUnlessItIsSynchronized() throws Exception {
        LocalClock clock = only("{kind: system, max_error: 0.02}");
        assertThatThrownBy(clock::read)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("adjtimex(2), which only reads here, is not permitted");
        kernel = Optional.of(new KernelClock.State(16_000_000, 0x40, 0));
        assertThatThrownBy(clock::read)
                .isInstanceOf(IOException.class)
                .hasMessage("the system clock is not synchronized (STA_UNSYNC): see timedatectl or chronyc tracking");
    }

    /** It sets the error to 0 whatever it is. */
    @Test
    void systemClockOfTimesyncdNeedsABound() throws Exception {
        kernel = Optional.of(synchronizedWithin(0));
        Files.writeString(root.resolve("timesyncd"), "");
        LocalClock clock = only("{kind: system}");
        assertThatThrownBy(clock::read).hasMessageEndingWith("give its max_error, s");
        assertThat(only("{kind: system, max_error: 0.1}").read().maxError()).isEqualTo(0.1);
    }

    @Test
    void systemClockTellsOfLeapSeconds() throws Exception {
        LocalClock clock = only("{kind: system}");
        kernel = Optional.of(new KernelClock.State(100, 0x2011, 37));
        assertThat(clock.read().leap()).contains(LeapIndicator.INSERT);
        kernel = Optional.of(new KernelClock.State(100, 0x2021, 37));
        assertThat(clock.read().leap()).contains(LeapIndicator.DELETE);
        // It was taken back, or has passed.
        kernel = Optional.of(synchronizedWithin(100));
        assertThat(clock.read().leap()).contains(LeapIndicator.NONE);
    }

    @Test
    void kernelStateIsDecoded() {
        ByteBuffer timex = ByteBuffer.allocate(KernelClock.State.BYTES).order(ByteOrder.nativeOrder());
        timex.putLong(24, 1_500).putInt(40, 0x2041).putInt(160, 37);
        assertThat(KernelClock.State.of(timex)).isEqualTo(new KernelClock.State(1_500, 0x2041, 37));
    }

    /** What it says depends on this machine; that it is no nonsense does not. */
    @Test
    void kernelTells() {
        KernelClock.State state = KernelClock.ofThisSystem().orElseThrow();
        assertThat(state.maxErrorMicros()).isBetween(0L, 3_600_000_000L);
        assertThat(state.status()).isBetween(0, 0xFFFF);
        assertThat(state.taiSeconds()).isBetween(0, 100);
    }

    /** The real calls, of what is no such clock. */
    @Test
    void theDeviceFileItself() throws Exception {
        Path file = add("ptp0", "ena-ptp-05");
        state("ptp0", "21000");
        LocalClocks real = new LocalClocks(
                root.resolve("class"),
                root.resolve("dev"),
                LinuxPtpDevice::open,
                () -> kernel,
                root.resolve("timesyncd"),
                clocks);
        LocalClock clock = real.open(
                config("{kind: phc, device: " + file + "}").getFirst().clock().orElseThrow());
        assertThatThrownBy(clock::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be read together with a clock of the system (error number 25)");
        Files.delete(file);
        assertThatThrownBy(clock::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no " + file + ": see which there are");
    }
}
