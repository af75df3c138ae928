// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Datagrams to and from the servers, stamped on CLOCK_MONOTONIC_RAW. One connected socket a source, so that the kernel
 * drops what other addresses send and reports unreachable ports. All methods but {@link #wakeup} belong to one thread; a
 * listener may call {@link #connect} and {@link #send}, but not {@link #poll}.
 */
public interface NtpTransport extends AutoCloseable {

    /**
     * The kernel tells an ICMP error that has come in by failing the next call, whose own datagram then stays here: such a
     * call is made again, so often.
     */
    int SEND_ATTEMPTS = 3;

    /** The most bytes of a datagram that are sent or delivered; longer ones arrive cut to this length. */
    int MAX_DATAGRAM_BYTES = 1024;

    /** Why nothing is sent to a source that has no socket. */
    String NOT_CONNECTED = "no connection to it";

    /** What the network says. Called on the thread that calls {@link #poll} or {@link #send}. */
    interface Listener {
        /**
         * A request left at {@code rawNanos}. Called once with the stamp taken just before the call that sent it, and
         * perhaps a second time with the kernel's: before the reply is delivered where the kernel is in time, rarely after.
         */
        void onTransmitted(int source, long requestId, long rawNanos, StampKind kind);

        /**
         * {@code payload[0..length)} arrived, {@code length} from 0 to {@link #MAX_DATAGRAM_BYTES}; the array is reused
         * after the call returns.
         */
        void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind);

        /**
         * The network says that the source cannot be reached, for example "connection refused". Anybody can forge that
         * (ICMP): it is a hint, and the reply may still come.
         */
        void onUnreachable(int source, String reason);

        /** A request has not left this host, for example "network is unreachable". Called within {@link #send}. */
        void onNotSent(int source, String reason);
    }

    /** What stamps the datagrams, in words for a log line. */
    String describe();

    /**
     * Opens a socket to the source's address, replacing an earlier one.
     *
     * @param source a small number, 0, 1, ..., of the caller's choice
     * @throws IOException if this host cannot send there; the source is left without a socket
     */
    void connect(int source, InetSocketAddress address) throws IOException;

    /** Closes the source's socket, if it has one. */
    void disconnect(int source);

    /** Sends one datagram of at most {@link #MAX_DATAGRAM_BYTES}; a failure is told to the listener, not thrown. */
    void send(int source, long requestId, byte[] payload, Listener listener);

    /**
     * Waits for datagrams and stamps, at most {@code timeoutNanos} (not at all if that is not positive), and delivers what
     * is there. May return early with nothing. A source that floods is heard in turns with the others.
     */
    void poll(long timeoutNanos, Listener listener) throws IOException;

    /** Makes a {@link #poll} under way, or the next one, return soon. Any thread. */
    void wakeup();

    /** Closes all sockets. Further calls of {@link #wakeup} do nothing; other calls are errors. */
    @Override
    void close();
}
