// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.reference;

import io.chronotick.daemon.net.NtpServerSocket;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A real NTP server on the loopback interface whose truth is known and whose network is as bad as wanted: for the
 * demonstration and for tests. Answers client requests of versions 3 and 4 (RFC 5905).
 *
 * <p>Delays are real: a request counts as received after the delay of its way, and the answer is held back for the delay
 * of its own. Whatever the operating system adds to that by waking this server late falls between the two timestamps it
 * tells, as processing time, and so does not spoil the exchange: the kernel stamps the arrival where it can, and the
 * departure is an instant chosen beforehand, at which the packet then leaves. Where the kernel does not stamp, the wake-up
 * on arrival looks like queueing towards the server.
 *
 * <p>One thread, asleep when nothing is due. All methods are thread-safe.
 */
public final class ReferenceServer implements AutoCloseable {
    /** How long {@link Misbehaviour#LATE} holds an answer back, ns. */
    public static final long LATE_NANOS = 3_000_000_000L;

    private static final int PACKET_BYTES = 48;
    private static final int TRUNCATED_BYTES = 40;
    private static final int ROOT_DELAY = 4;
    private static final int REFERENCE_ID = 12;
    private static final int REFERENCE_TIME = 16;
    private static final int ORIGIN_TIME = 24;
    private static final int RECEIVE_TIME = 32;
    private static final int TRANSMIT_TIME = 40;

    private static final int MODE_CLIENT = 3;
    private static final int MODE_SERVER = 4;
    private static final int MODE_BROADCAST = 5;
    private static final int LEAP_UNSYNCHRONIZED = 3;

    /** 2^-20 s: about the time it takes to read the clock and send. */
    private static final byte PRECISION = -20;

    /** Seconds from 1900 to 1970. */
    private static final long NTP_TO_UNIX_SECONDS = 2_208_988_800L;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** What is told as the departure lies so far ahead: the time it takes to get the packet ready, with some to spare. */
    private static final long LEAD_NANOS = 200_000;

    /**
     * One answer at a time in this process: servers that are asked together answer together, and if all of them waited for
     * their instant at once, they would keep each other from a small machine's CPUs and leave late.
     */
    private static final ReentrantLock DEPARTURE = new ReentrantLock();

    private final ReferenceServerConfig config;
    private final HostClocks clocks;
    private final NtpServerSocket socket;
    private final SplittableRandom random;
    private final PriorityQueue<Answer> answers = new PriorityQueue<>(Comparator.comparingLong(Answer::dueRawNanos));
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final Thread thread;

    private volatile Misbehaviour misbehaviour = Misbehaviour.NONE;
    private volatile boolean closed;

    /** An answer on its way, complete but for its transmit timestamp. */
    private record Answer(
            ByteBuffer packet,
            InetSocketAddress client,
            long returnDelayNanos,
            long dueRawNanos,
            Misbehaviour misbehaviour) {}

