// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.local.FakePtp;
import io.chronotick.daemon.local.KernelClock;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A whole daemon with a PTP hardware clock behind the one call. */
@Isolated("looks at what is logged")
class LocalClockDaemonTest {
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory = Path.of("");

    private final Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
    private final FakePtp device = new FakePtp(CLOCKS, truth::truthNanosAt);
    private final LogLines log = new LogLines();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(log));
    private Path file = Path.of("");
    private String vmClockDevice = "none";
    private LocalClocks host = new LocalClocks(CLOCKS);
    private volatile Optional<KernelClock.State> kernel = Optional.empty();

    @BeforeEach
    void host() throws Exception {
        Path classes = directory.resolve("class");
        Files.writeString(
                Files.createDirectories(classes.resolve("ptp0/device")).resolveSibling("clock_name"), "ena-ptp-05");
        Files.writeString(classes.resolve("ptp0/device/phc_error_bound"), "2000");
        Path devices = Files.createDirectories(directory.resolve("dev"));
        file = Files.writeString(devices.resolve("ptp0"), "");
        host = new LocalClocks(classes, devices, device, () -> kernel, directory.resolve("timesyncd"), CLOCKS);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private DaemonConfig config(String... servers) throws Exception {
        return ConfigLoader.parse(
                        """
                        clock_measurement:
                          vmclock: "%s"
                          ntp: {servers: [%s], timeout_seconds: 0.3, leap_seconds_list: none}
                          timing:
                            warm_up: {measurement_interval: 0.1}
                            normal_operation: {measurement_interval: 1}
                        daemon: {shm: "%s"}
                        """.formatted(vmClockDevice, String.join(", ", servers), directory.resolve("segment")),
                        "test",
                        Map.of(),
                        ConfigOverrides.NONE,
                        64)
                .config();
    }

    private ChronoTickReader start(String... servers) throws Exception {
        Daemon daemon = Daemon.start(config(servers), CLOCKS, NtpTransports::open, host, Watchdog.LOOK_MILLIS);
        opened.add(daemon);
        ChronoTickReader reader = ChronoTickReader.attach(daemon.segment());
        opened.add(reader);
        return reader;
    }

    private String server() throws Exception {
        ReferenceServer server =
                ReferenceServer.start(ReferenceServerConfig.builder(truth).build(), CLOCKS);
        opened.add(server);
        return "127.0.0.1:" + server.address().getPort();
    }

    private void assertHoldsTheTruth(ChronoTickReader reader) {
        TimeInterval now = new TimeInterval();
        long before = truth.truthNanosAt(CLOCKS.rawNanos());
        reader.now(now);
        long after = truth.truthNanosAt(CLOCKS.rawNanos());
        assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
        assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
    }

    private void awaitLine(String line) throws Exception {
        TestDaemon.await(line, () -> log.lines().contains(line));
    }

    @Test
    void shouldHaveTheTimeOfAClockAlone() throws Exception {
        ChronoTickReader reader = start("{kind: phc}");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        assertHoldsTheTruth(reader);
        TestDaemon.await("the row", () -> reader.status().sources().getFirst().state() == SourceRow.State.SELECTED);
        SourceRow row = reader.status().sources().getFirst();
        assertThat(row.name()).isEqualTo(file.toString());
        assertThat(row.address()).isEmpty();
        assertThat(row.state()).isEqualTo(SourceRow.State.SELECTED);
        assertThat(row.trouble()).isEmpty();
        assertThat(row.stratum()).isEqualTo(1);
        assertThat(row.kernelStamps()).isTrue();
        assertThat(row.rootDistance()).isGreaterThanOrEqualTo(2e-6);
        assertThat(log.lines())
                .contains("INFO device: auto is " + file + " (ena-ptp-05)")
                .contains("INFO " + file + " is read: ena-ptp-05, UTC, read by PTP_SYS_OFFSET_PRECISE");
    }

    @Test
    void shouldSayThatItStandsStillAndGoOnWhenItRuns() throws Exception {
        ChronoTickReader reader = start("{kind: phc, maxpoll: 0}", "\"" + server() + "\"");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        long stopped = truth.truthNanosAt(CLOCKS.rawNanos());
        device.time = raw -> stopped;
        awaitLine("WARN " + file + " is not used: it stands still; trying until it works");
        TestDaemon.await(
                "the row",
                () -> reader.status()
                        .sources()
                        .getFirst()
                        .trouble()
                        .equals(Optional.of(SourceRow.Trouble.CLOCK_UNREADABLE)));
        assertHoldsTheTruth(reader);
        device.time = truth::truthNanosAt;
        TestDaemon.await(
                "another line",
                () -> log.lines().stream()
                                .filter(line -> line.startsWith("INFO " + file + " is read"))
                                .count()
                        == 2);
        TestDaemon.await(
                "the row", () -> reader.status().sources().getFirst().trouble().isEmpty());
    }

    /** One that jumps contradicts itself and the others: no time is believed that is not so. */
    @Test
    void shouldNotFollowAClockThatJumps() throws Exception {
        ChronoTickReader reader = start("{kind: phc, maxpoll: 0}", "\"" + server() + "\"", "\"" + server() + "\"");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        device.time = raw -> truth.truthNanosAt(raw) + 10_000_000;
        TestDaemon.await(
                "the falseticker", () -> reader.status().sources().getFirst().state() == SourceRow.State.FALSETICKER);
        assertHoldsTheTruth(reader);
    }

    @Test
    void shouldGoOnWithoutAClockThatCannotBeOpened() throws Exception {
        device.closedBy = "permission denied: let the daemon's group read it";
        ChronoTickReader reader = start("\"" + server() + "\"", "{kind: phc}", "\"" + server() + "\"");
        awaitLine("WARN " + file
                + " is not used: permission denied: let the daemon's group read it; trying until it works");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        assertHoldsTheTruth(reader);
        assertThat(reader.status().sources().get(1).trouble()).contains(SourceRow.Trouble.CLOCK_UNREADABLE);
        device.closedBy = "";
        TestDaemon.await("the clock", () -> reader.status().sources().get(1).state() == SourceRow.State.SELECTED);
    }

    /** Another program has the time. */
    @Test
    void shouldHaveTheTimeOfTheSystemClockWhileThatIsSynchronized() throws Exception {
        kernel = Optional.of(new KernelClock.State(2_000, 0x2001, 37));
        ChronoTickReader reader = start("{kind: system, maxpoll: 0}");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        TimeInterval now = new TimeInterval();
        long before = CLOCKS.realtimeNanos();
        reader.now(now);
        assertThat(now.earliestNanos()).isLessThanOrEqualTo(CLOCKS.realtimeNanos());
        assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
        assertThat(now.boundNanos()).isGreaterThanOrEqualTo(2_000_000);
        kernel = Optional.of(new KernelClock.State(16_000_000, 0x40, 0));
        awaitLine("WARN system clock is not used: the system clock is not synchronized (STA_UNSYNC): see timedatectl or"
                + " chronyc tracking; trying until it works");
        TestDaemon.await("the row", () -> {
            SourceRow row = reader.status().sources().getFirst();
            return row.stratum() == 10 && row.trouble().equals(Optional.of(SourceRow.Trouble.CLOCK_UNREADABLE));
        });
        assertThat(reader.status().sources().getFirst().name()).isEqualTo("system clock");
    }

    /** A hardware clock knows of no leap seconds, the hypervisor does. */
    @Test
    void shouldHearOfALeapSecondByTheVmClock() throws Exception {
        Path vmClock = directory.resolve("vmclock0");
        ByteBuffer page = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(0, 0x4B4C4356).putInt(4, 0x70).putShort(8, (short) 1).put(35, (byte) 1);
        Files.write(vmClock, page.array());
        vmClockDevice = vmClock.toString();
        ChronoTickReader reader = start("{kind: phc}");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        assertThat(log.lines())
                .contains(
                        "WARN the hypervisor says that systems here smear leap seconds (linearly from noon to noon), and this daemon"
                                + " tells UTC, so its servers must not: see leap_smear");
        Files.write(vmClock, page.put(38, (byte) 2).array(), StandardOpenOption.WRITE);
        awaitLine("INFO the hypervisor announces a leap second: 23:59:59 is left out");
        TestDaemon.await("its place on the page", () -> reader.status().leapState() == LeapIndicator.DELETE.ordinal());
        Files.write(vmClock, page.put(38, (byte) 0).array(), StandardOpenOption.WRITE);
        awaitLine("INFO the hypervisor announces no leap second any more");
        TestDaemon.await("its end on the page", () -> reader.status().leapState() == LeapIndicator.NONE.ordinal());
    }

    /** A driver that hangs holds nobody up but its own thread. */
    @Test
    void shouldGoOnWhileAReadingHangs() throws Exception {
        CountDownLatch hang = new CountDownLatch(1);
        opened.add(hang::countDown);
        device.time = raw -> {
            try {
                hang.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return truth.truthNanosAt(CLOCKS.rawNanos());
        };
        ChronoTickReader reader = start("{kind: phc}", "\"" + server() + "\"", "\"" + server() + "\"");
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        awaitLine("WARN " + file + " is not used: a reading does not end; trying until it works");
        assertHoldsTheTruth(reader);
        hang.countDown();
        TestDaemon.await("the clock", () -> reader.status().sources().getFirst().state() == SourceRow.State.SELECTED);
        assertHoldsTheTruth(reader);
    }

    @Test
    void shouldNotStartWithAClockOfUnknownError() throws Exception {
        Files.delete(directory.resolve("class/ptp0/device/phc_error_bound"));
        DaemonConfig config = config("{kind: phc}");
        assertThatThrownBy(() -> Daemon.start(config, CLOCKS, NtpTransports::open, host, Watchdog.LOOK_MILLIS))
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("give its max_error");
        assertThat(directory.resolve("segment")).doesNotExist();
    }

    @Test
    void shouldAddAndRemoveClocksByReload() throws Exception {
        String server = "\"" + server() + "\"";
        ChronoTickReader reader = start(server);
        Daemon daemon = (Daemon) opened.get(opened.size() - 2);
        TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
        daemon.reload(config(server, "{kind: phc}"));
        TestDaemon.await(
                "the clock",
                () -> reader.status().sources().size() == 2
                        && reader.status().sources().get(1).state() == SourceRow.State.SELECTED);
        daemon.reload(config(server, "{kind: phc}"));
        daemon.reload(config(server));
        awaitLine("INFO " + file + " is not asked any more");
        TestDaemon.await("its row", () -> reader.status().sources().size() == 1);
        assertThat(log.lines()).contains("INFO servers: 2 kept, 0 added, 0 removed");
        assertHoldsTheTruth(reader);
    }
}
