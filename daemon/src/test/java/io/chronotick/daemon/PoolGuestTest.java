// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.UserStamps;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the members of a pool see of a daemon with the polls of public servers: servers of this test's own that count, on the loopback, by
 * real sockets and in virtual time. Whatever is sent has arrived before time goes on, so nothing depends on how fast this machine is.
 */
@Tag("slow") // six virtual hours of real packets, several times
class PoolGuestTest {
    private static final long SECOND = VirtualClocks.SECOND;
    private static final long HOUR = 3600 * SECOND;
    private static final long ONE_WAY = 10_000_000;
    private static final double POLL = 64;

    /** On an idle machine some microseconds. */
    private static final int PATIENCE_MILLIS = 60_000;

    private static final int DENY = 0x44454E59;
    private static final int RATE = 0x52415445;

    @TempDir
    Path directory;

    private final VirtualClocks clocks = new VirtualClocks();
    private final long start = clocks.rawNanos();
    private final Random random = new Random(4711);
    private final List<Member> members = new ArrayList<>();
    private final Writer writer = new Writer();
    private Wire wire;
    private EngineLoop loop;

    /** What the pool's name leads to. */
    private List<Member> zone = List.of();

    private int lookups;
    private double loss;

    @BeforeEach
    void open() throws Exception {
        wire = new Wire(UserStamps.open(clocks));
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [{host: pool.test, pool: 4, minpoll: 6, maxpoll: 10}]
                  timing: {warm_up: {measurement_interval: 2}}
                daemon: {shm: "%s"}
                """.formatted(directory.resolve("segment"));
        loop = new EngineLoop(
                ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                        .config(),
                List.of(),
                clocks,
                wire,
                (host, port) -> {
                    lookups++;
                    return CompletableFuture.completedFuture(
                            zone.stream().map(member -> member.address).toList());
                },
                new LocalClocks(clocks),
                random,
                writer,
                exchange -> {},
                (thread, cause) -> {
                    throw new AssertionError(cause);
                });
    }

    @AfterEach
    void close() {
        wire.close();
        members.forEach(member -> member.socket.close());
    }

    private Member member(String name) throws IOException {
        Member member = new Member(name);
        members.add(member);
        return member;
    }

    /** A server. */
    private final class Member {
        final String name;
        final DatagramSocket socket;
        final InetSocketAddress address;
        final List<Long> asked = new ArrayList<>();

        int kiss;
        long lieNanos;
        boolean silent;

        /** RATE to who asks sooner after the request before, s; and which requests were answered so. */
        double limitSeconds;

        final List<Integer> slowed = new ArrayList<>();

        Member(String name) throws IOException {
            this.name = name;
            socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
            socket.setSoTimeout(PATIENCE_MILLIS);
            address = (InetSocketAddress) socket.getLocalSocketAddress();
        }

        double gap(int request) {
            return (asked.get(request) - asked.get(request - 1)) / 1e9;
        }

        double leastGap() {
            double least = Double.POSITIVE_INFINITY;
            for (int i = 1; i < asked.size(); i++) {
                least = Math.min(least, gap(i));
            }
            return least;
        }

        /** Takes the request that has just been sent, and has it answered. */
        void receive(int source, long generation) throws IOException {
            DatagramPacket datagram = new DatagramPacket(new byte[1024], 1024);
            socket.receive(datagram);
            asked.add(clocks.rawNanos());
            NtpPacket request =
                    NtpPacket.parse(datagram.getData(), datagram.getLength()).orElseThrow();
            int code = kiss;
            if (limitSeconds > 0 && asked.size() > 1 && gap(asked.size() - 1) < limitSeconds) {
                slowed.add(asked.size() - 1);
                code = RATE;
            }
            if (silent || random.nextDouble() < loss) {
                return;
            }
            byte[] reply = answer(request, code, clocks.rawNanos() + ONE_WAY).toBytes();
            wire.events.in(2 * ONE_WAY, () -> wire.deliver(this, reply, datagram, source, generation));
        }

        private NtpPacket answer(NtpPacket request, int code, long arrival) {
            NtpTimestamp time = NtpTimestamp.ofUnixNanos(1_900_000_000L * SECOND + arrival - start + lieNanos);
            return new NtpPacket(
                    LeapIndicator.NONE,
                    4,
                    NtpPacket.MODE_SERVER,
                    code == 0 ? 2 : 0,
                    6,
                    -24,
                    1e-3,
                    1e-3,
                    code,
                    time,
                    request.transmit(),
                    time,
                    time);
        }
    }

    /** The daemon's own sockets, between which time passes only when nothing is under way. */
    private final class Wire implements NtpTransport {
        private final NtpTransport sockets;
        private final VirtualEvents events = new VirtualEvents(clocks);
        private final Map<Integer, Member> asked = new HashMap<>();
        private final long[] generations = new long[4];
        private int delivered;

        /** By source: who was asked, one after the other. */
        final List<List<String>> tenants = Stream.generate(() -> (List<String>) new ArrayList<String>())
                .limit(4)
                .toList();

        Wire(NtpTransport sockets) {
            this.sockets = sockets;
        }

        @Override
        public String describe() {
            return sockets.describe();
        }

        @Override
        public void connect(int source, InetSocketAddress address) throws IOException {
            sockets.connect(source, address);
            generations[source]++;
            Member member = members.stream()
                    .filter(each -> each.address.equals(address))
                    .findFirst()
                    .orElseThrow();
            if (asked.put(source, member) != member) {
                tenants.get(source).add(member.name);
            }
        }

        @Override
        public void disconnect(int source) {
            sockets.disconnect(source);
        }

        @Override
        public void send(int source, long requestId, byte[] payload, Listener listener) {
            sockets.send(source, requestId, payload, listener);
            try {
                tenant(source).receive(source, generations[source]);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Not to a socket that has been given up meanwhile: nobody would take it. */
        void deliver(Member member, byte[] reply, DatagramPacket request, int source, long generation) {
            if (generations[source] != generation) {
                return;
            }
            try {
                int before = delivered;
                member.socket.send(new DatagramPacket(reply, reply.length, request.getSocketAddress()));
                long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
                while (delivered == before) {
                    sockets.poll(SECOND, counting(loop));
                    assertThat(System.nanoTime() - deadline)
                            .as("a datagram on the loopback")
                            .isNegative();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Listener counting(Listener to) {
            return new Listener() {
                @Override
                public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
                    to.onTransmitted(source, requestId, rawNanos, kind);
                }

                @Override
                public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
                    delivered++;
                    to.onReceived(source, payload, length, rawNanos, kind);
                }

                @Override
                public void onUnreachable(int source, String reason) {
                    to.onUnreachable(source, reason);
                }

                @Override
                public void onNotSent(int source, String reason) {
                    to.onNotSent(source, reason);
                }
            };
        }

        @Override
        public void poll(long timeoutNanos, Listener to) {
            events.pass(timeoutNanos);
        }

        @Override
        public void wakeup() {
            // There is no other thread.
        }

        @Override
        public void close() {
            sockets.close();
        }
    }

    private final class Writer implements EngineLoop.Publisher {
        Correction newest = Correction.nothingKnown(0);

        @Override
        public long discontinuities() {
            return 0;
        }

        @Override
        public void publish(Correction correction, long discontinuities) {
            newest = correction;
            if (isValid()) {
                long utc = 1_900_000_000L * SECOND + clocks.rawNanos() - start;
                assertThat(Math.abs(newest.utcNanosAt(clocks.rawNanos()) - utc) * 1e-9)
                        .as("at %d s", (clocks.rawNanos() - start) / SECOND)
                        .isLessThanOrEqualTo(newest.maxErrorAt(clocks.rawNanos()));
            }
        }

        boolean isValid() {
            return newest.validAt(clocks.rawNanos());
        }
    }

    private void at(long nanos, Runnable run) {
        wire.events.in(nanos, run);
    }

    private void runUntil(long nanos) {
        at(nanos, loop::stop);
        loop.run();
    }

    private Member tenant(int source) {
        return Objects.requireNonNull(wire.asked.get(source));
    }

    /** Bursts of 8 at most, 2 s apart at least, and 150 in six hours. */
    private void assertGoodGuest() {
        for (Member member : members) {
            assertThat(member.leastGap()).as(member.name).isGreaterThanOrEqualTo(2);
            assertThat(member.asked).as(member.name).hasSizeLessThanOrEqualTo(150);
            for (int i = 8; i < member.asked.size(); i++) {
                assertThat((member.asked.get(i) - member.asked.get(i - 8)) / 1e9)
                        .as("%s: nine requests up to %d", member.name, i)
                        .isGreaterThanOrEqualTo(0.9 * POLL);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3})
    void shouldReplaceWhoIsOfNoUseAndStayAGoodGuest(double lost) throws Exception {
        loss = lost;
        Member denier = member("denier");
        denier.kiss = DENY;
        Member liar = member("liar");
        liar.lieNanos = SECOND / 2;
        Member silent = member("silent");
        silent.silent = true;
        Member moving = member("moving");
        List<Member> spare = List.of(member("a"), member("b"), member("c"), member("d"));
        Member moved = member("moved");
        zone = zone(denier, liar, silent, moving, spare);
        at(15 * SECOND, () -> {
            assertThat(writer.isValid() && writer.newest.warmupComplete()).isTrue();
            // Nobody waits for a look-up to leave who has refused or is not there.
            assertThat(List.of(tenant(0), tenant(2))).doesNotContain(denier, silent);
        });
        at(HOUR / 2, () -> {
            assertThat(loop.snapshot().sources())
                    .allMatch(
                            source -> source.state() == SourceState.SELECTED && source.trouble() == SourceTrouble.NONE);
            assertThat(List.of(tenant(0), tenant(1), tenant(2), tenant(3))).doesNotContain(denier, liar, silent);
            assertThat(denier.asked).hasSize(1);
            assertThat(liar.asked).hasSizeLessThanOrEqualTo(8);
        });
        at(HOUR, () -> {
            moving.silent = true;
            zone = zone(denier, liar, silent, moved, spare);
        });
        runUntil(6 * HOUR);
        assertGoodGuest();
        // Once an hour is no burden.
        assertThat(denier.leastGap()).isGreaterThanOrEqualTo(3600);
        assertThat(wire.tenants.get(0)).startsWith("denier").last().isIn("a", "b", "c", "d", "moved");
        assertThat(wire.tenants.get(1)).startsWith("liar").last().isIn("a", "b", "c", "d", "moved");
        assertThat(wire.tenants.get(2)).startsWith("silent").last().isIn("a", "b", "c", "d", "moved");
        assertThat(List.of(tenant(0), tenant(1), tenant(2), tenant(3))).doesNotContain(moving);
        assertThat(loop.snapshot().sources()).allMatch(source -> source.state() == SourceState.SELECTED);
        assertThat(loop.snapshot().addresses())
                .containsExactly(
                        Optional.of(tenant(0).address),
                        Optional.of(tenant(1).address),
                        Optional.of(tenant(2).address),
                        Optional.of(tenant(3).address));
        assertThat(lookups).isLessThanOrEqualTo(20);
        assertThat(writer.isValid()).isTrue();
    }

    private static List<Member> zone(Member first, Member second, Member third, Member fourth, List<Member> spare) {
        List<Member> all = new ArrayList<>(List.of(first, second, third, fourth));
        all.addAll(spare);
        return all;
    }

    /** One that minds who asks more than every 200 s, whatever becomes of it and of the others. */
    @Test
    void shouldNeverHurryWhoHasSaidRate() throws Exception {
        Member strict = member("strict");
        strict.limitSeconds = 200;
        Member leaving = member("leaving");
        zone = zone(strict, leaving, member("c"), member("d"), List.of(member("e"), member("f")));
        at(15 * SECOND, () -> assertThat(writer.newest.warmupComplete()).isTrue());
        at(
                60 * SECOND,
                () -> assertThat(loop.snapshot().sources().get(0).trouble()).isEqualTo(SourceTrouble.RATE_LIMITED));
        at(2 * HOUR, () -> strict.silent = true);
        at(2 * HOUR + 2000 * SECOND, () -> leaving.silent = true);
        runUntil(6 * HOUR);
        assertGoodGuest();
        // The second request of the burst, and the first at twice the poll.
        assertThat(strict.slowed).hasSizeBetween(1, 3).startsWith(1);
        for (int request : strict.slowed) {
            double least = request == 1 ? 2 * POLL : 4 * POLL;
            assertThat(strict.gap(request + 1)).as("after request %d", request).isGreaterThanOrEqualTo(0.98 * least);
        }
        for (int i = 2; i < strict.asked.size(); i++) {
            assertThat(strict.gap(i)).as("request %d", i).isGreaterThanOrEqualTo(0.98 * POLL);
        }
        assertThat(wire.tenants.get(0)).startsWith("strict");
        assertThat(wire.tenants.get(1)).startsWith("leaving").last().isNotEqualTo("leaving");
        assertThat(writer.isValid()).isTrue();
    }
}
