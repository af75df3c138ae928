// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;

/**
 * The segment's file, claimed and mapped by its one writer. Not thread-safe; the buffer may be used by others.
 *
 * <p>How a name is taken:
 *
 * <ul>
 *   <li>free: a complete segment is made under a temporary name, claimed, and linked to the name, which fails if somebody was
 *       faster. No reader ever sees half a segment.
 *   <li>taken by a segment that nobody claims: its writer is dead. The file is kept and goes on being written, so that
 *       readers that have it mapped need not notice.
 *   <li>taken by a claimed segment: refused.
 *   <li>taken by anything else: refused.
 * </ul>
 */
public final class SegmentFile implements AutoCloseable {
    private static final int ATTEMPTS = 10;
    private static final String MODE = "rw-r--r--";

    private final Path path;
    private final FileClaim claim;
    private final MappedByteBuffer buffer;
    private final Optional<Object> identity;
    private final boolean takenOver;

    private SegmentFile(Path path, FileClaim claim, boolean takenOver) throws IOException {
        this.path = path;
        this.claim = claim;
        this.takenOver = takenOver;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            this.buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, RecordLayout.SEGMENT_SIZE);
        }
        buffer.order(ByteOrder.LITTLE_ENDIAN);
        this.identity = identity(path);
    }

    /**
     * Claims the name for this process.
     *
     * @throws SegmentException if another daemon lives there, or the place cannot be written
     */
    public static SegmentFile claim(Path path) throws SegmentException {
        try {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Optional<SegmentFile> segment =
                        Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? takeOver(path) : create(path);
                if (segment.isPresent()) {
                    return segment.get();
                }
            }
        } catch (NoSuchFileException e) {
            String cause = Files.isDirectory(directoryOf(path))
                    ? "no files can be made in " + directoryOf(path)
                    : directoryOf(path) + " does not exist";
            throw new SegmentException(cause + "; choose another place with --shm NAME|PATH", e);
        } catch (AccessDeniedException e) {
            throw new SegmentException(
                    "no permission to write " + path + "; choose another place with --shm NAME|PATH", e);
        } catch (IOException e) {
            throw new SegmentException(
                    "cannot create " + path + " (" + reason(e) + "); choose another place with --shm NAME|PATH", e);
        }
        throw new SegmentException(path + " keeps changing hands; stop the other daemons that use it");
    }

    private static Path directoryOf(Path path) {
        return Objects.requireNonNullElse(path.toAbsolutePath().getParent(), Path.of("/"));
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }

    /** Empty when somebody else was faster. */
    private static Optional<SegmentFile> create(Path path) throws IOException, SegmentException {
        Path temporary = directoryOf(path)
                .resolve(
                        "." + path.getFileName() + "." + ProcessHandle.current().pid());
        Files.deleteIfExists(temporary);
        try {
            Files.write(temporary, new byte[RecordLayout.SEGMENT_SIZE], StandardOpenOption.CREATE_NEW);
            makeReadable(temporary);
            FileClaim claim = FileClaim.tryClaim(temporary)
                    .orElseThrow(() -> new SegmentException("somebody else holds " + temporary));
            try {
                Files.createLink(path, temporary);
            } catch (FileAlreadyExistsException e) {
                claim.close();
                return Optional.empty();
            }
            return Optional.of(new SegmentFile(path, claim, false));
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Whatever the umask: readers are other users, too. */
    private static void makeReadable(Path file) throws IOException {
        if (Files.getFileAttributeView(file, PosixFileAttributeView.class) != null) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(MODE));
        }
    }

    /** Empty when the file has gone meanwhile. */
    private static Optional<SegmentFile> takeOver(Path path) throws IOException, SegmentException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (!attributes.isRegularFile() || attributes.size() != RecordLayout.SEGMENT_SIZE) {
            throw new SegmentException(path + " is not a ChronoTick segment"
                    + (attributes.isRegularFile() ? " (" + attributes.size() + " bytes)" : "")
                    + "; choose another with --shm NAME|PATH");
        }
        if (!Files.isWritable(path)) {
            throw new AccessDeniedException(path.toString());
        }
        Optional<FileClaim> claim = FileClaim.tryClaim(path);
        if (claim.isEmpty()) {
            throw new SegmentException("another daemon" + writer(path) + " serves " + path
                    + "; stop it, or choose another segment with --shm NAME");
        }
        SegmentFile segment = new SegmentFile(path, claim.get(), true);
        // Between the check and the claim the name may have been given to another file.
        if (!segment.identity.equals(Optional.ofNullable(attributes.fileKey()))) {
            segment.claim.close();
            return Optional.empty();
        }
        if (!segment.isEmpty() && segment.buffer.getLong(PageLayout.MAGIC) != PageLayout.MAGIC_VALUE) {
            segment.claim.close();
            throw new SegmentException(
                    path + " holds something else than a ChronoTick segment" + "; choose another with --shm NAME|PATH");
        }
        return Optional.of(segment);
    }

    private static String writer(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            java.nio.ByteBuffer pid = java.nio.ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(pid, RecordLayout.WRITER_PID);
            return " (process " + Integer.toUnsignedString(pid.flip().getInt()) + ")";
        }
    }

    private boolean isEmpty() {
        for (int i = 0; i < RecordLayout.SEGMENT_SIZE; i += Long.BYTES) {
            if (buffer.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static Optional<Object> identity(Path path) throws IOException {
        return Optional.ofNullable(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey());
    }

    public Path path() {
        return path;
    }

    /** The mapped segment, little-endian; stays valid after {@link #close}. */
    public MappedByteBuffer buffer() {
        return buffer;
    }

    /** Whether the segment of a dead writer was found and goes on being used. */
    public boolean isTakenOver() {
        return takenOver;
    }

    /** Whether the name still leads to this file: older Python readers are known to unlink it. */
    public boolean isInPlace() {
        try {
            return identity(path).equals(identity);
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes the name, if it still leads to this file, and gives up the claim. */
    @Override
    public void close() {
        try {
            if (isInPlace()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot remove " + path, e);
        } finally {
            claim.close();
        }
    }
}
