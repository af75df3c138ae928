// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The socket of an NTP server: hears anybody, stamps what arrives on CLOCK_MONOTONIC_RAW, and answers. All methods but
 * {@link #wakeup} belong to one thread.
 */
public interface NtpServerSocket extends AutoCloseable {
    /**
     * What has arrived.
     *
     * @param payload at most {@link NtpTransport#MAX_DATAGRAM_BYTES}, longer ones cut to this length
     * @param arrivalRawNanos when, by the kernel or when it was taken off the socket, as {@code kind} says
     */
    record Datagram(ByteBuffer payload, InetSocketAddress sender, long arrivalRawNanos, StampKind kind) {}

    /**
     * Opens the best socket that this system gives.
     *
     * @param address where to listen; port 0 for one that is free
     * @throws IOException if it cannot be had; the message says why
     */
    static NtpServerSocket open(InetSocketAddress address, HostClocks clocks) throws IOException {
        return Libc.isSupported() ? new LinuxServerSocket(address, clocks) : new NioServerSocket(address, clocks);
    }

    /** Where it listens. */
    InetSocketAddress address();

    /** Waits for a datagram or a wakeup, at most {@code timeoutNanos}; may return early. */
    void await(long timeoutNanos) throws IOException;

    /** The next datagram that is there, or none. */
    Optional<Datagram> receive() throws IOException;

    /**
     * Sends what remains of {@code payload}, which is left as it is, at an instant in the near future, for which it waits
     * without giving its CPU away, or at once if that is past. What the system has no room for is lost.
     */
    void sendAt(long rawNanos, ByteBuffer payload, InetSocketAddress to) throws IOException;

    /** Makes an {@link #await} under way, or the next one, return soon. Any thread. */
    void wakeup();

    @Override
    void close() throws IOException;
}
