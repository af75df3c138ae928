// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The queue-based rival: asking another thread for the time through a Unix-domain socket. */
@NullUnmarked // JMH calls the set-up before anything else
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueBenchmark {
    private final ByteBuffer message = ByteBuffer.allocateDirect(Long.BYTES);
    private Path directory;
    private ServerSocketChannel server;
    private SocketChannel client;

    @Setup
    public void connect() throws IOException {
        directory = Files.createTempDirectory("chronotick-queue");
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
        Thread.ofPlatform().daemon().start(this::serve);
        client = SocketChannel.open(address);
    }

    private void serve() {
        ByteBuffer answer = ByteBuffer.allocateDirect(Long.BYTES);
        try (SocketChannel peer = server.accept()) {
            while (peer.read(answer.clear()) > 0) {
                peer.write(answer.clear().putLong(0, System.nanoTime()));
            }
        } catch (IOException e) {
            // The benchmark has closed the connection.
        }
    }

    @TearDown
    public void close() throws IOException {
        client.close();
        server.close();
        Files.deleteIfExists(directory.resolve("socket"));
        Files.deleteIfExists(directory);
    }

    @Benchmark
    public long request() throws IOException {
        client.write(message.clear());
        client.read(message.clear());
        return message.getLong(0);
    }
}
