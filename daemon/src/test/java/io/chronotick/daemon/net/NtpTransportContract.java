// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every transport has to do, against plain sockets on the loopback interface. */
abstract class NtpTransportContract {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    final HostClocks clocks = HostClocks.system();
    final Heard heard = new Heard();
    NtpTransport transport;

    abstract NtpTransport open(HostClocks clocks) throws IOException;

    @BeforeEach
    void openTransport() throws IOException {
        transport = open(clocks);
    }

    @AfterEach
    void closeTransport() {
        transport.close();
    }

    record Stamp(int source, long requestId, long rawNanos, StampKind kind) {}

    record Datagram(int source, ByteBuffer payload, long rawNanos, StampKind kind) {}

    /** Notes what the transport tells, in order. */
    static class Heard implements NtpTransport.Listener {
        final List<Stamp> transmitted = new ArrayList<>();
        final List<Datagram> received = new ArrayList<>();
        final List<String> unreachable = new ArrayList<>();
        final List<String> notSent = new ArrayList<>();

        @Override
        public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
            transmitted.add(new Stamp(source, requestId, rawNanos, kind));
        }

        @Override
        public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
            received.add(new Datagram(source, ByteBuffer.wrap(Arrays.copyOf(payload, length)), rawNanos, kind));
        }

        @Override
        public void onUnreachable(int source, String reason) {
            unreachable.add(source + " " + reason);
        }

        @Override
        public void onNotSent(int source, String reason) {
            notSent.add(source + " " + reason);
        }

        List<Stamp> transmitted(StampKind kind) {
            return transmitted.stream().filter(stamp -> stamp.kind() == kind).toList();
        }

        /** The last, so the best, transmit stamp of a request. */
        Stamp bestStampOf(long requestId) {
            return transmitted.reversed().stream()
                    .filter(stamp -> stamp.requestId() == requestId)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Polls until it holds; fails if it does not for far longer than it could take. */
    final void pollUntil(BooleanSupplier condition) throws IOException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            long left = PATIENCE_NANOS - (System.nanoTime() - start);
            assertThat(left).as("patience; heard so far: %s", heard.received).isPositive();
            transport.poll(left, heard);
        }
    }

    /** The other end: answers when the test says so, on the test's thread. */
    static final class Peer implements AutoCloseable {
        private final DatagramSocket socket;
        private DatagramPacket last = new DatagramPacket(new byte[2048], 2048);

        Peer(String address) throws IOException {
            this(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        }

        private Peer(InetSocketAddress address) throws IOException {
            socket = new DatagramSocket(address);
            socket.setSoTimeout(60_000);
        }

        /**
         * Makes its port a closed one for everybody else, and keeps it from being given to another: connected to itself, the
         * socket hears nobody.
         */
        void shut() throws IOException {
            socket.connect(address());
        }

        void open() {
            socket.disconnect();
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        byte[] receive() throws IOException {
            last = new DatagramPacket(new byte[2048], 2048);
            socket.receive(last);
            return Arrays.copyOf(last.getData(), last.getLength());
        }

        /** Whom it heard last. */
        InetSocketAddress sender() {
            return (InetSocketAddress) last.getSocketAddress();
        }

        void reply(byte[] payload) throws IOException {
            socket.send(new DatagramPacket(payload, payload.length, last.getSocketAddress()));
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    static byte[] bytes(int... values) {
        byte[] bytes = new byte[48];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    final void exchange(Peer peer, int source, long requestId) throws IOException {
        int before = heard.received.size();
        transport.send(source, requestId, bytes(3, (int) requestId), heard);
        peer.reply(peer.receive());
        pollUntil(() -> heard.received.size() > before);
    }

    @Test
    void shouldDeliverAReplyBetweenStampsInOrder() throws IOException {
        exchangeWith("127.0.0.1");
    }

    @Test
    void shouldSpeakIpv6() throws IOException {
        if (hasIpv6()) {
            exchangeWith("::1");
        } else {
            InetSocketAddress nowhere = new InetSocketAddress(InetAddress.ofLiteral("::1"), 123);
            assertThatThrownBy(() -> transport.connect(0, nowhere)).isInstanceOf(IOException.class);
        }
    }

    private static boolean hasIpv6() {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.ofLiteral("::1"))) {
            return probe.isBound();
        } catch (SocketException e) {
            return false;
        }
    }

    private void exchangeWith(String address) throws IOException {
        try (Peer peer = new Peer(address)) {
            transport.connect(0, peer.address());
            for (int id = 1; id <= 20; id++) {
                long before = clocks.rawNanos();
                exchange(peer, 0, id);
                long after = clocks.rawNanos();

                Stamp sent = heard.bestStampOf(id);
                Datagram reply = heard.received.get(id - 1);
                assertThat(reply.payload()).isEqualTo(ByteBuffer.wrap(bytes(3, id)));
                assertThat(List.of(before, sent.rawNanos(), reply.rawNanos(), after))
                        .isSorted();
            }
            assertThat(heard.unreachable).isEmpty();
        }
    }

    @Test
    void shouldTellTheUserStampOfARequestBeforeAnythingElse() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            transport.send(0, 77, bytes(3), heard);
            assertThat(heard.transmitted).hasSize(1);
            assertThat(heard.transmitted.get(0).kind()).isEqualTo(StampKind.USER);
            assertThat(heard.transmitted.get(0).requestId()).isEqualTo(77);
        }
    }

    @Test
    void shouldKeepTwoSourcesApart() throws IOException {
        try (Peer one = new Peer("127.0.0.1");
                Peer two = new Peer("127.0.0.1")) {
            transport.connect(1, one.address());
            transport.connect(9, two.address());
            transport.send(1, 11, bytes(1), heard);
            transport.send(9, 99, bytes(9), heard);
            assertThat(one.receive()).isEqualTo(bytes(1));
            assertThat(two.receive()).isEqualTo(bytes(9));
            two.reply(bytes(9, 9));
            one.reply(bytes(1, 1));

            pollUntil(() -> heard.received.size() == 2);
            assertThat(heard.received)
                    .extracting(Datagram::source, datagram -> datagram.payload().get(1))
                    .containsExactlyInAnyOrder(tuple(1, (byte) 1), tuple(9, (byte) 9));
            assertThat(heard.bestStampOf(11).source()).isEqualTo(1);
            assertThat(heard.bestStampOf(99).source()).isEqualTo(9);
        }
    }

    @Test
    void shouldSayThatAPortIsClosedAndNotDisturbTheOthers() throws IOException {
        try (Peer closed = new Peer("127.0.0.1");
                Peer peer = new Peer("127.0.0.1")) {
            closed.shut();
            transport.connect(0, closed.address());
            transport.connect(1, peer.address());
            for (int id = 1; id <= 5; id++) {
                int before = heard.unreachable.size();
                transport.send(0, id, bytes(3), heard);
                exchange(peer, 1, 100 + id);
                pollUntil(() -> heard.unreachable.size() > before);
            }
            assertThat(heard.unreachable).containsOnly("0 connection refused");
            assertThat(heard.received).hasSize(5).allMatch(datagram -> datagram.source() == 1);
        }
    }

    /** An attacker who guesses two ports can forge what says that a server is gone. */
    @Test
    void shouldHearAServerThatSomebodySaysIsUnreachable() throws Exception {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            for (int id = 1; id <= 3; id++) {
                transport.send(0, id, bytes(3, id), heard);
                byte[] request = peer.receive();
                ForgedIcmp.unreachable(peer.sender(), peer.address());
                int replies = id;
                pollUntil(() -> heard.unreachable.size() >= replies);
                peer.reply(request);
                pollUntil(() -> heard.received.size() == replies);
            }
        }
    }

    /** The kernel tells of an ICMP error by failing the next call; what was to be sent with it must leave all the same. */
    @Test
    void shouldSendAlthoughAnErrorWaits() throws Exception {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3, 1), heard);
            peer.receive();
            for (int id = 2; id <= 4; id++) {
                ForgedIcmp.unreachable(peer.sender(), peer.address());
                transport.send(0, id, bytes(3, id), heard);
                assertThat(peer.receive()).isEqualTo(bytes(3, id));
            }
            assertThat(heard.notSent).isEmpty();
            assertThat(heard.transmitted(StampKind.USER)).hasSize(4);
        }
    }

    @Test
    void shouldHearAServerThatComesBackOnAClosedPort() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            peer.shut();
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3), heard);
            pollUntil(() -> !heard.unreachable.isEmpty());
            peer.open();
            exchange(peer, 0, 2);
        }
        Datagram reply = heard.received.get(0);
        assertThat(reply.payload()).isEqualTo(ByteBuffer.wrap(bytes(3, 2)));
        assertThat(heard.bestStampOf(2).rawNanos()).isLessThanOrEqualTo(reply.rawNanos());
        assertThat(heard.unreachable).containsExactly("0 connection refused");
    }

    @Test
    void shouldSendNothingToASourceWithoutSocket() {
        transport.send(0, 1, bytes(3), heard);
        transport.send(1000, 1, bytes(3), heard);
        assertThat(heard.notSent).containsExactly("0 no connection to it", "1000 no connection to it");
        assertThat(heard.unreachable).isEmpty();
    }

    @Test
    void shouldRefuseAnAddressThatIsNotResolved() {
        assertThatThrownBy(() -> transport.connect(0, InetSocketAddress.createUnresolved("ntp.invalid", 123)))
                .isInstanceOf(IOException.class)
                .hasMessage("no address known for ntp.invalid");
    }

    /** Nobody may send to the broadcast address without having asked for that. */
    @Test
    void shouldLeaveNoFileOpenWhenItCannotConnect() throws IOException {
        InetSocketAddress broadcast = new InetSocketAddress(InetAddress.ofLiteral("255.255.255.255"), 123);
        long before = OpenFiles.count();
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> transport.connect(0, broadcast))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("cannot reach 255.255.255.255 port 123: ");
        }
        transport.poll(0, heard); // where channels are deregistered
        assertThat(OpenFiles.count() - before).isLessThan(50);
    }

    @Test
    void shouldLeaveAnOldAddressBehindWhenConnectedAnew() throws IOException {
        try (Peer old = new Peer("127.0.0.1");
                Peer present = new Peer("127.0.0.1")) {
            transport.connect(0, old.address());
            transport.send(0, 1, bytes(3), heard);
            old.receive();
            transport.connect(0, present.address());
            old.reply(bytes(66));
            exchange(present, 0, 2);
            assertThat(heard.received).hasSize(1);
            assertThat(heard.received.get(0).payload()).isEqualTo(ByteBuffer.wrap(bytes(3, 2)));
        }
    }

    @Test
    void shouldNotHearStrangers() throws IOException {
        try (Peer peer = new Peer("127.0.0.1");
                DatagramSocket stranger = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3, 1), heard);
            byte[] request = peer.receive();
            stranger.send(new DatagramPacket(bytes(66), 48, peer.last.getSocketAddress()));
            peer.reply(request);
            pollUntil(() -> !heard.received.isEmpty());
            transport.poll(0, heard);
            assertThat(heard.received).hasSize(1);
            assertThat(heard.received.get(0).payload()).isEqualTo(ByteBuffer.wrap(bytes(3, 1)));
        }
    }

    @Test
    void shouldDeliverEmptyAndOverlongDatagrams() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3), heard);
            peer.receive();
            byte[] overlong = new byte[1500];
            Arrays.fill(overlong, (byte) 7);
            peer.reply(new byte[0]);
            peer.reply(overlong);
            peer.reply(new byte[0]);
            peer.reply(bytes(4));
            pollUntil(() -> heard.received.size() == 4);
            assertThat(heard.received)
                    .extracting(datagram -> datagram.payload().remaining())
                    .containsExactly(0, NtpTransport.MAX_DATAGRAM_BYTES, 0, 48);
            assertThat(heard.received.get(1).payload().array()).containsOnly(7);
        }
    }

    @Test
    void shouldDeliverAFloodCompletely() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3), heard);
            peer.receive();
            for (int i = 0; i < 100; i++) {
                peer.reply(bytes(4, i));
            }
            pollUntil(() -> heard.received.size() == 100);
            for (int i = 0; i < 100; i++) {
                assertThat(heard.received.get(i).payload()).isEqualTo(ByteBuffer.wrap(bytes(4, i)));
            }
        }
    }

    @Test
    void shouldLetAListenerSendAndConnectFromWithin() throws IOException {
        try (Peer peer = new Peer("127.0.0.1");
                Peer next = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            transport.send(0, 1, bytes(3), heard);
            peer.receive();
            peer.reply(bytes(4, 1));
            peer.reply(bytes(4, 2));
            List<byte[]> delivered = new ArrayList<>();
            NtpTransport.Listener reconnecting = new Heard() {
                @Override
                public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
                    delivered.add(Arrays.copyOf(payload, length));
                    try {
                        transport.connect(0, next.address());
                        transport.connect(1, next.address());
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                    transport.send(0, 2, bytes(5), heard);
                }
            };
            while (delivered.isEmpty()) {
                transport.poll(PATIENCE_NANOS, reconnecting);
            }
            transport.poll(0, reconnecting);
            assertThat(delivered).hasSize(1);
            assertThat(next.receive()).isEqualTo(bytes(5));
            next.reply(bytes(6));
            pollUntil(() -> !heard.received.isEmpty());
            assertThat(heard.received.get(0).payload()).isEqualTo(ByteBuffer.wrap(bytes(6)));
        }
    }

    @Test
    void shouldReturnFromPollWhenWoken() throws IOException {
        long start = System.nanoTime();
        CompletableFuture<Void> waking = CompletableFuture.runAsync(transport::wakeup);
        transport.poll(TimeUnit.SECONDS.toNanos(60), heard);
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
        waking.join();
        transport.wakeup();
        transport.wakeup();
        transport.poll(TimeUnit.SECONDS.toNanos(60), heard);
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
        // The signals are used up: this one waits, and in vain.
        long deaf = System.nanoTime();
        transport.poll(TimeUnit.MILLISECONDS.toNanos(2), heard);
        assertThat(System.nanoTime() - deaf).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(1));
    }

    @Test
    void shouldIgnoreWakeupAfterClose() {
        transport.close();
        transport.wakeup();
        transport.close();
    }
}
