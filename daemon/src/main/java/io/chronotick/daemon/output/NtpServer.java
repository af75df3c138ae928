// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.net.NtpServerSocket;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An NTP server for the hosts behind this one (RFC 5905): the corrected time, with the hard bound as root dispersion, so that a client's root
 * distance holds the truth as the bound does. Without a time it says that it is not synchronized.
 *
 * <p>It answers requests of clients alone (mode 3, versions 3 and 4), each with 48 bytes, which no request is shorter than, and
 * no more of them than {@link RequestLimit} admits; all else is dropped without an answer. One thread of its own.
 */
public final class NtpServer implements Output {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final int UNSYNCHRONIZED_STRATUM = 16;
    private static final int LAST_STRATUM = 15;

    /** 2^-20 s: about the time it takes to read the clock and send. */
    private static final int PRECISION = -20;

    /** One unit of NTP's short format, s: what rounding may take away. */
    private static final double SHORT_UNIT = 1.0 / 65536;

    /** What is told as the departure lies so far ahead: the time it takes to get the packet ready, ns. */
    private static final long LEAD_NANOS = 30_000;

    /** A sample comes once a second; without one for so long nobody vouches for the time, ns. */
    private static final long STALE_NANOS = 5_000_000_000L;

    private final InetSocketAddress wanted;
    private final HostClocks clocks;
    private final RequestLimit limit = new RequestLimit();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private volatile Optional<TimeSample> sample = Optional.empty();
    private volatile @Nullable NtpServerSocket socket;
    private volatile boolean closed;
    private @Nullable Thread thread;

    /** A server that listens from the first sample on. */
    public NtpServer(InetSocketAddress address, HostClocks clocks) {
        this.wanted = address;
        this.clocks = clocks;
    }

    @Override
    public String describe() {
        return "the NTP server on " + wanted.getAddress().getHostAddress() + " port " + wanted.getPort();
    }

    /** Where it listens, once it does. */
    Optional<InetSocketAddress> address() {
        NtpServerSocket open = socket;
        return open == null ? Optional.empty() : Optional.of(open.address());
    }

    /** Requests answered, whether or not that reached anybody. Any thread. */
    long answered() {
        return answered.get();
    }

    /** Datagrams dropped: too many, or no requests. Any thread. */
    long dropped() {
        return dropped.get();
    }

    @Override
    public void put(Optional<TimeSample> newest) throws IOException {
        sample = newest;
        if (!closed && (thread == null || !thread.isAlive())) {
            NtpServerSocket opened = NtpServerSocket.open(wanted, clocks);
            socket = opened;
            thread = Thread.ofPlatform().daemon().name("chronotick-ntp-server").start(() -> serve(opened));
        }
    }

    private void serve(NtpServerSocket open) {
        try (open) {
            while (!closed) {
                open.await(Long.MAX_VALUE);
                for (Optional<NtpServerSocket.Datagram> datagram = open.receive();
                        datagram.isPresent() && !closed;
                        datagram = open.receive()) {
                    handle(open, datagram.get());
                }
            }
        } catch (IOException e) {
            LOG.warn("{}: {}; it is opened again", describe(), e.getMessage());
        }
    }

    private void handle(NtpServerSocket open, NtpServerSocket.Datagram datagram) {
        Optional<NtpPacket> request = request(datagram.payload());
        if (request.isEmpty()
                || datagram.sender().getPort() == 0
                || !limit.admits(datagram.sender().getAddress(), clocks.rawNanos())) {
            dropped.incrementAndGet();
            return;
        }
        long departure = clocks.rawNanos() + LEAD_NANOS;
        NtpPacket reply = reply(request.get(), datagram.arrivalRawNanos(), departure, sample);
        try {
            answered.incrementAndGet(); // first, so that who has the answer sees it counted
            open.sendAt(departure, ByteBuffer.wrap(reply.toBytes()), datagram.sender());
        } catch (IOException e) { // that client cannot be reached
            LOG.debug("{}: {}", describe(), e.getMessage());
        }
    }

    static Optional<NtpPacket> request(ByteBuffer payload) {
        byte[] bytes = new byte[payload.remaining()];
        payload.duplicate().get(bytes);
        return NtpPacket.parse(bytes, bytes.length).filter(packet -> packet.mode() == NtpPacket.MODE_CLIENT);
    }

    /** @param receivedRawNanos when the request arrived, {@code sentRawNanos} when the reply leaves: CLOCK_MONOTONIC_RAW, ns */
    static NtpPacket reply(NtpPacket request, long receivedRawNanos, long sentRawNanos, Optional<TimeSample> newest) {
        Optional<TimeSample> usable = newest.filter(sample -> isUsable(sample, sentRawNanos));
        if (usable.isEmpty()) {
            NtpTimestamp none = NtpTimestamp.ZERO;
            return new NtpPacket(
                    LeapIndicator.UNSYNCHRONIZED,
                    request.version(),
                    NtpPacket.MODE_SERVER,
                    UNSYNCHRONIZED_STRATUM,
                    request.pollExponent(),
                    PRECISION,
                    0,
                    0,
                    0,
                    none,
                    request.transmit(),
                    none,
                    none);
        }
        TimeSample sample = usable.get();
        double age = Math.max(0, sentRawNanos - sample.rawNanos()) * 1e-9;
        return new NtpPacket(
                sample.upstream().leap(),
                request.version(),
                NtpPacket.MODE_SERVER,
                sample.upstream().stratum() + 1,
                request.pollExponent(),
                PRECISION,
                0,
                sample.boundNanos() * 1e-9 + sample.maxDrift() * age + SHORT_UNIT,
                sample.upstream().referenceId(),
                NtpTimestamp.ofUnixNanos(sample.utcNanos()),
                request.transmit(),
                NtpTimestamp.ofUnixNanos(sample.utcNanosAt(receivedRawNanos)),
                NtpTimestamp.ofUnixNanos(sample.utcNanosAt(sentRawNanos)));
    }

    private static boolean isUsable(TimeSample sample, long rawNanos) {
        long age = rawNanos - sample.rawNanos();
        int stratum = sample.upstream().stratum();
        return age < Math.min(STALE_NANOS, sample.validNanos()) && stratum > 0 && stratum < LAST_STRATUM;
    }

    @Override
    public void close() {
        closed = true;
        NtpServerSocket open = socket;
        if (open != null) {
            open.wakeup();
        }
    }
}
