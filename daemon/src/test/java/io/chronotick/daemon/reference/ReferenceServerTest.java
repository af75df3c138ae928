// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReferenceServerTest {
    private static final long MILLI = 1_000_000;
    private static final int PATIENCE_MILLIS = 60_000;
    private static final long NTP_TO_UNIX_SECONDS = 2_208_988_800L;

    private final HostClocks clocks = HostClocks.system();
    private final Truth truth = Truth.startingNow(clocks, 23_100_000, 12);

    /** A reply and the client's raw clock around it. */
    private record Exchange(ByteBuffer reply, long sentRawNanos, long receivedRawNanos) {
        int leap() {
            return reply.get(0) >> 6 & 3;
        }

        int version() {
            return reply.get(0) >> 3 & 7;
        }

        int mode() {
            return reply.get(0) & 7;
        }

        long unixNanos(int at) {
            long ntp = reply.getLong(at);
            long seconds = (ntp >>> 32) - NTP_TO_UNIX_SECONDS;
            return seconds * 1_000_000_000L + Math.round((ntp & 0xffffffffL) * 1e9 / 4294967296.0);
        }

        long receiveNanos() {
            return unixNanos(32);
        }

        long transmitNanos() {
            return unixNanos(40);
        }
    }

    private final class Client implements AutoCloseable {
        private final DatagramSocket socket;
        private final ReferenceServer server;

        Client(ReferenceServer server) throws IOException {
            this.server = server;
            socket = new DatagramSocket(0, server.address().getAddress());
            socket.setSoTimeout(PATIENCE_MILLIS);
        }

        Exchange ask(int firstByte, long cookie) throws IOException {
            byte[] request = request(firstByte);
            ByteBuffer.wrap(request).putLong(40, cookie);
            long sent = clocks.rawNanos();
            socket.send(new DatagramPacket(request, request.length, server.address()));
            return next(sent);
        }

        Exchange next(long sent) throws IOException {
            DatagramPacket reply = new DatagramPacket(new byte[1024], 1024);
            socket.receive(reply);
            long received = clocks.rawNanos();
            return new Exchange(ByteBuffer.wrap(Arrays.copyOf(reply.getData(), reply.getLength())), sent, received);
        }

        /** Sends without waiting for a reply, only for its arrival: the server is not to be faster than it can read. */
        void send(byte[] datagram) throws IOException {
            long before = server.received();
            socket.send(new DatagramPacket(datagram, datagram.length, server.address()));
            long start = System.nanoTime();
            while (server.received() == before) {
                assertThat(System.nanoTime() - start).isLessThan(PATIENCE_MILLIS * MILLI);
                Thread.onSpinWait();
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    private static byte[] request(int firstByte) {
        byte[] request = new byte[48];
        request[0] = (byte) firstByte;
        return request;
    }

    private ReferenceServer start(ReferenceServerConfig.Builder config) throws IOException {
        return ReferenceServer.start(config.build(), clocks);
    }

    @Test
    void shouldDriftAwayAsTold() {
        Truth line = new Truth(1_000, 5_000_000_000L, 12);
        assertThat(line.truthNanosAt(1_000)).isEqualTo(5_000_000_000L);
        // 12 ppm of one day is 1.0368 s; of an hour before the origin, minus 43.2 ms.
        long day = 86_400_000_000_000L;
        assertThat(line.truthNanosAt(1_000 + day)).isEqualTo(5_000_000_000L + day + 1_036_800_000L);
        long hour = 3_600_000_000_000L;
        assertThat(line.truthNanosAt(1_000 - hour)).isEqualTo(5_000_000_000L - hour - 43_200_000L);
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellTheTruthBetweenRequestAndReply(Family family) throws IOException {
        ReferenceServerConfig.Builder config = ReferenceServerConfig.builder(truth)
                .ipv6(family == Family.IPV6)
                .stratum(2)
                .root(1_000_000_000, 500_000_000);
        if (family == Family.IPV6 && !hasIpv6()) {
            assertThatThrownBy(() -> start(config)).hasMessageStartingWith("cannot listen on ");
            return;
        }
        try (ReferenceServer server = start(config);
                Client client = new Client(server)) {
            for (int i = 0; i < 20; i++) {
                Exchange exchange = client.ask(4 << 3 | 3, 1234 + i);
                assertThat(exchange.reply().remaining()).isEqualTo(48);
                assertThat(exchange.leap()).isZero();
                assertThat(exchange.version()).isEqualTo(4);
                assertThat(exchange.mode()).isEqualTo(4);
                assertThat(exchange.reply().get(1)).isEqualTo((byte) 2);
                assertThat(exchange.reply().getInt(4)).isEqualTo(0x10000);
                assertThat(exchange.reply().getInt(8)).isEqualTo(0x8000);
                assertThat(exchange.reply().getLong(24)).isEqualTo(1234 + i);
                // A nanosecond is lost to the fraction of 2^-32 s.
                assertThat(List.of(
                                server.truthNanosAt(exchange.sentRawNanos()) - 1,
                                exchange.receiveNanos(),
                                exchange.transmitNanos(),
                                server.truthNanosAt(exchange.receivedRawNanos())))
                        .isSorted();
            }
            assertThat(server.received()).isEqualTo(20);
            assertThat(server.answered()).isEqualTo(20);
        }
    }

    private static boolean hasIpv6() {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.ofLiteral("::1"))) {
            return probe.isBound();
        } catch (SocketException e) {
            return false;
        }
    }

    enum Family {
        IPV4,
        IPV6
    }

    @Test
    void shouldAnswerInTheVersionItIsAskedIn() throws IOException {
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth));
                Client client = new Client(server)) {
            assertThat(client.ask(3 << 3 | 3, 1).version()).isEqualTo(3);
            assertThat(client.ask(4 << 3 | 3, 1).version()).isEqualTo(4);
        }
    }

    @Test
    void shouldAnswerRequestsOnly() throws IOException {
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth));
                Client client = new Client(server)) {
            client.send(request(2 << 3 | 3));
            client.send(request(4 << 3 | 4));
            client.send(new byte[] {4 << 3 | 3});
            client.send(new byte[0]);
            assertThat(client.ask(4 << 3 | 3, 1).reply().getLong(24)).isEqualTo(1);
            assertThat(server.received()).isEqualTo(5);
            assertThat(server.answered()).isEqualTo(1);
        }
    }

    @Test
    void shouldLieByTheSameAmountAllTheTime() throws IOException {
        long lie = 80 * MILLI;
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth).lieNanos(lie));
                Client client = new Client(server)) {
            Exchange exchange = client.ask(4 << 3 | 3, 1);
            assertThat(exchange.receiveNanos() - lie)
                    .isBetween(
                            server.truthNanosAt(exchange.sentRawNanos()) - 1,
                            server.truthNanosAt(exchange.receivedRawNanos()));
        }
    }

    /** Each one-way delay, seen from the truth, is at least what was asked for. The seed fixes the delays. */
    @Test
    void shouldDelayEachDirectionByItself() throws IOException {
        long base = 2 * MILLI;
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth)
                        .baseDelayNanos(base)
                        .jitterNanos(MILLI, 0)
                        .seed(7));
                Client client = new Client(server)) {
            List<Long> forward = new ArrayList<>();
            List<Long> back = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                Exchange exchange = client.ask(4 << 3 | 3, i);
                forward.add(exchange.receiveNanos() - server.truthNanosAt(exchange.sentRawNanos()));
                back.add(server.truthNanosAt(exchange.receivedRawNanos()) - exchange.transmitNanos());
            }
            assertThat(forward).allMatch(delay -> delay >= base - 1);
            assertThat(back).allMatch(delay -> delay >= base - 1);
            // The median of an exponential is ln 2 of its mean, here 0.69 ms. How much more it is, a busy machine
            // decides.
            assertThat(median(forward) - base).isGreaterThan(500_000L);
        }
    }

    private static long median(List<Long> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    @Test
    void shouldLoseTheShareOfRequestsAskedFor() throws IOException {
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth)
                        .lossProbability(0.3)
                        .seed(3));
                Client client = new Client(server)) {
            for (int i = 0; i < 1000; i++) {
                client.send(request(4 << 3 | 3));
            }
            // 0.3 of 1000 with a standard deviation of 14.5; five of them.
            assertThat(server.answered()).isCloseTo(700L, within(73L));
        }
    }

    @Test
    void shouldMisbehaveAsTold() throws IOException {
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth));
                Client client = new Client(server)) {
            int request = 4 << 3 | 3;

            for (String kiss : List.of("RATE", "DENY", "RSTR")) {
                server.misbehave(Misbehaviour.valueOf("KISS_" + kiss));
                Exchange reply = client.ask(request, 9);
                assertThat(reply.reply().get(1)).isZero();
                assertThat(new String(reply.reply().array(), 12, 4, StandardCharsets.US_ASCII))
                        .isEqualTo(kiss);
                assertThat(reply.reply().getLong(24)).isEqualTo(9);
            }

            server.misbehave(Misbehaviour.STRATUM_16);
            assertThat(client.ask(request, 9).reply().get(1)).isEqualTo((byte) 16);

            server.misbehave(Misbehaviour.LEAP_UNSYNCHRONIZED);
            Exchange unsynchronized = client.ask(request, 9);
            assertThat(unsynchronized.leap()).isEqualTo(3);
            assertThat(unsynchronized.reply().get(1)).isEqualTo((byte) 1);

            server.misbehave(Misbehaviour.WRONG_ORIGIN);
            assertThat(client.ask(request, 9).reply().getLong(24)).isNotEqualTo(9);

            server.misbehave(Misbehaviour.WRONG_MODE);
            assertThat(client.ask(request, 9).mode()).isNotEqualTo(4);

            server.misbehave(Misbehaviour.TRUNCATED);
            assertThat(client.ask(request, 9).reply().remaining()).isBetween(1, 47);

            server.misbehave(Misbehaviour.RANDOM_BYTES);
            assertThat(client.ask(request, 9).reply().getLong(24)).isNotEqualTo(9);

            server.misbehave(Misbehaviour.NONSENSE_TIMES);
            Exchange nonsense = client.ask(request, 9);
            assertThat(nonsense.reply().getLong(24)).isEqualTo(9);
            assertThat(Math.abs(nonsense.transmitNanos() - server.truthNanosAt(nonsense.receivedRawNanos())))
                    .isGreaterThan(1_000_000_000L);

            server.misbehave(Misbehaviour.DUPLICATE);
            Exchange first = client.ask(request, 9);
            assertThat(client.next(0).reply()).isEqualTo(first.reply());
            assertThat(client.next(0).reply()).isEqualTo(first.reply());

            server.misbehave(Misbehaviour.NONE);
            Exchange good = client.ask(request, 9);
            assertThat(good.reply().getLong(24)).isEqualTo(9);
            assertThat(good.reply().get(1)).isEqualTo((byte) 1);
        }
    }

    @Test
    void shouldAnswerOthersWhileALateAnswerIsUnderWay() throws IOException {
        try (ReferenceServer server = start(ReferenceServerConfig.builder(truth));
                Client client = new Client(server)) {
            server.misbehave(Misbehaviour.LATE);
            client.send(request(4 << 3 | 3));
            // The order lasts until the server has seen the request that it is meant for.
            while (server.received() == 0) {
                Thread.onSpinWait();
            }
            server.misbehave(Misbehaviour.NONE);
            Exchange prompt = client.ask(4 << 3 | 3, 77);
            assertThat(prompt.reply().getLong(24)).isEqualTo(77);
            Exchange late = client.next(prompt.sentRawNanos());
            assertThat(late.reply().getLong(24)).isZero();
            assertThat(server.truthNanosAt(late.receivedRawNanos()) - late.transmitNanos())
                    .isGreaterThanOrEqualTo(ReferenceServer.LATE_NANOS);
        }
    }

    @Test
    void shouldNameThePortThatIsTaken() throws IOException {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThatThrownBy(() -> start(ReferenceServerConfig.builder(truth).port(taken.getLocalPort())))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("cannot listen on 127.0.0.1 port " + taken.getLocalPort() + ": ");
        }
    }

    @Test
    void shouldFreeItsPortWhenClosed() throws IOException {
        ReferenceServer first = start(ReferenceServerConfig.builder(truth));
        int port = first.address().getPort();
        first.close();
        first.close();
        try (ReferenceServer second = start(ReferenceServerConfig.builder(truth).port(port));
                Client client = new Client(second)) {
            assertThat(client.ask(4 << 3 | 3, 1).mode()).isEqualTo(4);
        }
    }
}
