// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.chronotick.daemon.time.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/**
 * The socket calls of Linux, as they are: a negative result means failure and {@link #errno} says which. Not
 * thread-safe, because of the error number; {@link #signal} alone is.
 */
final class LinuxSockets {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int SOL_IP = 0;
    static final int SOL_SOCKET = 1;
    static final int SOL_IPV6 = 41;
    static final int IP_RECVERR = 11;
    static final int IPV6_RECVERR = 25;
    /** Also the type of the control message that carries the stamps (SCM_TIMESTAMPING). */
    static final int SO_TIMESTAMPING = 37;

    static final int MSG_ERRQUEUE = 0x2000;
    private static final short POLLIN = 1;

    /** struct pollfd: int fd; short events; short revents. */
    static final int POLLFD_BYTES = 8;

    private static final int POLLFD_EVENTS = 4;
    private static final int POLLFD_REVENTS = 6;

    /** Holds struct sockaddr_in, 16 bytes, and sockaddr_in6. */
    static final int SOCKADDR_BYTES = 28;

    private static final int SOCK_DGRAM = 2;
    /** SOCK_NONBLOCK and EFD_NONBLOCK. */
    private static final int NONBLOCK = 0x800;
    /** SOCK_CLOEXEC and EFD_CLOEXEC. */
    private static final int CLOEXEC = 0x80000;

    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET =
            Libc.function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle SETSOCKOPT = Libc.function(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
    private static final MethodHandle CONNECT =
            Libc.function("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
    private static final MethodHandle BIND =
            Libc.function("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
    private static final MethodHandle GETSOCKNAME =
            Libc.function("getsockname", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS), CAPTURE);
    private static final MethodHandle SENDTO = Libc.function(
            "sendto",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
            CAPTURE);
    private static final MethodHandle SEND =
            Libc.function("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle RECVMSG =
            Libc.function("recvmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
    private static final MethodHandle PPOLL =
            Libc.function("ppoll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS), CAPTURE);
    private static final MethodHandle EVENTFD =
            Libc.function("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    // Of these three nobody wants the result: they are declared as void, which the calling convention allows.
    private static final MethodHandle READ =
            Libc.function("read", FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            Libc.function("write", FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = Libc.function("close", FunctionDescriptor.ofVoid(JAVA_INT));

    private final MemorySegment callState;
    private final MemorySegment option;
    private final MemorySegment counter;
    private final MemorySegment timeout;
    /** The counter's increment; never written after construction, so any thread may pass it. */
    private final MemorySegment one;

    LinuxSockets(Arena arena) {
        callState = arena.allocate(Linker.Option.captureStateLayout());
        option = arena.allocate(JAVA_INT);
        counter = arena.allocate(JAVA_LONG);
        timeout = arena.allocate(2 * Long.BYTES, Long.BYTES);
        one = arena.allocateFrom(JAVA_LONG, 1L);
    }

    /** Why the last call failed. */
    int errno() {
        return callState.get(JAVA_INT, ERRNO_OFFSET);
    }

    /** A datagram socket that never blocks and that child processes do not inherit. */
    int datagramSocket(int family) {
        try {
            return (int) SOCKET.invokeExact(callState, family, SOCK_DGRAM | NONBLOCK | CLOEXEC, 0);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    int setOption(int fd, int level, int name, int value) {
        option.set(JAVA_INT, 0, value);
        try {
            return (int) SETSOCKOPT.invokeExact(callState, fd, level, name, option, Integer.BYTES);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    int connect(int fd, InetSocketAddress address) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment sockaddr = sockaddr(address, call);
            return (int) CONNECT.invokeExact(callState, fd, sockaddr, (int) sockaddr.byteSize());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    int bind(int fd, InetSocketAddress address) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment sockaddr = sockaddr(address, call);
            return (int) BIND.invokeExact(callState, fd, sockaddr, (int) sockaddr.byteSize());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** The address of a bound socket. */
    InetSocketAddress localAddress(int fd) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment sockaddr = call.allocate(SOCKADDR_BYTES, Long.BYTES);
            MemorySegment length = call.allocateFrom(JAVA_INT, SOCKADDR_BYTES);
            int result = (int) GETSOCKNAME.invokeExact(callState, fd, sockaddr, length);
            if (result < 0) {
                throw new IllegalStateException("getsockname refused a socket: " + Libc.errnoText(errno()));
            }
            return address(sockaddr);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** What a sockaddr_in or sockaddr_in6 says. */
    static InetSocketAddress address(MemorySegment sockaddr) {
        boolean ipv6 = sockaddr.get(JAVA_SHORT, 0) == AF_INET6;
        byte[] ip = new byte[ipv6 ? 16 : 4];
        MemorySegment.copy(sockaddr, JAVA_BYTE, ipv6 ? 8 : 4, ip, 0, ip.length);
        int port = Short.toUnsignedInt(sockaddr.get(NETWORK_SHORT, 2));
        try {
            return ipv6
                    ? new InetSocketAddress(Inet6Address.getByAddress(null, ip, sockaddr.get(JAVA_INT, 24)), port)
                    : new InetSocketAddress(InetAddress.getByAddress(ip), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // of another length only
        }
    }

    /** struct sockaddr_in: family, port, address, 8 bytes zero; sockaddr_in6: family, port, flow, address, scope. */
    static MemorySegment sockaddr(InetSocketAddress address, Arena arena) {
        byte[] ip = address.getAddress().getAddress();
        boolean ipv6 = address.getAddress() instanceof Inet6Address;
        MemorySegment sockaddr = arena.allocate(ipv6 ? SOCKADDR_BYTES : 16, Long.BYTES);
        sockaddr.set(JAVA_SHORT, 0, (short) (ipv6 ? AF_INET6 : AF_INET));
        sockaddr.set(NETWORK_SHORT, 2, (short) address.getPort());
        MemorySegment.copy(ip, 0, sockaddr, JAVA_BYTE, ipv6 ? 8 : 4, ip.length);
        if (address.getAddress() instanceof Inet6Address inet6) {
            sockaddr.set(JAVA_INT, 24, inet6.getScopeId());
        }
        return sockaddr;
    }

    long send(int fd, MemorySegment payload, long length) {
        try {
            return (long) SEND.invokeExact(callState, fd, payload, length, 0);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    long sendTo(int fd, MemorySegment payload, long length, MemorySegment sockaddr) {
        try {
            return (long) SENDTO.invokeExact(callState, fd, payload, length, 0, sockaddr, (int) sockaddr.byteSize());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    long receive(int fd, MemorySegment message, int flags) {
        try {
            return (long) RECVMSG.invokeExact(callState, fd, message, flags);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Fills an entry of an array of struct pollfd; a filled error queue is told unasked. */
    static void listenFor(MemorySegment pollfds, int entry, int fd) {
        pollfds.set(JAVA_INT, (long) entry * POLLFD_BYTES, fd);
        pollfds.set(JAVA_SHORT, (long) entry * POLLFD_BYTES + POLLFD_EVENTS, POLLIN);
    }

    /** Whether the last poll found anything for that entry. */
    static boolean isReady(MemorySegment pollfds, int entry) {
        return pollfds.get(JAVA_SHORT, (long) entry * POLLFD_BYTES + POLLFD_REVENTS) != 0;
    }

    int poll(MemorySegment pollfds, long count, long timeoutNanos) {
        timeout.set(JAVA_LONG, 0, timeoutNanos / 1_000_000_000L);
        timeout.set(JAVA_LONG, Long.BYTES, timeoutNanos % 1_000_000_000L);
        try {
            return (int) PPOLL.invokeExact(callState, pollfds, count, timeout, MemorySegment.NULL);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    int eventCounter() {
        try {
            return (int) EVENTFD.invokeExact(callState, 0, NONBLOCK | CLOEXEC);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Makes an event counter readable. It fails only when the counter is at its end, and then it is readable. */
    void signal(int eventCounter) {
        try {
            WRITE.invokeExact(eventCounter, one, (long) Long.BYTES);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Takes all signals off an event counter. */
    void clear(int eventCounter) {
        try {
            READ.invokeExact(eventCounter, counter, (long) Long.BYTES);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    void close(int fd) {
        try {
            CLOSE.invokeExact(fd);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
