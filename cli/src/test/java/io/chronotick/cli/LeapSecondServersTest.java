// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A whole daemon, real servers on loopback, and a leap second that comes in their time, which is not this machine's. */
@Tag("slow")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LeapSecondServersTest {
    private static final long SECOND = 1_000_000_000L;

    /** The daemon is ready long before, on a machine that is busy, too. */
    private static final long AHEAD = 20 * SECOND;

    private static final long AFTERWARDS = 4 * SECOND;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    private final HostClocks clocks = HostClocks.system();
    private final List<Server> servers = new ArrayList<>();

    /** POSIX time at a reading of the raw clock is this more, ns, and so much more from the leap second on. */
    private record World(long lead, long leapRaw, LeapIndicator kind) {
        /** A leap second half a minute from now, at the next midnight at which there may be one. */
        static World ahead(long raw, LeapIndicator kind) {
            LocalDate today = LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC);
            LocalDate day = LocalDate.of(today.getYear(), today.getMonthValue() > 6 ? 12 : 6, 1)
                    .plusMonths(1);
            long midnight = day.toEpochDay() * 86_400 * SECOND;
            long utcAtLeap = kind == LeapIndicator.DELETE ? midnight - SECOND : midnight;
            return new World(utcAtLeap - raw - AHEAD, raw + AHEAD, kind);
        }

        boolean isOver(long raw) {
            return raw >= leapRaw;
        }

        long utc(long raw) {
            return raw + lead + (isOver(raw) ? kind.stepNanos() : 0);
        }

        /** From noon to noon: half of the second at midnight. */
        long smear(long raw) {
            return (isOver(raw) ? -kind.stepNanos() : kind.stepNanos()) / 2;
        }
    }

    private enum Manner {
        HONEST,
        /** Announces the other kind, and has it. */
        LYING,
        /** As ntpd does. */
        SMEARING_AND_SAYING_SO,
        SMEARING
    }

    /** Answers as its manner is. */
    private static final class Server {
        private final DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
        private final HostClocks clocks;
        private final World world;
        private final Manner manner;
        private final Thread thread;

        Server(HostClocks clocks, World world, Manner manner) throws IOException {
            this.clocks = clocks;
            this.world = world;
            this.manner = manner;
            this.thread = Thread.ofPlatform().daemon().start(this::serve);
        }

        String address() {
            return "127.0.0.1:" + socket.getLocalPort();
        }

        private void serve() {
            byte[] buffer = new byte[1024];
            DatagramPacket datagram = new DatagramPacket(buffer, buffer.length);
            while (!socket.isClosed()) {
                try {
                    socket.receive(datagram);
                    NtpTimestamp received = now();
                    NtpPacket request =
                            NtpPacket.parse(buffer, datagram.getLength()).orElseThrow();
                    byte[] reply = reply(request, received).toBytes();
                    socket.send(new DatagramPacket(reply, reply.length, datagram.getSocketAddress()));
                } catch (IOException e) {
                    assertThat(socket.isClosed()).as(e.toString()).isTrue();
                }
            }
        }

        private NtpPacket reply(NtpPacket request, NtpTimestamp received) {
            long raw = clocks.rawNanos();
            int smear = Math.toIntExact(Math.round(Math.scalb(world.smear(raw) / 1e9, 22)));
            return new NtpPacket(
                    world.isOver(raw) ? LeapIndicator.NONE : announced(),
                    4,
                    NtpPacket.MODE_SERVER,
                    1,
                    0,
                    -20,
                    0,
                    1e-5,
                    manner == Manner.SMEARING_AND_SAYING_SO ? 254 << 24 | (smear & 0xFF_FFFF) : 0x4C4F434C,
                    received,
                    request.transmit(),
                    received,
                    now());
        }

        private LeapIndicator announced() {
            return switch (manner) {
                case HONEST -> world.kind;
                case LYING -> other(world.kind);
                case SMEARING, SMEARING_AND_SAYING_SO -> LeapIndicator.NONE;
            };
        }

        private static LeapIndicator other(LeapIndicator kind) {
            return kind == LeapIndicator.INSERT ? LeapIndicator.DELETE : LeapIndicator.INSERT;
        }

        private NtpTimestamp now() {
            long raw = clocks.rawNanos();
            long said = world.utc(raw)
                    + switch (manner) {
                        case HONEST -> 0;
                        case LYING -> world.isOver(raw) ? -2 * world.kind.stepNanos() : 0;
                        case SMEARING, SMEARING_AND_SAYING_SO -> world.smear(raw);
                    };
            return NtpTimestamp.ofUnixNanos(said);
        }

        void stop() throws InterruptedException {
            socket.close();
            thread.join();
        }
    }

    @AfterEach
    void stopServers() throws InterruptedException {
        for (Server server : servers) {
            server.stop();
        }
    }

    private Daemon start(World world, Manner... manners) throws Exception {
        for (Manner manner : manners) {
            servers.add(new Server(clocks, world, manner));
        }
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [%s]
                    leap_seconds_list: none
                  timing:
                    warm_up: {measurement_interval: 0.1}
                    normal_operation: {measurement_interval: 1}
                daemon: {shm: "%s"}
                """.formatted(
                servers.stream().map(Server::address).collect(Collectors.joining("\", \"", "\"", "\"")), segment());
        return Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config());
    }

    private Path segment() {
        return directory.resolve("segment");
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as(what).isNegative();
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static StatusPage page(ChronoTickReader reader) {
        return reader.status();
    }

    private static boolean isReady(ChronoTickReader reader) {
        try {
            reader.now(new TimeInterval());
            return true;
        } catch (ChronoTickException e) {
            return false;
        }
    }

    /** Every reading from now to some seconds after the leap second. */
    private void holdsTheTruthThrough(ChronoTickReader reader, World world) {
        TimeInterval now = new TimeInterval();
        int before = 0;
        int after = 0;
        long end = clocks.rawNanos();
        assertThat(end).as("a machine that is ready in time").isLessThan(world.leapRaw());
        while (end < world.leapRaw() + AFTERWARDS || after == 0) {
            LockSupport.parkNanos(500_000);
            long begin = clocks.rawNanos();
            try {
                reader.now(now);
            } catch (ChronoTickException e) {
                // On a machine that is too slow a record may expire, which a reader then says.
                end = clocks.rawNanos();
                continue;
            }
            end = clocks.rawNanos();
            long first = world.utc(begin);
            long last = world.utc(end);
            assertThat(now.earliestNanos())
                    .as("%.6f s after the leap second", (end - world.leapRaw()) / 1e9)
                    .isLessThanOrEqualTo(Math.max(first, last));
            assertThat(now.latestNanos())
                    .as("%.6f s after the leap second", (end - world.leapRaw()) / 1e9)
                    .isGreaterThanOrEqualTo(Math.min(first, last));
            before += world.isOver(end) ? 0 : 1;
            after += world.isOver(begin) ? 1 : 0;
        }
        assertThat(before).isPositive();
        assertThat(after).isPositive();
    }

    private String command(String... arguments) {
        TestShell shell = new TestShell().with("CHRONOTICK_SHM", segment());
        shell.run(arguments);
        return shell.out().replaceAll("\\s+", " ");
    }

    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void shouldFollowTheMajority(LeapIndicator kind) throws Exception {
        World world = World.ahead(clocks.rawNanos(), kind);
        try (Daemon daemon = start(world, Manner.HONEST, Manner.HONEST, Manner.LYING, Manner.HONEST);
                ChronoTickReader reader = ChronoTickReader.attach(segment())) {
            assertThat(daemon).isNotNull();
            await("READY", () -> isReady(reader));
            await("the announcement", () -> page(reader).leapState() == kind.ordinal());
            assertThat(command("status"))
                    .contains(kind == LeapIndicator.INSERT ? "a second is inserted" : "a second is deleted");
            holdsTheTruthThrough(reader, world);
            await("the liar", () -> page(reader).sources().get(2).state() == SourceRow.State.FALSETICKER);
            assertThat(page(reader).sources())
                    .filteredOn(row -> row.state() == SourceRow.State.SELECTED)
                    .hasSize(3);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void shouldLeaveOutThoseThatSmear(LeapIndicator kind) throws Exception {
        World world = World.ahead(clocks.rawNanos(), kind);
        try (Daemon daemon = start(
                        world,
                        Manner.HONEST,
                        Manner.SMEARING_AND_SAYING_SO,
                        Manner.HONEST,
                        Manner.SMEARING,
                        Manner.HONEST);
                ChronoTickReader reader = ChronoTickReader.attach(segment())) {
            assertThat(daemon).isNotNull();
            await("READY", () -> isReady(reader));
            await("those that smear", () -> {
                List<SourceRow> rows = page(reader).sources();
                return rows.get(1).state() == SourceRow.State.SMEARING
                        && rows.get(3).state() == SourceRow.State.FALSETICKER;
            });
            assertThat(page(reader).sources().get(1).trouble()).contains(SourceRow.Trouble.SMEARING);
            assertThat(command("status"))
                    .contains("3 of 5 selected, 1 falseticker, 1 left out for smearing a leap second");
            String smearing = servers.get(1).address();
            assertThat(command("sources", "--wide")).contains(smearing + ": smears a leap second: its time is not UTC");
            assertThat(command("sources", "--json")).contains("\"trouble_code\":\"smearing\"");
            holdsTheTruthThrough(reader, world);
            assertThat(page(reader).sources().get(1).state()).isEqualTo(SourceRow.State.SMEARING);
        }
    }
}
