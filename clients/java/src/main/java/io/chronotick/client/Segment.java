// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.RecordLayout.SEGMENT_SIZE;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One mapped segment file, of a trusted owner and of this process's clocks. Thread-safe; the mapping lives as long as a reader in
 * any thread still refers to it and is freed by the garbage collector, so a thread can never read memory that another has
 * unmapped.
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
    private final FileFacts file;

    /** Of the newest record in it that a thread has read. */
    final SharedLine line = new SharedLine();

    private final PageFacts page;

    /**
     * Age from which a reader looks whether the name still leads to this file, ns. While the page has not been written, every
     * record is as old: its clocks may be others'.
     */
    final long staleNanos;

    private Segment(Path path, ByteBuffer buffer, FileFacts file, Host host) {
        this.path = path;
        this.buffer = buffer;
        this.file = file;
        this.page = PageFacts.of(buffer);
        page.requireKnownLayout(path);
        page.requireClockDomainOf(host, path);
        this.staleNanos = page.isWritten() ? staleNanos(page.updateFrequency()) : Long.MIN_VALUE;
    }

    /** Maps the file that the path leads to now. */
    static Segment open(Path path, Host host) {
        // A channel closes itself in a thread that is interrupted: this has to work there too.
        boolean interrupted = Thread.interrupted();
        try {
            for (int attempt = 0; attempt < ATTACH_ATTEMPTS; attempt++) {
                FileFacts before = look(path, host);
                ByteBuffer buffer;
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                    // The mapping outlives the channel. Asked for no more than there is, or the JVM would try to extend
                    // it.
                    if (channel.size() != SEGMENT_SIZE) {
                        continue;
                    }
                    buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, SEGMENT_SIZE);
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                    continue;
                }
                // The same file before and after is the file that was opened.
                if (before.identity().equals(look(path, host).identity())) {
                    return new Segment(path, buffer, before, host);
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
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether the path still leads to this file; throws as {@link #open} if to none, or to one that is not whole. */
    boolean isCurrent() {
        try {
            FileFacts found = FileFacts.of(path);
            if (!found.identity().equals(file.identity())) {
                return false;
            }
            if (found.size() < SEGMENT_SIZE) {
                throw new NoSegmentException(path + " was cut short (" + found.size() + " of " + SEGMENT_SIZE
                        + " bytes): a running daemon makes a new one within seconds; otherwise " + start(path));
            }
            return true;
        } catch (NoSuchFileException e) {
            throw new NoSegmentException("no segment at " + path + ": the daemon has stopped; " + start(path), e);
        } catch (IOException e) {
            throw new NoSegmentException("cannot look at " + path + ": " + e.getMessage(), e);
        }
    }

    /** Whether the page had been written when it was last looked at; until then nothing is known of the writer's clocks. */
    boolean isPageWritten() {
        return page.isWritten();
    }

    /**
     * This segment as its page is now, if that has changed.
     *
     * @throws ChronoTickException as {@link #open} about the page
     */
    Segment refreshed(Host host) {
        return PageFacts.of(buffer).equals(page) ? this : new Segment(path, buffer, file, host);
    }

    /** What a person calls the program by, for hints: its launcher says so; elsewhere its name. */
    static final String PROGRAM = System.getProperty("chronotick.command", "chronotick");

    /** How to start a daemon that writes to this path. */
    static String start(Path path) {
        boolean isDefault = path.equals(ChronoTickReader.defaultSegment());
        return "start one with: " + PROGRAM + " daemon" + (isDefault ? "" : " --shm " + path);
    }

    /** What is there now, if it can be a segment and nobody can write to it who is not trusted. */
    private static FileFacts look(Path path, Host host) throws IOException {
        FileFacts found = FileFacts.of(path);
        if (!found.isRegular() && !found.isLink()) { // opening a pipe would wait for its writer
            throw new IncompatibleSegmentException(path + " is not a file: give the segment's name or path");
        }
        found.requireTrusted(path, host);
        if (found.size() != SEGMENT_SIZE) {
            throw new IncompatibleSegmentException(
                    path + " has " + found.size() + " bytes where a segment has " + SEGMENT_SIZE
                            + ": not a ChronoTick segment of this version; check the name, or use another with --shm");
        }
        return found;
    }

    private static long staleNanos(double frequency) {
        double nanos = STALE_PERIODS * 1e9 / frequency;
        // Also the answer to nonsense (zero, NaN, negative).
        return nanos >= MIN_STALE_NANOS && nanos <= 1e12 ? (long) nanos : MIN_STALE_NANOS;
    }
}
