// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Through the socket calls of Linux, with the kernel's software stamps (SO_TIMESTAMPING). By the stamp of arrival a server
 * that is woken late still knows when the request came; where the system clock, by which the kernel stamps, was stepped
 * meanwhile, the time at which the datagram was taken off the socket stands. By the stamps of what it has sent it knows how
 * long the way through the call into the kernel takes, and begins the next call so much earlier. An empty datagram to
 * itself, right before, has that way in the caches, so that it takes about as long every time.
 */
final class LinuxServerSocket implements NtpServerSocket {
    /** SOF_TIMESTAMPING_: TX_SOFTWARE, RX_SOFTWARE, SOFTWARE, OPT_TSONLY (stamps without the packet). */
    private static final int TIMESTAMPING_FLAGS = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 11;

    /**
     * How long a call takes is the shortest of so many: more is interruption. Few, since the code becomes faster when it is
     * compiled.
     */
    private static final int CALLS_REMEMBERED = 8;

    /** A call takes some microseconds; longer ones are no reason to begin the next one earlier. */
    private static final long LONGEST_CALL_NANOS = 100_000;

    /** After so many packets to itself the first compiler has done its work. */
    private static final int WARM_UP = 300;

    /** It takes the kernel microseconds, on a busy machine milliseconds. */
    private static final long STAMP_PATIENCE_NANOS = 1_000_000_000L;

    private final HostClocks clocks;
    private final Arena arena = Arena.ofAuto();
    private final LinuxSockets calls = new LinuxSockets(arena);
    private final LinuxMessage message = new LinuxMessage(calls, arena);
    private final MemorySegment outgoing = arena.allocate(NtpTransport.MAX_DATAGRAM_BYTES);
    private final MemorySegment pollfds = arena.allocate(2L * LinuxSockets.POLLFD_BYTES, Long.BYTES);
    private final LinuxWakeup wakeup;
    private final int fd;
    private final InetSocketAddress address;
    private final MemorySegment toItself;
    private final ClockPair now;
    private final ClockPair earlier;

    /** From the beginning of a call to the kernel's stamp, ns. */
    private final long[] callNanos = new long[CALLS_REMEMBERED];

    private int sent;

    LinuxServerSocket(InetSocketAddress address, HostClocks clocks) throws IOException {
        this.clocks = clocks;
        now = new ClockPair(clocks);
        earlier = new ClockPair(clocks);
        wakeup = new LinuxWakeup(calls);
        fd = calls.datagramSocket(
                address.getAddress() instanceof Inet6Address ? LinuxSockets.AF_INET6 : LinuxSockets.AF_INET);
        try {
            if (fd < 0 || calls.bind(fd, address) < 0) {
                throw new IOException(Libc.errnoText(calls.errno()));
            }
            this.address = calls.localAddress(fd);
            toItself = LinuxSockets.sockaddr(this.address, arena);
            calls.setOption(fd, LinuxSockets.SOL_SOCKET, LinuxSockets.SO_TIMESTAMPING, TIMESTAMPING_FLAGS);
            LinuxSockets.listenFor(pollfds, 0, wakeup.fd());
            LinuxSockets.listenFor(pollfds, 1, fd);
            now.read();
            warmUp(this.address);
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * The first calls are slow, and the kernel begins to stamp only after a while: no request is to pay for that. Where it
     * never stamps, patience ends.
     */
    private void warmUp(InetSocketAddress itself) throws IOException {
        ByteBuffer nothing = ByteBuffer.allocate(0);
        long deadline = clocks.monotonicNanos() + STAMP_PATIENCE_NANOS;
        boolean stamped = false;
        for (int i = 0; i < WARM_UP || (!stamped && clocks.monotonicNanos() < deadline); i++) {
            sendAt(clocks.rawNanos(), nothing, itself);
            await(0);
            stamped = message.receive(fd, 0) ? message.stamped() : stamped;
        }
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void await(long timeoutNanos) throws IOException {
        int ready = calls.poll(pollfds, 2, Math.max(0, timeoutNanos));
        if (ready < 0 && calls.errno() != Libc.EINTR) {
            throw new IOException("cannot wait for datagrams: " + Libc.errnoText(calls.errno()));
        }
        if (ready > 0 && LinuxSockets.isReady(pollfds, 0)) {
            wakeup.clear();
        }
        dropStamps();
    }

    @Override
    public Optional<Datagram> receive() {
        do {
            if (!message.receive(fd, 0)) {
                return Optional.empty();
            }
        } while (message.sender().equals(address));
        earlier.copyFrom(now);
        now.read();
        byte[] payload = new byte[message.length()];
        message.copyTo(payload);
        long ageNanos = now.ageNanos(message.stampRealtimeNanos());
        boolean believed = message.stamped()
                && !now.isSteppedSince(earlier)
                && ageNanos >= -ClockPair.SLACK_NANOS
                && ageNanos <= LinuxUdpTransport.MAX_STAMP_AGE_NANOS;
        long rawNanos = believed ? now.rawNanos() - Math.max(0, ageNanos) : now.rawNanos();
        return Optional.of(new Datagram(
                ByteBuffer.wrap(payload), message.sender(), rawNanos, believed ? StampKind.KERNEL : StampKind.USER));
    }

    @Override
    public void sendAt(long rawNanos, ByteBuffer payload, InetSocketAddress to) throws IOException {
        long length = payload.remaining();
        outgoing.copyFrom(MemorySegment.ofBuffer(payload));
        try (Arena call = Arena.ofConfined()) {
            MemorySegment sockaddr = LinuxSockets.sockaddr(to, call);
            long begin = rawNanos - Arrays.stream(callNanos).min().orElse(0);
            if (begin - clocks.rawNanos() > LONGEST_CALL_NANOS) {
                calls.sendTo(fd, outgoing, 0, toItself);
            }
            dropStamps();
            while (clocks.rawNanos() - begin < 0) {
                Thread.onSpinWait();
            }
            long begun = clocks.rawNanos();
            if (calls.sendTo(fd, outgoing, length, sockaddr) < 0
                    && calls.errno() != Libc.EAGAIN
                    && calls.errno() != Libc.ENOBUFS) {
                throw new IOException("cannot answer " + NtpTransports.text(to) + ": " + Libc.errnoText(calls.errno()));
            }
            rememberCall(begun);
        }
    }

    /** The stamp is there when the call returns; where it is not, nothing is learned. */
    private void rememberCall(long begunRawNanos) {
        if (message.receive(fd, LinuxSockets.MSG_ERRQUEUE) && message.stamped()) {
            now.read();
            long tookNanos = now.rawNanos() - now.ageNanos(message.stampRealtimeNanos()) - begunRawNanos;
            callNanos[sent++ % CALLS_REMEMBERED] = Math.clamp(tookNanos, 0, LONGEST_CALL_NANOS);
        }
    }

    /** Stamps that came late would be taken for those of the next datagram, and wake for nothing. */
    private void dropStamps() {
        boolean more;
        do {
            more = message.receive(fd, LinuxSockets.MSG_ERRQUEUE);
        } while (more);
    }

    @Override
    public void wakeup() {
        wakeup.signal();
    }

    @Override
    public void close() {
        if (wakeup.close() && fd >= 0) {
            calls.close(fd);
        }
    }
}