    private ReferenceServer(ReferenceServerConfig config, HostClocks clocks) throws IOException {
        this.config = config;
        this.clocks = clocks;
        this.random = new SplittableRandom(config.seed());
        InetAddress host = InetAddress.ofLiteral(config.ipv6() ? "::1" : "127.0.0.1");
        try {
            socket = NtpServerSocket.open(new InetSocketAddress(host, config.port()), clocks);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + host.getHostAddress() + " port " + config.port() + ": " + e.getMessage(), e);
        }
        thread = Thread.ofPlatform()
                .daemon()
                .name("reference " + socket.address().getPort())
                .unstarted(this::serve);
    }

    /**
     * Starts a server.
     *
     * @throws IOException if its address cannot be had; the message names it
     */
    public static ReferenceServer start(ReferenceServerConfig config, HostClocks clocks) throws IOException {
        ReferenceServer server = new ReferenceServer(config, clocks);
        server.thread.start();
        return server;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return socket.address();
    }

    /** The truth, without this server's lie: UTC at an instant of CLOCK_MONOTONIC_RAW, ns since the Unix epoch. */
    public long truthNanosAt(long rawNanos) {
        return config.truth().truthNanosAt(rawNanos);
    }

    /** How it answers the requests that arrive from now on. */
    public void misbehave(Misbehaviour how) {
        misbehaviour = how;
    }

    /** Datagrams received, whatever they were. */
    public long received() {
        return received.get();
    }

    /** Requests answered, well or badly. */
    public long answered() {
        return answered.get();
    }

    /** Stops; answers under way are lost. */
    @Override
    public void close() {
        closed = true;
        socket.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve() {
        try (socket) {
            while (!closed) {
                Answer next = answers.peek();
                socket.await(next == null ? Long.MAX_VALUE : next.dueRawNanos() - LEAD_NANOS - clocks.rawNanos());
                receiveAll();
                sendDue();
            }
        } catch (IOException e) {
            // The loopback interface is gone, or the thread was interrupted: the server is, too.
            closed = true;
        }
    }

    private void receiveAll() throws IOException {
        for (Optional<NtpServerSocket.Datagram> datagram = socket.receive();
                datagram.isPresent();
                datagram = socket.receive()) {
            handle(datagram.get());
            // Counted last, so that who sees the count knows how the request is going to be answered.
            received.incrementAndGet();
        }
    }

    private void handle(NtpServerSocket.Datagram datagram) {
        boolean lost = random.nextDouble() < config.lossProbability();
        long forwardNanos = config.baseDelayNanos() + exponential(config.forwardJitterNanos());
        long returnNanos = config.baseDelayNanos() + exponential(config.returnJitterNanos());
        ByteBuffer request = datagram.payload();
        if (lost || !isRequest(request)) {
            return;
        }
        Misbehaviour how = misbehaviour;
        if (how == Misbehaviour.LATE) {
            returnNanos += LATE_NANOS;
        }
        long receivedRawNanos = datagram.arrivalRawNanos() + forwardNanos;
        ByteBuffer packet = answer(request, receivedRawNanos, how);
        answers.add(new Answer(packet, datagram.sender(), returnNanos, receivedRawNanos + returnNanos, how));
    }

    private static boolean isRequest(ByteBuffer packet) {
        if (packet.remaining() < PACKET_BYTES) {
            return false;
        }
        int version = packet.get(0) >> 3 & 7;
        return (packet.get(0) & 7) == MODE_CLIENT && (version == 3 || version == 4);
    }

    private long exponential(long meanNanos) {
        return Math.round(-meanNanos * Math.log(1 - random.nextDouble()));
    }

    private void sendDue() throws IOException {
        for (Answer next = answers.peek();
                next != null && next.dueRawNanos() - LEAD_NANOS <= clocks.rawNanos();
                next = answers.peek()) {
            answers.remove();
            send(next);
        }
    }

    private void send(Answer answer) throws IOException {
        DEPARTURE.lock();
        try {
            depart(answer);
        } finally {
            DEPARTURE.unlock();
        }
    }

    private void depart(Answer answer) throws IOException {
        // Counted first, so that who has the answer sees it counted.
        answered.incrementAndGet();
        ByteBuffer packet = answer.packet();
        long departureRawNanos = Math.max(answer.dueRawNanos(), clocks.rawNanos() + LEAD_NANOS);
        if (answer.misbehaviour() != Misbehaviour.RANDOM_BYTES) {
            long transmitTime = answer.misbehaviour() == Misbehaviour.NONSENSE_TIMES
                    ? random.nextLong()
                    : told(departureRawNanos - answer.returnDelayNanos());
            packet.putLong(TRANSMIT_TIME, transmitTime);
        }
        if (answer.misbehaviour() == Misbehaviour.TRUNCATED) {
            packet.limit(TRUNCATED_BYTES);
        }
        int times = answer.misbehaviour() == Misbehaviour.DUPLICATE ? 3 : 1;
        for (int i = 0; i < times; i++) {
            socket.sendAt(departureRawNanos, packet, answer.client());
        }
    }

    private ByteBuffer answer(ByteBuffer request, long receivedRawNanos, Misbehaviour how) {
        ByteBuffer packet = ByteBuffer.allocate(PACKET_BYTES);
        if (how == Misbehaviour.RANDOM_BYTES) {
            random.nextBytes(packet.array());
            return packet;
        }
        boolean kiss = how == Misbehaviour.KISS_RATE || how == Misbehaviour.KISS_DENY || how == Misbehaviour.KISS_RSTR;
        boolean unsynchronized = kiss || how == Misbehaviour.STRATUM_16 || how == Misbehaviour.LEAP_UNSYNCHRONIZED;
        int leap = unsynchronized ? LEAP_UNSYNCHRONIZED : 0;
        int version = request.get(0) >> 3 & 7;
        int mode = how == Misbehaviour.WRONG_MODE ? MODE_BROADCAST : MODE_SERVER;
        packet.put((byte) (leap << 6 | version << 3 | mode));
        packet.put((byte) (kiss ? 0 : how == Misbehaviour.STRATUM_16 ? 16 : config.stratum()));
        packet.put(request.get(2)); // the client's poll interval, as servers do
        packet.put(PRECISION);
        packet.putInt(ROOT_DELAY, ntpShort(config.rootDelayNanos()));
        packet.putInt(ROOT_DELAY + Integer.BYTES, ntpShort(config.rootDispersionNanos()));
        packet.put(REFERENCE_ID, referenceId(how).getBytes(StandardCharsets.US_ASCII));
        packet.putLong(REFERENCE_TIME, told(receivedRawNanos - NANOS_PER_SECOND));
        long origin = request.getLong(TRANSMIT_TIME);
        packet.putLong(ORIGIN_TIME, how == Misbehaviour.WRONG_ORIGIN ? origin + 1 : origin);
        packet.putLong(RECEIVE_TIME, how == Misbehaviour.NONSENSE_TIMES ? random.nextLong() : told(receivedRawNanos));
        return packet.rewind();
    }

    private static String referenceId(Misbehaviour how) {
        return switch (how) {
            case KISS_RATE -> "RATE";
            case KISS_DENY -> "DENY";
            case KISS_RSTR -> "RSTR";
            // The registered code of an undisciplined local clock.
            default -> "LOCL";
        };
    }

    /** The time this server tells, as an NTP timestamp: seconds since 1900, modulo 2^32, and 32 bits of fraction. */
    private long told(long rawNanos) {
        long nanos = truthNanosAt(rawNanos) + config.lieNanos();
        long seconds = Math.floorDiv(nanos, NANOS_PER_SECOND) + NTP_TO_UNIX_SECONDS;
        long fraction = (Math.floorMod(nanos, NANOS_PER_SECOND) << 32) / NANOS_PER_SECOND;
        return seconds << 32 | fraction;
    }

    /** 16 bits of seconds, 16 of fraction, rounded up: a server must not state less than it knows. */
    private static int ntpShort(long nanos) {
        return (int) Math.ceilDiv(nanos << 16, NANOS_PER_SECOND);
    }
}
