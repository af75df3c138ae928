// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.engine.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Datagrams to and from the servers, stamped on CLOCK_MONOTONIC_RAW. One connected socket a source, so that the kernel
 * drops what other addresses send and reports unreachable ports. All methods but {@link #wakeup} belong to one thread.
 */
public interface NtpTransport extends AutoCloseable {

    /** What the network says. Called on the thread that calls {@link #poll} or {@link #send}. */
    interface Listener {
        /** A request left at {@code rawNanos}; may be called a second time with the kernel's stamp. */
        void onTransmitted(int source, long requestId, long rawNanos, StampKind kind);

        /** {@code payload[0..length)} arrived; the array is reused after the call returns. */
        void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind);

        /** The network says that the source cannot be reached, for example "connection refused". */
        void onUnreachable(int source, String reason);
    }

    /** Opens a socket to the source's address, replacing an earlier one. */
    void connect(int source, InetSocketAddress address) throws IOException;

    /** Sends one datagram; a failure is told to the listener, not thrown. A source without socket is unreachable. */
    void send(int source, long requestId, byte[] payload, Listener listener);

    /** Waits for datagrams and stamps, at most {@code timeoutNanos}, and delivers all that are there. */
    void poll(long timeoutNanos, Listener listener) throws IOException;

    /** Makes a {@link #poll} under way, or the next one, return soon. Any thread. */
    void wakeup();

    @Override
    void close();
}
