// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;
import java.util.Optional;

/** Through Java's channels, with stamps taken in user space, for systems without native calls. */
final class NioServerSocket implements NtpServerSocket {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final HostClocks clocks;
    private final DatagramChannel channel;
    private final Selector selector;
    private final InetSocketAddress address;
    private final ByteBuffer incoming = ByteBuffer.allocate(NtpTransport.MAX_DATAGRAM_BYTES);

    NioServerSocket(InetSocketAddress address, HostClocks clocks) throws IOException {
        this.clocks = clocks;
        channel = DatagramChannel.open();
        try {
            selector = Selector.open();
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
        try {
            channel.configureBlocking(false);
            channel.bind(address);
            channel.register(selector, SelectionKey.OP_READ);
            this.address = (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void await(long timeoutNanos) throws IOException {
        if (timeoutNanos <= 0) {
            selector.selectNow();
        } else {
            selector.select(timeoutNanos / NANOS_PER_MILLI + 1);
        }
        selector.selectedKeys().clear();
    }

    @Override
    public Optional<Datagram> receive() throws IOException {
        incoming.clear();
        InetSocketAddress sender = (InetSocketAddress) channel.receive(incoming);
        if (sender == null) {
            return Optional.empty();
        }
        long rawNanos = clocks.rawNanos();
        ByteBuffer payload = ByteBuffer.wrap(Arrays.copyOf(incoming.array(), incoming.position()));
        return Optional.of(new Datagram(payload, sender, rawNanos, StampKind.USER));
    }

    @Override
    public void sendAt(long rawNanos, ByteBuffer payload, InetSocketAddress to) throws IOException {
        ByteBuffer datagram = payload.duplicate();
        while (clocks.rawNanos() - rawNanos < 0) {
            Thread.onSpinWait();
        }
        channel.send(datagram, to);
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        selector.close();
    }
}
