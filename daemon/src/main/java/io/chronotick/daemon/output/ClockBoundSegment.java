// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.client.ClockBoundLayout;
import io.chronotick.client.ClockBoundReader.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * ClockBound's shared memory, layout 2, for programs that are linked with its client: what the system clock is off by at most. A
 * file that is there is written into, since those clients never look for another one; so is the lock that keeps a second daemon out.
 */
public final class ClockBoundSegment implements Output {
    /** Longest validity, as Amazon's daemon states it, ns. */
    private static final long VOID_NANOS = 1_000_000_000_000L;

    /** What the coarse clock may be behind at a reader beyond what it was at the writer: a tick of the slowest kernel, ns. */
    private static final long COARSE_TICK_NANOS = 10_000_000;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private static final VarHandle SHORT =
            MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.nativeOrder());

    private final Path path;
    private final boolean isDisruptionKnown;
    private @Nullable FileChannel channel;
    private @Nullable ByteBuffer buffer;

    /** An output that opens its file at the first put, on a machine without a VMClock. */
    public ClockBoundSegment(Path path) {
        this(path, false);
    }

    /**
     * An output that opens its file at the first put.
     *
     * @param isDisruptionKnown whether readers are to compare the VMClock's marker, in /dev/vmclock0, with that of each sample: they see
     *     a disruption then before this program does
     */
    public ClockBoundSegment(Path path, boolean isDisruptionKnown) {
        this.path = path;
        this.isDisruptionKnown = isDisruptionKnown;
    }

    @Override
    public String describe() {
        return "ClockBound's segment " + path;
    }

    @Override
    public void put(Optional<TimeSample> sample) throws IOException {
        try {
            ByteBuffer open = buffer;
            if (open == null || isGone()) {
                open = open();
            }
            write(open, sample);
        } catch (InternalError e) { // SIGBUS: somebody has cut the file short
            close();
            throw new IOException("it was cut short", e);
        }
    }

    private boolean isGone() {
        return !Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private ByteBuffer open() throws IOException {
        close();
        FileChannel opened = null;
        try {
            if (isGone()) {
                create();
            }
            opened = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            FileLock lock = opened.tryLock();
            if (lock == null) {
                throw new IOException("another daemon publishes there");
            }
            ByteBuffer mapped = opened.map(FileChannel.MapMode.READ_WRITE, 0, ClockBoundLayout.SEGMENT_SIZE)
                    .order(ByteOrder.nativeOrder());
            channel = opened;
            buffer = mapped;
            return mapped;
        } catch (OverlappingFileLockException e) {
            discard(opened);
            throw new IOException("this daemon publishes there already", e);
        } catch (NoSuchFileException e) {
            throw new IOException("there is no directory " + directory() + ": make one that this user may write to", e);
        } catch (AccessDeniedException e) {
            throw new IOException("permission denied: run as its owner, or give another path", e);
        } catch (IOException e) {
            discard(opened);
            throw e;
        }
    }

    /** In one step, so that no reader meets half of it. */
    private void create() throws IOException {
        Path draft = Files.createTempFile(directory(), ".chronotick", null);
        try {
            ByteBuffer empty =
                    ByteBuffer.allocate(ClockBoundLayout.SEGMENT_SIZE).order(ByteOrder.nativeOrder());
            header(empty);
            Files.write(draft, empty.array());
            if (Files.getFileStore(draft).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
            }
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static ByteBuffer header(ByteBuffer b) {
        return b.putInt(ClockBoundLayout.MAGIC, ClockBoundLayout.MAGIC_FIRST)
                .putInt(ClockBoundLayout.MAGIC + Integer.BYTES, ClockBoundLayout.MAGIC_SECOND)
                .putInt(ClockBoundLayout.SIZE, ClockBoundLayout.SEGMENT_SIZE)
                .putShort(ClockBoundLayout.VERSION, (short) ClockBoundLayout.LAYOUT_VERSION);
    }

    private Path directory() {
        Path parent = path.toAbsolutePath().getParent();
        return parent == null ? path : parent;
    }

    private static void discard(@Nullable FileChannel opened) throws IOException {
        if (opened != null) {
            opened.close();
        }
    }

    private void write(ByteBuffer b, Optional<TimeSample> sample) {
        int generation = Short.toUnsignedInt((short) SHORT.getAcquire(b, ClockBoundLayout.GENERATION));
        int writing = generation | 1; // odd already where a writer has died
        SHORT.setRelease(b, ClockBoundLayout.GENERATION, (short) writing);
        VarHandle.storeStoreFence();
        header(b)
                .putLong(
                        ClockBoundLayout.DISRUPTION_MARKER,
                        sample.map(known -> known.upstream().disruptionMarker()).orElse(0L))
                .put(ClockBoundLayout.DISRUPTION_SUPPORT, (byte) (isDisruptionKnown ? 1 : 0));
        if (sample.isPresent()) {
            write(b, sample.get());
        } else {
            b.putInt(ClockBoundLayout.STATUS, Status.UNKNOWN.ordinal());
        }
        int next = writing + 1;
        SHORT.setRelease(b, ClockBoundLayout.GENERATION, (short) (next > 0xFFFF ? 2 : next));
    }

    private static void write(ByteBuffer b, TimeSample sample) {
        long voidAfter = sample.coarseNanos() + Math.min(sample.validNanos(), VOID_NANOS);
        long bound = sample.systemBoundNanos() + (long) Math.ceil(sample.maxDrift() * COARSE_TICK_NANOS);
        b.putLong(ClockBoundLayout.AS_OF, sample.coarseNanos() / NANOS_PER_SECOND)
                .putLong(ClockBoundLayout.AS_OF + Long.BYTES, sample.coarseNanos() % NANOS_PER_SECOND)
                .putLong(ClockBoundLayout.VOID_AFTER, voidAfter / NANOS_PER_SECOND)
                .putLong(ClockBoundLayout.VOID_AFTER + Long.BYTES, voidAfter % NANOS_PER_SECOND)
                .putLong(ClockBoundLayout.BOUND, bound)
                .putInt(ClockBoundLayout.MAX_DRIFT, (int) Math.ceil(sample.maxDrift() * 1e9))
                .putInt(
                        ClockBoundLayout.STATUS,
                        (sample.holdover() ? Status.FREE_RUNNING : Status.SYNCHRONIZED).ordinal());
    }

    @Override
    public void close() {
        buffer = null;
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
