// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Sends datagrams to a socket of the AF_UNIX family, as sd_notify(3) talks to a service manager and a reference clock to chronyd;
 * the JDK has streams of that family only. Never blocks. Thread-safe.
 */
public final class UnixDatagramSocket implements AutoCloseable {
    /** struct sockaddr_un: sa_family_t, then so many bytes of a path that ends in a zero, or of a name that begins with one. */
    private static final int PATH_BYTES = 108;

    private final Arena arena = Arena.ofShared();
    private final LinuxSockets calls = new LinuxSockets(arena);
    private final MemorySegment address;
    private final int fd;
    private boolean closed;

    /**
     * Opens a socket.
     *
     * @param where path of the other end, or its abstract name with an @ before it (unix(7))
     * @throws IOException if there can be no socket to there, or this system has none
     */
    public UnixDatagramSocket(String where) throws IOException {
        byte[] name = where.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = where.startsWith("@");
        if (!Libc.isSupported() || !(isAbstract || where.startsWith("/")) || name.length >= PATH_BYTES) {
            arena.close();
            throw new IOException(
                    Libc.isSupported()
                            ? "'" + where + "' is neither the path of a socket nor an @ and a name"
                            : "not on this system");
        }
        if (isAbstract) {
            name[0] = 0;
        }
        address = arena.allocate(Short.BYTES + name.length + (isAbstract ? 0 : 1), Short.BYTES);
        address.set(JAVA_SHORT, 0, (short) LinuxSockets.AF_UNIX);
        MemorySegment.copy(name, 0, address, JAVA_BYTE, Short.BYTES, name.length);
        fd = calls.datagramSocket(LinuxSockets.AF_UNIX);
        if (fd < 0) {
            String reason = Libc.errnoText(calls.errno());
            arena.close();
            throw new IOException(reason);
        }
    }

    /**
     * Sends one datagram.
     *
     * @throws IOException if it has not been sent: nobody is there, or is too busy
     */
    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends one datagram.
     *
     * @throws IOException if it has not been sent: nobody is there, or is too busy
     */
    public synchronized void send(byte[] bytes) throws IOException {
        if (closed) {
            throw new IOException("closed");
        }
        try (Arena call = Arena.ofConfined()) {
            if (calls.sendTo(fd, call.allocateFrom(JAVA_BYTE, bytes), bytes.length, address) < 0) {
                throw new IOException(Libc.errnoText(calls.errno()));
            }
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            calls.close(fd);
            arena.close();
        }
    }
}
