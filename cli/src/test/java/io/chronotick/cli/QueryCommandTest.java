// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What is made of what comes back, by a network of which nothing is real, in virtual time. */
class QueryCommandTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long RAW = 77 * SECOND;
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 123);

    private final TestShell shell = new TestShell();
    private final Network network = new Network();
    private long now = RAW;

    /** The system clock is right; the server is 2 s ahead. */
    private final class Clocks implements HostClocks {
        @Override
        public long rawNanos() {
            return now;
        }

        @Override
        public long monotonicNanos() {
            return now;
        }

        @Override
        public long realtimeNanos() {
            return now + 1_800_000_000L * SECOND;
        }

        @Override
        public long boottimeNanos() {
            return now;
        }

        @Override
        public void sleepUntilMonotonic(long deadlineNanos) {
            now = deadlineNanos;
        }
    }

    private interface Event {
        void happen(NtpTransport.Listener listener);
    }

    private final class Network implements NtpTransport {
        final Queue<Event> events = new ArrayDeque<>();
        NtpTimestamp cookie = NtpTimestamp.ZERO;

        @Override
        public String describe() {
            return "virtual";
        }

        @Override
        public void connect(int source, InetSocketAddress address) {
            assertThat(address).isEqualTo(ADDRESS);
        }

        @Override
        public void disconnect(int source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void send(int source, long requestId, byte[] payload, Listener listener) {
            cookie = NtpPacket.parse(payload, payload.length).orElseThrow().transmit();
            listener.onTransmitted(source, requestId, now, StampKind.USER);
        }

        @Override
        public void poll(long timeoutNanos, Listener listener) {
            Event event = events.poll();
            now += event == null ? timeoutNanos : SECOND / 10;
            if (event != null) {
                event.happen(listener);
            }
        }

        @Override
        public void wakeup() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }
    }

    private static int ascii(String code) {
        return ByteBuffer.wrap(code.getBytes(StandardCharsets.US_ASCII)).getInt();
    }

    private NtpPacket answer(LeapIndicator leap, int stratum, int referenceId, double dispersion, NtpTimestamp time) {
        return new NtpPacket(
                leap,
                4,
                NtpPacket.MODE_SERVER,
                stratum,
                6,
                -20,
                0.01,
                dispersion,
                referenceId,
                time,
                network.cookie,
                time,
                time);
    }

    private NtpTimestamp time() {
        return NtpTimestamp.ofUnixNanos(RAW + SECOND / 20 + 1_800_000_002L * SECOND);
    }

    private NtpPacket good() {
        return answer(LeapIndicator.NONE, 2, 0, 0.001, time());
    }

    private void receives(UnaryOperator<NtpPacket> spoilt) {
        network.events.add(listener -> {
            byte[] bytes = spoilt.apply(good()).toBytes();
            listener.onReceived(0, bytes, bytes.length, now, StampKind.USER);
        });
    }

    private int query() throws IOException {
        QueryCommand command = new QueryCommand(shell.shell());
        command.timeout = 2;
        QueryCommand.Query query =
                new QueryCommand.Query("ntp", ServerConfig.of("ntp", 123), command.timeout, new Random(1));
        return command.ask(List.of(query.at(ADDRESS)), network, new Clocks());
    }

    private void isRefused(String why) throws IOException {
        assertThat(query()).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err()).isEqualTo("chronotick: ntp: " + why + "\n");
        assertThat(now - RAW).as("no longer than needed").isLessThan(SECOND);
    }

    @Test
    void shouldGoOnWaitingWhenTheNetworkSaysThatNobodyIsThere() throws IOException {
        network.events.add(listener -> listener.onUnreachable(0, "connection refused"));
        receives(UnaryOperator.identity());
        assertThat(query()).isZero();
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldSayWhatTheNetworkSaidWhenNobodyAnswers() throws IOException {
        network.events.add(listener -> listener.onUnreachable(0, "connection refused"));
        assertThat(query()).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err())
                .isEqualTo("chronotick: ntp: no answer in 2.000 s, but the network says: connection refused; check the"
                        + " address and whether UDP port 123 is open\n");
        assertThat(now - RAW).isGreaterThanOrEqualTo(2 * SECOND);
    }

    @Test
    void shouldMeasureFromTheStampsOfTheExchange() throws IOException {
        receives(UnaryOperator.identity());
        assertThat(query()).isZero();
        assertThat(shell.out()).containsPattern("ntp +192\\.0\\.2\\.1 +2 +\\+2\\.000 s +100\\.000 ms");
    }

    @Test
    void shouldNotTakeForAnAnswerWhatIsNone() throws IOException {
        network.events.add(listener -> listener.onReceived(0, new byte[40], 40, now, StampKind.USER));
        receives(packet -> NtpPacket.request(network.cookie));
        network.events.add(listener -> {
            byte[] stranger = answerTo(new NtpTimestamp(5)).toBytes();
            listener.onReceived(0, stranger, stranger.length, now, StampKind.USER);
        });
        assertThat(query()).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err()).contains("no answer in 2.000 s, but what came answers another request than this one");
    }

    private NtpPacket answerTo(NtpTimestamp cookie) {
        NtpTimestamp mine = network.cookie;
        network.cookie = cookie;
        NtpPacket answer = good();
        network.cookie = mine;
        return answer;
    }

    @Test
    void shouldSayThatAServerIsNotSynchronized() throws IOException {
        receives(packet -> answer(LeapIndicator.NONE, 16, 0, 0.001, time()));
        isRefused("is not synchronized itself (stratum 16); ask another server");
    }

    @Test
    void shouldSayThatAServerDeclaresItself() throws IOException {
        receives(packet -> answer(LeapIndicator.UNSYNCHRONIZED, 2, 0, 0.001, time()));
        isRefused("is not synchronized itself (leap indicator 3, stratum 2); ask another server");
    }

    @Test
    void shouldSayThatAnAnswerHoldsNoTime() throws IOException {
        receives(packet -> answer(LeapIndicator.NONE, 2, 0, 0.001, NtpTimestamp.ZERO));
        isRefused("its answer holds no time (a time stamp is zero); ask another server");
    }

    @Test
    void shouldSayThatAServerIsTooFarFromItsReference() throws IOException {
        receives(packet -> answer(LeapIndicator.NONE, 2, 0, 10, time()));
        isRefused("is 10.005 s away from its reference clock (root distance), which is too far; ask another server");
    }

    @Test
    void shouldSayWhatAKissIs() throws IOException {
        receives(packet -> answer(LeapIndicator.NONE, 0, ascii("RATE"), 0, time()));
        isRefused("has been asked too often (kiss code RATE); wait some minutes");
    }

    @Test
    void shouldSayThatAServerRefuses() throws IOException {
        receives(packet -> answer(LeapIndicator.NONE, 0, ascii("RSTR"), 0, time()));
        isRefused("refuses to serve this machine (kiss code RSTR); ask another server");
    }

    @Test
    void shouldSayThatTimesContradictEachOther() throws IOException {
        NtpTimestamp later = NtpTimestamp.ofUnixNanos(RAW + 1_800_000_009L * SECOND);
        receives(packet -> new NtpPacket(
                LeapIndicator.NONE,
                4,
                NtpPacket.MODE_SERVER,
                2,
                6,
                -20,
                0,
                0,
                0,
                later,
                network.cookie,
                later,
                time()));
        isRefused("its time stamps contradict each other or the round trip; ask another server");
    }
}
