// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.StampKind;
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

    /** How far a stamp may lie outside of what is possible: the two clocks are not read at quite the same instant. */
    private static final long STAMP_SLACK_NANOS = 2_000;

    /** The fastest that Linux slews CLOCK_REALTIME for good (adjtimex(2): 500 ppm), doubled. */
    private static final double MAX_SLEW = 1e-3;

    /** A pair read within this time is good enough; three clock reads take some 100 ns. */
    private static final long TIGHT_PAIR_NANOS = 250;

    private static final int MAX_PAIR_READS = 5;

    /** The most messages taken off one socket before the others have their turn. */
    private static final int MAX_MESSAGES_A_TURN = 64;

    /** Both control messages of a stamp in the error queue take 64 + 64 bytes at most, the offender's address included. */
    private static final int CONTROL_BYTES = 512;

    /** struct msghdr: name, namelen, iov, iovlen, control, controllen, flags. */
    private static final int MSGHDR_BYTES = 56;

    private static final int MSGHDR_IOV = 16;
    private static final int MSGHDR_IOVLEN = 24;
    private static final int MSGHDR_CONTROL = 32;
    private static final int MSGHDR_CONTROLLEN = 40;

    /** struct cmsghdr: size_t len; int level; int type; then the data, all aligned to 8 bytes. */
    private static final int CMSG_LEVEL = 8;

    private static final int CMSG_TYPE = 12;
    private static final int CMSG_DATA = 16;

    /** struct sock_extended_err: u32 errno; u8 origin, type, code, pad; u32 info, data. */
    private static final int EXTENDED_ERR_ORIGIN = 4;

    private static final int EXTENDED_ERR_INFO = 8;
    private static final int EXTENDED_ERR_DATA = 12;
    private static final byte ORIGIN_TIMESTAMPING = 4;
    /** The info of a stamp taken when the packet was handed to the device (SCM_TSTAMP_SND). */
    private static final int STAMP_OF_SENDING = 0;

    private final HostClocks clocks;
    private final Arena arena = Arena.ofAuto();
    private final LinuxSockets calls = new LinuxSockets(arena);
    private final MemorySegment outgoing = arena.allocate(MAX_DATAGRAM_BYTES);
    private final MemorySegment incoming = arena.allocate(MAX_DATAGRAM_BYTES);
    private final MemorySegment control = arena.allocate(CONTROL_BYTES, Long.BYTES);
    private final MemorySegment message = arena.allocate(MSGHDR_BYTES, Long.BYTES);
    private final byte[] payload = new byte[MAX_DATAGRAM_BYTES];
    private final int wakeupFd;

    /** By source. */
    private @Nullable Socket[] sockets = new Socket[4];

    /** The sockets of {@link #pollfds}, in its order from entry 1 on; entry 0 is the wakeup. */
    private Socket[] polled = {};

    private MemorySegment pollfds = MemorySegment.NULL;
    private boolean socketsChanged = true;

    /** The clocks read together, last. */
    private long pairRawNanos;

    private long pairRealtimeNanos;

    /** What the control messages of the last message said. */
    private final Control said = new Control();

    /** Between wakeup, on any thread, and close: a wakeup must not write to a file number that has a new owner. */
    private final Object wakeupLock = new Object();

    private boolean closed;

    LinuxUdpTransport(HostClocks clocks) throws IOException {
        this.clocks = clocks;
        wakeupFd = calls.eventCounter();
        if (wakeupFd < 0) {
            throw failure("cannot open an event counter");
        }
        MemorySegment iovec = arena.allocate(2 * Long.BYTES, Long.BYTES);
        iovec.set(ADDRESS, 0, incoming);
        iovec.set(JAVA_LONG, Long.BYTES, incoming.byteSize());
        message.set(ADDRESS, MSGHDR_IOV, iovec);
        message.set(JAVA_LONG, MSGHDR_IOVLEN, 1);
        message.set(ADDRESS, MSGHDR_CONTROL, control);
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
        Socket earlier = sockets[source];
        if (earlier != null) {
            sockets[source] = null;
            socketsChanged = true;
            earlier.close();
        }
        boolean ipv6 = address.getAddress() instanceof Inet6Address;
        int fd = calls.udpSocket(ipv6 ? LinuxSockets.AF_INET6 : LinuxSockets.AF_INET);
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
    public void send(int source, long requestId, byte[] datagram, Listener listener) {
        Socket socket = source < sockets.length ? sockets[source] : null;
        if (socket == null) {
            listener.onUnreachable(source, "no connection to it");
            return;
        }
        // An error that waits there would be taken for one of this datagram.
        socket.drainErrors(listener);
        if (!socket.open) {
            return;
        }
        MemorySegment.copy(datagram, 0, outgoing, JAVA_BYTE, 0, datagram.length);
        socket.compareClocks();
        long rawNanos = clocks.rawNanos();
        if (calls.send(socket.fd, outgoing, datagram.length) < 0) {
            int errno = calls.errno();
            // Depending on where it failed, the kernel has used up a number for it or not.
            socket.numberFromZero();
            listener.onUnreachable(source, Libc.errnoText(errno));
            return;
        }
        socket.remember(requestId, rawNanos);
        listener.onTransmitted(source, requestId, rawNanos, StampKind.USER);
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
        if (revents(0) != 0) {
            calls.clear(wakeupFd);
        }
        // A listener may connect anew meanwhile: that leaves these two alone until the next poll.
        for (int i = 0; i < polled.length; i++) {
            if (revents(1 + i) != 0 && polled[i].open) {
                polled[i].drain(listener);
            }
        }
    }

    private short revents(int entry) {
        return pollfds.get(JAVA_SHORT, (long) entry * LinuxSockets.POLLFD_BYTES + LinuxSockets.POLLFD_REVENTS);
    }

    private void listPolled() {
        polled = Arrays.stream(sockets).filter(socket -> socket != null).toArray(Socket[]::new);
        pollfds = arena.allocate((1L + polled.length) * LinuxSockets.POLLFD_BYTES, Long.BYTES);
        pollfds.set(JAVA_INT, 0, wakeupFd);
        pollfds.set(JAVA_SHORT, LinuxSockets.POLLFD_EVENTS, LinuxSockets.POLLIN);
        for (int i = 0; i < polled.length; i++) {
            long entry = (1L + i) * LinuxSockets.POLLFD_BYTES;
            pollfds.set(JAVA_INT, entry, polled[i].fd);
            // A filled error queue is told unasked.
            pollfds.set(JAVA_SHORT, entry + LinuxSockets.POLLFD_EVENTS, LinuxSockets.POLLIN);
        }
        socketsChanged = false;
    }

    @Override
    public void wakeup() {
        synchronized (wakeupLock) {
            if (!closed) {
                calls.signal(wakeupFd);
            }
        }
    }

    @Override
    public void close() {
        synchronized (wakeupLock) {
            if (closed) {
                return;
            }
            closed = true;
            calls.close(wakeupFd);
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

    /** Reads both clocks at, as nearly as can be, one instant: the tightest of a few tries, the middle of its reads. */
    private void readClockPair() {
        long tightest = Long.MAX_VALUE;
        for (int i = 0; i < MAX_PAIR_READS && tightest > TIGHT_PAIR_NANOS; i++) {
            long before = clocks.rawNanos();
            long realtime = clocks.realtimeNanos();
            long width = clocks.rawNanos() - before;
            if (width < tightest) {
                tightest = width;
                pairRawNanos = before + width / 2;
                pairRealtimeNanos = realtime;
            }
        }
    }

    /** What the control messages (cmsg(3)) of one received message say. */
    private final class Control {
        boolean stamped;
        /** CLOCK_REALTIME. */
        long stampRealtimeNanos;
        /** The error queue's entry; no error and no stamp of sending if {@code errno} is 0. */
        int errno;

        byte origin;
        int info;
        int data;

        void read() {
            stamped = false;
            errno = 0;
            long end = message.get(JAVA_LONG, MSGHDR_CONTROLLEN);
            long at = 0;
            while (at + CMSG_DATA <= end) {
                long length = control.get(JAVA_LONG, at);
                if (length < CMSG_DATA || at + length > end) {
                    return;
                }
                int level = control.get(JAVA_INT, at + CMSG_LEVEL);
                int type = control.get(JAVA_INT, at + CMSG_TYPE);
                long body = at + CMSG_DATA;
                if (level == LinuxSockets.SOL_SOCKET && type == LinuxSockets.SO_TIMESTAMPING) {
                    // Three timespecs; the first is the software stamp, zero if there is none.
                    stampRealtimeNanos =
                            control.get(JAVA_LONG, body) * 1_000_000_000L + control.get(JAVA_LONG, body + Long.BYTES);
                    stamped = stampRealtimeNanos != 0;
                } else if ((level == LinuxSockets.SOL_IP && type == LinuxSockets.IP_RECVERR)
                        || (level == LinuxSockets.SOL_IPV6 && type == LinuxSockets.IPV6_RECVERR)) {
                    errno = control.get(JAVA_INT, body);
                    origin = control.get(JAVA_BYTE, body + EXTENDED_ERR_ORIGIN);
                    info = control.get(JAVA_INT, body + EXTENDED_ERR_INFO);
                    data = control.get(JAVA_INT, body + EXTENDED_ERR_DATA);
                }
                at += (length + Long.BYTES - 1) & -Long.BYTES;
            }
        }
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

        /** The clocks read together before the last send. */
        private long comparedRawNanos;

        private long comparedRealtimeNanos;

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
            readClockPair();
            comparedRawNanos = pairRawNanos;
            comparedRealtimeNanos = pairRealtimeNanos;
        }

        /** Whether CLOCK_REALTIME went otherwise than by slewing between the last send and the pair of readings. */
        private boolean clockStepped() {
            long rawPassed = pairRawNanos - comparedRawNanos;
            long realtimePassed = pairRealtimeNanos - comparedRealtimeNanos;
            return Math.abs(realtimePassed - rawPassed) > STAMP_SLACK_NANOS + MAX_SLEW * rawPassed;
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
                int length = receive(0);
                if (length < 0) {
                    if (calls.errno() == Libc.EAGAIN) {
                        return;
                    }
                    listener.onUnreachable(source, Libc.errnoText(calls.errno()));
                    continue;
                }
                readClockPair();
                long rawNanos = pairRawNanos;
                StampKind kind = StampKind.USER;
                if (said.stamped && !clockStepped()) {
                    long ageNanos = pairRealtimeNanos - said.stampRealtimeNanos;
                    if (ageNanos >= -STAMP_SLACK_NANOS && ageNanos <= MAX_STAMP_AGE_NANOS) {
                        rawNanos -= Math.max(0, ageNanos);
                        kind = StampKind.KERNEL;
                    }
                }
                MemorySegment.copy(incoming, JAVA_BYTE, 0, payload, 0, length);
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
                if (receive(LinuxSockets.MSG_ERRQUEUE) < 0) {
                    return;
                }
                if (said.errno == 0) {
                    continue;
                }
                if (said.origin != ORIGIN_TIMESTAMPING) {
                    listener.onUnreachable(source, Libc.errnoText(said.errno));
                } else if (said.stamped && said.info == STAMP_OF_SENDING) {
                    deliverTransmitStamp(said.data, said.stampRealtimeNanos, listener);
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
            readClockPair();
            if (clockStepped()) {
                return;
            }
            long sent = sentRawNanos[slot];
            long stamp = pairRawNanos - (pairRealtimeNanos - realtimeNanos);
            if (stamp >= sent - STAMP_SLACK_NANOS && stamp <= pairRawNanos + STAMP_SLACK_NANOS) {
                long rawNanos = Math.clamp(stamp, sent, pairRawNanos);
                listener.onTransmitted(source, requestIds[slot], rawNanos, StampKind.KERNEL);
            }
        }

        /** The length of the message, with {@link #said} filled, or negative. */
        private int receive(int flags) {
            message.set(JAVA_LONG, MSGHDR_CONTROLLEN, CONTROL_BYTES);
            long length = calls.receive(fd, message, flags);
            if (length >= 0) {
                said.read();
            }
            return (int) length;
        }
    }
}
