// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.RecordLayout.SEGMENT_SIZE;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * One mapped segment file. Immutable; the mapping lives as long as a reader in any thread still refers to it and is freed
 * by the garbage collector, so a thread can never read memory that another has unmapped.
 *
 * <p>A file that is cut short under its mapping makes the JVM throw {@link InternalError} where others get SIGBUS.
 */
final class Segment {
    /** 8-byte aligned access to a direct buffer, whatever the machine's byte order. */
    static final VarHandle DOUBLE = MethodHandles.byteBufferViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle FLOAT = MethodHandles.byteBufferViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** Age at which a record is suspicious: two periods are ordinary scheduling, the third should have come. */
    private static final double STALE_PERIODS = 2.5;

    /** At high rates, an ordinary pause of the writer. */
    private static final long MIN_STALE_NANOS = 50_000_000;

    private static final int ATTACH_ATTEMPTS = 3;

    final Path path;
    final ByteBuffer buffer;
    private final Object identity;

    /** Age from which a reader looks whether the name still leads to this file, ns. */
    final long staleNanos;

    private Segment(Path path, ByteBuffer buffer, Object identity) {
        this.path = path;
        this.buffer = buffer;
        this.identity = identity;
        this.staleNanos = staleNanos(buffer);
    }

    /** Maps the file that the path leads to now. */
    static Segment open(Path path) {
        try {
            for (int attempt = 0; attempt < ATTACH_ATTEMPTS; attempt++) {
                Object before = identity(path);
                ByteBuffer buffer;
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
                    // The mapping outlives the channel. Asked for no more than there is, or the JVM would try to extend
                    // it.
                    if (channel.size() != SEGMENT_SIZE) {
                        continue;
                    }
                    buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, SEGMENT_SIZE);
                }
                // The same file before and after is the file that was opened.
                if (before.equals(identity(path))) {
                    Segment segment = new Segment(path, buffer, before);
                    segment.requireKnownLayout();
                    return segment;
                }
            }
            throw new NoSegmentException(path + " is being replaced over and over: are two daemons using this name?");
        } catch (NoSuchFileException e) {
            throw new NoSegmentException("no segment at " + path + ": the daemon is not running; " + start(path), e);
        } catch (AccessDeniedException e) {
            throw new NoSegmentException(
                    "permission denied on " + path + ": make it readable (chmod 644) or run as the daemon's user", e);
        } catch (IOException e) {
            throw new NoSegmentException("cannot map " + path + ": " + e.getMessage(), e);
        }
    }

    /** Whether the path still leads to this file; throws as {@link #open} if to none, or to one of another size. */
    boolean isCurrent() {
        try {
            return identity.equals(identity(path));
        } catch (NoSuchFileException e) {
            throw new NoSegmentException("no segment at " + path + ": the daemon has stopped; " + start(path), e);
        } catch (IOException e) {
            throw new NoSegmentException("cannot look at " + path + ": " + e.getMessage(), e);
        }
    }

    /** This segment, with the staleness of the update frequency that its page has now. */
    Segment refreshed() {
        return staleNanos(buffer) == staleNanos ? this : new Segment(path, buffer, identity);
    }

    /** How to start a daemon that writes to this path. */
    static String start(Path path) {
        boolean isDefault = path.equals(ChronoTickReader.defaultSegment());
        return "start one with: chronotick daemon" + (isDefault ? "" : " --shm " + path);
    }

    private static Object identity(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) { // opening a pipe would wait for its writer
            throw new IncompatibleSegmentException(path + " is not a file: give the segment's name or path");
        }
        if (attributes.size() != SEGMENT_SIZE) {
            throw new IncompatibleSegmentException(
                    path + " has " + attributes.size() + " bytes where a segment has " + SEGMENT_SIZE
                            + ": not a ChronoTick segment of this version; check the name, or use another with --shm");
        }
        // Device and inode; an inode is not given to another file while a mapping holds it. Windows has no such key,
        // and there a mapped file cannot be replaced either.
        Object key = attributes.fileKey();
        return key != null ? key : attributes.creationTime();
    }

    /** All zero is a segment whose daemon is about to write it. */
    private void requireKnownLayout() {
        long magic = (long) LONG.get(buffer, PageLayout.MAGIC);
        int pageVersion = (int) INT.get(buffer, PageLayout.PAGE_VERSION);
        if (magic != 0 && magic != PageLayout.MAGIC_VALUE) {
            throw new IncompatibleSegmentException(
                    path + " is not a ChronoTick segment (wrong magic); check the name, or use another with --shm");
        }
        if (magic != 0 && pageVersion != PageLayout.VERSION) {
            throw new IncompatibleSegmentException(path + " has page version " + Integer.toUnsignedString(pageVersion)
                    + ", this client reads " + PageLayout.VERSION + ": use a client and a daemon of the same release");
        }
    }

    private static long staleNanos(ByteBuffer buffer) {
        double frequency = (double) DOUBLE.get(buffer, PageLayout.UPDATE_FREQUENCY);
        double nanos = STALE_PERIODS * 1e9 / frequency;
        // Also the answer to a page not yet written (infinite) and to nonsense (NaN, negative).
        return nanos >= MIN_STALE_NANOS && nanos <= 1e12 ? (long) nanos : MIN_STALE_NANOS;
    }
}
