// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.ntp.ExchangeCsv;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file that grows by a line an exchange. What is there already stays; a line that a crash or a full disk has left half is
 * ended first. When it has reached its size it becomes FILE.1 in the place of an older one. For one thread.
 */
class ExchangeFile implements AutoCloseable {
    private static final byte[] HEADER = (ExchangeCsv.HEADER + "\n").getBytes(StandardCharsets.UTF_8);

    private final Path file;
    private final long largestBytes;
    private Optional<FileChannel> channel = Optional.empty();
    private long size;

    /** @param largestBytes at which it is put aside */
    ExchangeFile(Path file, long largestBytes) {
        this.file = file;
        this.largestBytes = largestBytes;
    }

    /**
     * Opens the file, if it is not open.
     *
     * @throws IOException with a message for people, if it cannot be written or is no file of exchanges
     */
    void open() throws IOException {
        if (channel.isEmpty()) {
            FileChannel opened = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            channel = Optional.of(opened);
            try {
                begin(opened);
            } catch (IOException e) {
                close(); // Or the next call would take for begun what has no header.
                throw e;
            }
        }
    }

    private void begin(FileChannel opened) throws IOException {
        try {
            opened.position(0);
        } catch (IOException e) {
            throw new IOException("it is a pipe, and lines are added to files", e);
        }
        if (!isOurs(opened)) {
            throw new IOException("another ChronoTick writes to it");
        }
        size = opened.size();
        if (size == 0) {
            write(opened, HEADER);
        } else if (!startsWithHeader(opened)) {
            throw new IOException("it holds something else than exchanges of this version");
        } else if (read(opened, size - 1, 1)[0] != '\n') {
            write(opened, new byte[] {'\n'});
        }
    }

    /** Two writers would write over each other. */
    private static boolean isOurs(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    private static boolean startsWithHeader(FileChannel channel) throws IOException {
        return ByteBuffer.wrap(read(channel, 0, HEADER.length)).equals(ByteBuffer.wrap(HEADER));
    }

    private static byte[] read(FileChannel channel, long from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) >= 0) {
            // What is missing stays zero.
        }
        return bytes.array();
    }

    /**
     * Appends a line; it is with the system when this returns.
     *
     * @throws IOException if that is not possible; the next call tries afresh
     */
    void add(ExchangeCsv exchange) throws IOException {
        open();
        byte[] line = (exchange.line() + "\n").getBytes(StandardCharsets.UTF_8);
        if (size + line.length > largestBytes && size > HEADER.length) {
            close();
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            open();
        }
        try {
            write(channel.orElseThrow(), line);
        } catch (IOException e) {
            close(); // Whoever opens it again finds the half line.
            throw e;
        }
    }

    private void write(FileChannel to, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            size += to.write(buffer, size);
        }
    }

    @Override
    public void close() throws IOException {
        if (channel.isPresent()) {
            FileChannel open = channel.get();
            channel = Optional.empty();
            open.close();
        }
    }
}
