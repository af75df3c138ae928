// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.nts.KeyExchangeFailure;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Exchanges with a real NTS server, as the engine has them: its time is virtual between a reply and the next request. */
final class NtsSession implements AutoCloseable {
    private static final long SECOND = 1_000_000_000L;
    private static final int PATIENCE_MILLIS = 2_000;

    private final KeyExchange keyExchange;
    private final DatagramSocket socket = new DatagramSocket();
    private final Random losses = new Random(1);
    private final NtpAssociation association =
            new NtpAssociation(0, new SourceConfig("server", 1, 1, 1, 15, 0, true), new SecureRandom());
    private InetSocketAddress server = new InetSocketAddress(0);
    private long now = System.nanoTime();
    private long requests;
    int keyExchanges;
    int accepted;

    NtsSession(KeyExchange keyExchange) throws IOException {
        this.keyExchange = keyExchange;
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** In a process of its own: {@code host port authority exchanges}. */
    public static void main(String[] args) throws Exception {
        KeyExchange exchange = new KeyExchange(args[0], Integer.parseInt(args[1]), Optional.of(Path.of(args[2])), 123);
        try (NtsSession session = new NtsSession(exchange)) {
            session.awaitTime();
            session.accepted = 0;
            session.run(Integer.parseInt(args[3]), 0.01);
            System.out.println("accepted " + session.accepted + " key exchanges " + session.keyExchanges
                    + " unauthenticated " + session.drops(DropReason.UNAUTHENTICATED));
        }
    }

    /** Until the server is there and has a time to give. */
    private void awaitTime() throws IOException, KeyExchangeException {
        long end = System.nanoTime() + 120 * SECOND;
        while (accepted == 0 && System.nanoTime() - end < 0) {
            try {
                run(1, 0);
            } catch (KeyExchangeException e) {
                if (e.failure() != KeyExchangeFailure.REFUSED) {
                    throw e;
                }
            }
            LockSupport.parkNanos(SECOND / 10);
        }
    }

    long drops(DropReason reason) {
        return association.drops().get(reason.ordinal());
    }

    NtpAssociation association() {
        return association;
    }

    /** Makes requests, of which some are lost on the way. */
    void run(int count, double loss) throws IOException, KeyExchangeException {
        for (int i = 0; i < count; i++) {
            byte[] request = request();
            if (losses.nextDouble() < loss) {
                continue;
            }
            answer(request).ifPresent(reply -> take(reply));
        }
    }

    /** The next request, after a key exchange where that is due. */
    byte[] request() throws KeyExchangeException {
        while (true) {
            if (association.isKeyExchangeDue(now)) {
                exchangeKeys();
            }
            Optional<byte[]> request = association.onTimer(now, requests++);
            if (request.isPresent()) {
                return request.get();
            }
            now = Math.max(now + 1, association.nextTimerNanos());
        }
    }

    private void exchangeKeys() throws KeyExchangeException {
        association.nts().orElseThrow().onExchangeBegun(now);
        KeyExchange.Result result;
        try {
            result = keyExchange.run(0, Instant.now(), 10 * SECOND);
        } catch (KeyExchangeException e) {
            association.nts().orElseThrow().onExchangeFailed(e.failure(), now);
            throw e;
        }
        association.nts().orElseThrow().onKeys(result.keys(), now);
        keyExchanges++;
        if (keyExchanges == 1) {
            association.begin(16, 16, 16, now);
        }
        server = result.servers().getFirst();
    }

    /** What a server says to a request; nothing if it is silent. */
    Optional<byte[]> answer(byte[] request) throws IOException {
        long begin = System.nanoTime();
        socket.send(new DatagramPacket(request, request.length, server));
        byte[] buffer = new byte[1100];
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        try {
            do {
                socket.receive(packet);
            } while (!isReplyTo(request, buffer));
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
        now += Math.min(System.nanoTime() - begin, SECOND);
        return Optional.of(Arrays.copyOf(buffer, packet.getLength()));
    }

    private static boolean isReplyTo(byte[] request, byte[] reply) {
        NtpPacket asked = NtpPacket.parse(request, request.length).orElseThrow();
        return NtpPacket.parse(reply, reply.length)
                .filter(said -> said.origin().equals(asked.transmit()))
                .isPresent();
    }

    /** Hands a datagram to the protocol. */
    boolean take(byte[] reply) {
        Optional<Exchange> exchange = association.onDatagram(reply, reply.length, now, StampKind.USER);
        accepted += exchange.isPresent() ? 1 : 0;
        return exchange.isPresent();
    }

    @Override
    public void close() {
        socket.close();
    }
}
