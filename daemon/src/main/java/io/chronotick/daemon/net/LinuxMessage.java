// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/**
 * What recvmsg(2) fills: a datagram of at most {@link NtpTransport#MAX_DATAGRAM_BYTES}, its sender, and what the control
 * messages (cmsg(3)) say of it. Reused for each; for one thread.
 */
final class LinuxMessage {
    /** Both control messages of a stamp in the error queue take 64 + 64 bytes at most, the offender's address included. */
    private static final int CONTROL_BYTES = 512;

    /** struct msghdr: name, namelen, iov, iovlen, control, controllen, flags. */
    private static final int MSGHDR_BYTES = 56;

    private static final int MSGHDR_NAMELEN = 8;
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

    private final LinuxSockets calls;
    private final MemorySegment name;
    private final MemorySegment incoming;
    private final MemorySegment control;
    private final MemorySegment header;

    private int length;
    private boolean stamped;
    private long stampRealtimeNanos;
    private int errno;
    private byte origin;
    private int info;
    private int data;

    LinuxMessage(LinuxSockets calls, Arena arena) {
        this.calls = calls;
        name = arena.allocate(LinuxSockets.SOCKADDR_BYTES, Long.BYTES);
        incoming = arena.allocate(NtpTransport.MAX_DATAGRAM_BYTES);
        control = arena.allocate(CONTROL_BYTES, Long.BYTES);
        header = arena.allocate(MSGHDR_BYTES, Long.BYTES);
        MemorySegment iovec = arena.allocate(2 * Long.BYTES, Long.BYTES);
        iovec.set(ADDRESS, 0, incoming);
        iovec.set(JAVA_LONG, Long.BYTES, incoming.byteSize());
        header.set(ADDRESS, 0, name);
        header.set(ADDRESS, MSGHDR_IOV, iovec);
        header.set(JAVA_LONG, MSGHDR_IOVLEN, 1);
        header.set(ADDRESS, MSGHDR_CONTROL, control);
    }

    /** Takes the next message off a socket; false if there is none or the call failed, which errno tells. */
    boolean receive(int fd, int flags) {
        header.set(JAVA_INT, MSGHDR_NAMELEN, (int) name.byteSize());
        header.set(JAVA_LONG, MSGHDR_CONTROLLEN, CONTROL_BYTES);
        length = (int) calls.receive(fd, header, flags);
        if (length < 0) {
            return false;
        }
        readControl();
        return true;
    }

    /** Bytes of the datagram. */
    int length() {
        return length;
    }

    /** Copies the datagram to the array's beginning. */
    void copyTo(byte[] payload) {
        MemorySegment.copy(incoming, JAVA_BYTE, 0, payload, 0, length);
    }

    InetSocketAddress sender() {
        return LinuxSockets.address(name);
    }

    /** Whether the kernel has stamped it. */
    boolean stamped() {
        return stamped;
    }

    /** When, on CLOCK_REALTIME. */
    long stampRealtimeNanos() {
        return stampRealtimeNanos;
    }

    /** Of a message of the error queue: what happened; 0 if it tells neither an error nor a stamp of sending. */
    int errno() {
        return errno;
    }

    byte origin() {
        return origin;
    }

    int info() {
        return info;
    }

    int data() {
        return data;
    }

    private void readControl() {
        stamped = false;
        errno = 0;
        long end = header.get(JAVA_LONG, MSGHDR_CONTROLLEN);
        long at = 0;
        while (at + CMSG_DATA <= end) {
            long bytes = control.get(JAVA_LONG, at);
            if (bytes < CMSG_DATA || at + bytes > end) {
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
            at += (bytes + Long.BYTES - 1) & -Long.BYTES;
        }
    }
}
