// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.RecordLayout;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** The design that shared memory replaces: a server that hands out the record, one message for each request. */
final class SocketRival implements AutoCloseable {
    private final Path directory;
    private final Path socket;
    private final ServerSocketChannel listener;
    private final SocketChannel client;
    private final ByteBuffer message = ByteBuffer.allocateDirect(RecordLayout.RECORD_SIZE);

    SocketRival(ChronoTickReader reader) throws IOException {
        directory = Files.createTempDirectory("chronotick-benchmark");
        socket = directory.resolve("rival");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        Thread server = new Thread(() -> serve(reader), "rival");
        server.setDaemon(true);
        server.start();
        client = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    /** Asks and waits for the answer. */
    void request() throws IOException {
        message.clear().limit(1);
        client.write(message);
        message.clear();
        receive(client, message);
    }

    private void serve(ChronoTickReader reader) {
        CorrectionRecord record = new CorrectionRecord();
        ByteBuffer request = ByteBuffer.allocateDirect(1);
        ByteBuffer answer = ByteBuffer.allocateDirect(RecordLayout.RECORD_SIZE);
        try (SocketChannel connection = listener.accept()) {
            while (true) {
                receive(connection, request.clear());
                reader.read(record);
                answer.clear();
                answer.putLong(RecordLayout.MONOTONIC_NS, record.monotonicNs());
                while (answer.hasRemaining()) {
                    connection.write(answer);
                }
            }
        } catch (IOException e) {
            return; // the other side has closed: the measurement is over
        }
    }

    private static void receive(SocketChannel from, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (from.read(into) < 0) {
                throw new EOFException("the connection was closed");
            }
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        listener.close();
        Files.deleteIfExists(socket);
        Files.deleteIfExists(directory);
    }
}
