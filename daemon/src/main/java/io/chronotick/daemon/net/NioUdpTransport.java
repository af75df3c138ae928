// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** UDP through Java's channels, with stamps taken in user space, for systems without a native transport. */
final class NioUdpTransport implements NtpTransport {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    /** The most datagrams taken off one socket before the others have their turn. */
    private static final int MAX_DATAGRAMS_A_TURN = 64;

    private final HostClocks clocks;
    private final Selector selector;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(MAX_DATAGRAM_BYTES);
    private final byte[] payload = new byte[MAX_DATAGRAM_BYTES];

    /** By source. */
    private @Nullable DatagramChannel[] channels = new DatagramChannel[4];

    NioUdpTransport(HostClocks clocks) throws IOException {
        this.clocks = clocks;
        selector = Selector.open();
    }

    @Override
    public String describe() {
        return "user-space timestamps";
    }

    @Override
    public void connect(int source, InetSocketAddress address) throws IOException {
        if (address.isUnresolved()) {
            throw new IOException("no address known for " + address.getHostString());
        }
        if (source >= channels.length) {
            channels = Arrays.copyOf(channels, Math.max(source + 1, 2 * channels.length));
        }
        disconnect(source);
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.connect(address);
            channel.register(selector, SelectionKey.OP_READ, source);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot reach " + NtpTransports.text(address) + ": " + words(e), e);
        } catch (UnsupportedAddressTypeException e) {
            channel.close();
            throw new IOException("cannot reach " + NtpTransports.text(address) + ": no IPv6 on this host", e);
        } catch (RuntimeException | Error e) {
            channel.close();
            throw e;
        }
        channels[source] = channel;
    }

    @Override
    public void disconnect(int source) {
        DatagramChannel earlier = source < channels.length ? channels[source] : null;
        if (earlier != null) {
            channels[source] = null;
            try {
                earlier.close();
            } catch (IOException e) {
                // Nothing is left to be saved: a socket holds no unsent data that matters.
            }
        }
    }

    @Override
    public void send(int source, long requestId, byte[] datagram, Listener listener) {
        DatagramChannel channel = source < channels.length ? channels[source] : null;
        if (channel == null) {
            listener.onNotSent(source, NOT_CONNECTED);
            return;
        }
        if (datagram.length > MAX_DATAGRAM_BYTES) {
            throw new IndexOutOfBoundsException("a datagram of " + datagram.length + " bytes");
        }
        String failure = "";
        for (int attempt = 0; attempt < SEND_ATTEMPTS; attempt++) {
            long rawNanos = clocks.rawNanos();
            try {
                if (channel.write(ByteBuffer.wrap(datagram)) > 0 || datagram.length == 0) {
                    listener.onTransmitted(source, requestId, rawNanos, StampKind.USER);
                    return;
                }
                failure = "no buffer space";
            } catch (IOException e) {
                failure = words(e);
            }
        }
        listener.onNotSent(source, failure);
    }

    @Override
    public void poll(long timeoutNanos, Listener listener) throws IOException {
        if (timeoutNanos <= 0) {
            selector.selectNow();
        } else {
            // The selector counts in milliseconds; rounded down, the last one would be spun away.
            selector.select(Math.max(1, (timeoutNanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI));
        }
        for (SelectionKey key : selector.selectedKeys()) {
            drain((int) key.attachment(), (DatagramChannel) key.channel(), listener);
        }
        selector.selectedKeys().clear();
    }

    private void drain(int source, DatagramChannel channel, Listener listener) {
        // A listener may replace the channel meanwhile.
        for (int i = 0; i < MAX_DATAGRAMS_A_TURN && channel.isOpen(); i++) {
            incoming.clear();
            try {
                // Not read(): its 0 means an empty datagram as well as none.
                if (channel.receive(incoming) == null) {
                    return;
                }
            } catch (IOException e) {
                listener.onUnreachable(source, words(e));
                continue;
            }
            long rawNanos = clocks.rawNanos();
            int length = incoming.flip().remaining();
            incoming.get(payload, 0, length);
            listener.onReceived(source, payload, length, rawNanos, StampKind.USER);
        }
    }

    /** What the kernel transport says for the same; Java's own words otherwise. */
    private static String words(IOException e) {
        if (e instanceof PortUnreachableException) {
            return Libc.CONNECTION_REFUSED;
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message.toLowerCase(Locale.ROOT);
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public void close() {
        try {
            for (DatagramChannel channel : channels) {
                if (channel != null) {
                    channel.close();
                }
            }
            selector.close();
        } catch (IOException e) {
            // Nothing is left to be saved: sockets hold no unsent data that matters.
        }
        Arrays.fill(channels, null);
    }
}
