// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * UDP with the kernel's software timestamps (SO_TIMESTAMPING; Documentation/networking/timestamping.rst), through the
 * socket calls of Linux.
 *
 * <p>The kernel stamps with CLOCK_REALTIME, which others may step and slew. A stamp is carried over to CLOCK_MONOTONIC_RAW
 * by its age: both clocks are read together right after the stamp, some tens of microseconds after it was taken, so
 * that not even the fastest slew counts. If the system clock was stepped meanwhile, the age is wrong. So the user-space
 * stamp stands if the two clocks have come apart since the last request was sent, or if the stamp is impossible: in the
 * future, before the send call, or older than {@link #MAX_STAMP_AGE_NANOS}.
 *
 * <p>Transmit stamps come back through the socket's error queue, numbered by the kernel in the order of the send calls.
 */
final class LinuxUdpTransport implements NtpTransport {
    /** SOF_TIMESTAMPING_: TX_SOFTWARE, RX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY (stamps without the packet). */
    private static final int TIMESTAMPING_FLAGS = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 7 | 1 << 11;

    /** A datagram does not lie longer in the queue unless this process was stopped. */
    static final long MAX_STAMP_AGE_NANOS = 1_000_000_000L;

    /** The most messages taken off one socket before the others have their turn. */
    private static final int MAX_MESSAGES_A_TURN = 64;

    private static final byte ORIGIN_TIMESTAMPING = 4;
    /** The info of a stamp taken when the packet was handed to the device (SCM_TSTAMP_SND). */
    private static final int STAMP_OF_SENDING = 0;

    private final HostClocks clocks;
    private final Arena arena = Arena.ofAuto();
    private final LinuxSockets calls = new LinuxSockets(arena);
    private final MemorySegment outgoing = arena.allocate(MAX_DATAGRAM_BYTES);
    private final LinuxMessage message = new LinuxMessage(calls, arena);
    private final byte[] payload = new byte[MAX_DATAGRAM_BYTES];
    private final LinuxWakeup wakeup;

    /** By source. */
    private @Nullable Socket[] sockets = new Socket[4];

    /** The sockets of {@link #pollfds}, in its order from entry 1 on; entry 0 is the wakeup. */
    private Socket[] polled = {};

    private MemorySegment pollfds = MemorySegment.NULL;
    private boolean socketsChanged = true;

    /** The clocks as they were last read. */
    private final ClockPair now;

    LinuxUdpTransport(HostClocks clocks) throws IOException {
        this.clocks = clocks;
        this.now = new ClockPair(clocks);
        this.wakeup = new LinuxWakeup(calls);
    }

    @Override
    public String describe() {
        return "kernel timestamps (SO_TIMESTAMPING)";
    }

    @Override
    public void connect(int source, InetSocketAddress address) throws IOException {
        if (address.isUnresolved()) {
            throw new IOException("no address known for " + address.getHostString());
        }
        if (source >= sockets.length) {
            sockets = Arrays.copyOf(sockets, Math.max(source + 1, 2 * sockets.length));
        }
        disconnect(source);
        boolean ipv6 = address.getAddress() instanceof Inet6Address;
        int fd = calls.datagramSocket(ipv6 ? LinuxSockets.AF_INET6 : LinuxSockets.AF_INET);
        if (fd < 0) {
            throw failure("cannot open a socket to " + NtpTransports.text(address));
        }
        Socket socket = new Socket(source, fd);
        if (calls.connect(fd, address) < 0) {
            IOException failure = failure("cannot reach " + NtpTransports.text(address));
            socket.close();
            throw failure;
        }
        // Without it a connected UDP socket hears of closed ports only, not of unreachable hosts (ip(7)).
        calls.setOption(
                fd,
                ipv6 ? LinuxSockets.SOL_IPV6 : LinuxSockets.SOL_IP,
                ipv6 ? LinuxSockets.IPV6_RECVERR : LinuxSockets.IP_RECVERR,
                1);
        socket.numberFromZero();
        sockets[source] = socket;
        socketsChanged = true;
    }

    @Override
    public void disconnect(int source) {
        Socket earlier = source < sockets.length ? sockets[source] : null;
        if (earlier != null) {
            sockets[source] = null;
            socketsChanged = true;
            earlier.close();
        }
    }

    @Override
    public void send(int source, long requestId, byte[] datagram, Listener listener) {
        Socket socket = source < sockets.length ? sockets[source] : null;
        if (socket == null) {
            listener.onNotSent(source, NOT_CONNECTED);
            return;
        }
        MemorySegment.copy(datagram, 0, outgoing, JAVA_BYTE, 0, datagram.length);
        int errno = 0;
        for (int attempt = 0; attempt < SEND_ATTEMPTS; attempt++) {
            // An error that waits there would be taken for one of this datagram.
            socket.drainErrors(listener);
            if (!socket.open) {
                return; // the listener has connected anew
            }
            socket.compareClocks();
            long rawNanos = clocks.rawNanos();
            if (calls.send(socket.fd, outgoing, datagram.length) >= 0) {
                socket.remember(requestId, rawNanos);
                listener.onTransmitted(source, requestId, rawNanos, StampKind.USER);
                return;
            }
            errno = calls.errno();
            // Depending on where it failed, the kernel has used up a number for it or not.
            socket.numberFromZero();
        }
        listener.onNotSent(source, Libc.errnoText(errno));
    }

    @Override
    public void poll(long timeoutNanos, Listener listener) throws IOException {
        if (socketsChanged) {
            listPolled();
        }
        int ready = calls.poll(pollfds, 1 + polled.length, Math.max(0, timeoutNanos));
        if (ready < 0) {
            if (calls.errno() == Libc.EINTR) {
                return;
            }
            throw failure("cannot wait for datagrams");
        }
        if (ready == 0) {
            return;
        }
        if (LinuxSockets.isReady(pollfds, 0)) {
            wakeup.clear();
        }
        // A listener may connect anew meanwhile: that leaves these two alone until the next poll.
        for (int i = 0; i < polled.length; i++) {
            if (LinuxSockets.isReady(pollfds, 1 + i) && polled[i].open) {
                polled[i].drain(listener);
            }
        }
    }

    private void listPolled() {
        polled = Arrays.stream(sockets).filter(socket -> socket != null).toArray(Socket[]::new);
        pollfds = arena.allocate((1L + polled.length) * LinuxSockets.POLLFD_BYTES, Long.BYTES);
        LinuxSockets.listenFor(pollfds, 0, wakeup.fd());
        for (int i = 0; i < polled.length; i++) {
            LinuxSockets.listenFor(pollfds, 1 + i, polled[i].fd);
        }
        socketsChanged = false;
    }

    @Override
    public void wakeup() {
        wakeup.signal();
    }

    @Override
    public void close() {
        if (!wakeup.close()) {
            return;
        }
        for (Socket socket : sockets) {
            if (socket != null) {
                socket.close();
            }
        }
        Arrays.fill(sockets, null);
    }

    private IOException failure(String what) {
        return new IOException(what + ": " + Libc.errnoText(calls.errno()));
    }

    /** One source's connected socket and the requests whose transmit stamps are not back yet. */
    private final class Socket {
        /** More requests than a source ever has under way at once; a power of two. */
        private static final int REMEMBERED = 16;

        final int source;
        final int fd;
        boolean open = true;

        private final long[] requestIds = new long[REMEMBERED];
        private final long[] sentRawNanos = new long[REMEMBERED];
        private final boolean[] awaited = new boolean[REMEMBERED];
        private int awaitedCount;
        /** The kernel's number for the next datagram sent; wraps like the kernel's, at 2^32. */
        private int nextNumber;

        /** The clocks before the last send. */
        private final ClockPair compared = new ClockPair(clocks);

        Socket(int source, int fd) {
            this.source = source;
            this.fd = fd;
        }

        void close() {
            open = false;
            calls.close(fd);
        }

        /**
         * Switches the stamps on; where the kernel refuses, the user-space stamps stand. Numbering starts from 0 when
         * OPT_ID is switched on, so it has to be off before.
         */
        void numberFromZero() {
            calls.setOption(fd, LinuxSockets.SOL_SOCKET, LinuxSockets.SO_TIMESTAMPING, 0);
            calls.setOption(fd, LinuxSockets.SOL_SOCKET, LinuxSockets.SO_TIMESTAMPING, TIMESTAMPING_FLAGS);
            Arrays.fill(awaited, false);
            awaitedCount = 0;
            nextNumber = 0;
        }

        void compareClocks() {
            now.read();
            compared.copyFrom(now);
        }

        void remember(long requestId, long rawNanos) {
            int slot = nextNumber++ & (REMEMBERED - 1);
            requestIds[slot] = requestId;
            sentRawNanos[slot] = rawNanos;
            if (!awaited[slot]) {
                awaited[slot] = true;
                awaitedCount++;
            }
        }

        /** Transmit stamps before datagrams: a reply is worth more with the stamp of its request at hand. */
        void drain(Listener listener) {
            drainErrors(listener);
            for (int i = 0; i < MAX_MESSAGES_A_TURN && open; i++) {
                if (!message.receive(fd, 0)) {
                    if (calls.errno() == Libc.EAGAIN) {
                        return;
                    }
                    listener.onUnreachable(source, Libc.errnoText(calls.errno()));
                    continue;
                }
                now.read();
                long rawNanos = now.rawNanos();
                StampKind kind = StampKind.USER;
                if (message.stamped() && !now.isSteppedSince(compared)) {
                    long ageNanos = now.ageNanos(message.stampRealtimeNanos());
                    if (ageNanos >= -ClockPair.SLACK_NANOS && ageNanos <= MAX_STAMP_AGE_NANOS) {
                        rawNanos -= Math.max(0, ageNanos);
                        kind = StampKind.KERNEL;
                    }
                }
                int length = message.length();
                message.copyTo(payload);
                // The request's stamp may have come in since the queue was emptied above.
                if (awaitedCount > 0) {
                    drainErrors(listener);
                }
                listener.onReceived(source, payload, length, rawNanos, kind);
            }
        }

        /** Delivers the transmit stamps and the ICMP errors that are there. */
        void drainErrors(Listener listener) {
            for (int i = 0; i < MAX_MESSAGES_A_TURN && open; i++) {
                if (!message.receive(fd, LinuxSockets.MSG_ERRQUEUE)) {
                    return;
                }
                if (message.errno() == 0) {
                    continue;
                }
                if (message.origin() != ORIGIN_TIMESTAMPING) {
                    listener.onUnreachable(source, Libc.errnoText(message.errno()));
                } else if (message.stamped() && message.info() == STAMP_OF_SENDING) {
                    deliverTransmitStamp(message.data(), message.stampRealtimeNanos(), listener);
                }
            }
        }

        private void deliverTransmitStamp(int number, long realtimeNanos, Listener listener) {
            int slot = number & (REMEMBERED - 1);
            int sendsSince = nextNumber - number;
            if (sendsSince < 1 || sendsSince > REMEMBERED || !awaited[slot]) {
                return;
            }
            awaited[slot] = false;
            awaitedCount--;
            now.read();
            if (now.isSteppedSince(compared)) {
                return;
            }
            long sent = sentRawNanos[slot];
            long stamp = now.rawNanos() - now.ageNanos(realtimeNanos);
            if (stamp >= sent - ClockPair.SLACK_NANOS && stamp <= now.rawNanos() + ClockPair.SLACK_NANOS) {
                long rawNanos = Math.clamp(stamp, sent, now.rawNanos());
                listener.onTransmitted(source, requestIds[slot], rawNanos, StampKind.KERNEL);
            }
        }
    }
}
