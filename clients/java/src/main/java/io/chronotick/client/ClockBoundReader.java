// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * Reads the interval that a ClockBound daemon publishes, Amazon's or that of ChronoTick ({@code outputs.clockbound}): the system
 * clock's time, and what it is off by at most.
 *
 * <pre>{@code
 * try (ClockBoundReader reader = ClockBoundReader.attach()) {
 *     TimeInterval now = new TimeInterval();
 *     reader.now(now);
 *     System.out.println(now.earliest() + " .. " + now.latest() + " " + reader.status());
 * }
 * }</pre>
 *
 * <p>The bound grows with the age of what the daemon wrote, by the drift that it states. {@link ChronoTickReader} is better
 * where ChronoTick runs: its time is not that of the system clock, and steps of that do not move it.
 *
 * <p>Thread-safe. A read costs two clock reads and the copying of seven fields, and may allocate some tens of bytes, unlike those of
 * {@link ChronoTickReader}; it makes a system call only where the daemon compares with a VMClock. Trust is as for {@link ChronoTickReader}: who can write to the file decides about the time, so its owner
 * has to be root, this user, or that of CHRONOTICK_TRUST_UID.
 */
public final class ClockBoundReader implements AutoCloseable {
    /** Where ClockBound publishes. */
    public static final Path DEFAULT_SEGMENT = Path.of("/var/run/clockbound/shm0");

    /** What the daemon says of the system clock; the order is that of the numbers in the segment. */
    public enum Status {
        /** Nothing is known. */
        UNKNOWN,
        /** The clock is synchronized and the bound current. */
        SYNCHRONIZED,
        /** Nobody synchronizes it; the bound still holds and grows. */
        FREE_RUNNING,
        /** The machine was paused or moved: the time is void until it has been measured anew. */
        DISRUPTED;

        private static final Status[] ALL = values();
    }

    private static final VarHandle SHORT =
            MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final Path VMCLOCK = Path.of("/dev/vmclock0");
    private static final int VMCLOCK_SEQUENCE = 12;
    private static final int VMCLOCK_MARKER = 16;

    /** From so long after it was written on, a daemon that has not written again is taken for gone, ns. */
    private static final long GRACE_NANOS = 5_000_000_000L;

    /** The coarse clock may be behind the one read here; more than this is no clock of this machine, ns. */
    private static final long CAUSALITY_NANOS = 1_000;

    /** A write takes some nanoseconds: this many looks, some ten microseconds, outlast it. */
    private static final int SPINS = 500;

    /** After that the writer has lost its CPU, and gets it back within a few slices of the scheduler: so many looks more. */
    private static final int ATTEMPTS = SPINS + 400;

    /** Between two looks in that time, ns: 20 ms in all. */
    private static final long PARK_NANOS = 50_000;

    /** Between two looks whether the name leads to another file, ns. */
    private static final long LOOKUP_NANOS = 100_000_000;

    private final Path path;
    private final Path vmClock;
    private final Host host;
    private final Waiter waiter;

    /** What is mapped now. */
    private volatile Mapping mapping;

    private volatile long lastLookup;
    private volatile boolean closed;

    /** @param identity of the file */
    private record Mapping(ByteBuffer buffer, Object identity) {}

    /** One consistent state of the segment, judged at the time of the reading. */
    private record Sample(long realNanos, long boundNanos, Status status) {}

    ClockBoundReader(Path path, Path vmClock, Host host) {
        this.path = path;
        this.vmClock = vmClock;
        this.host = host;
        this.mapping = map();
        this.lastLookup = host.monotonicNanos();
        this.waiter = new Waiter(this::at, host);
    }

    /**
     * Attaches to {@link #DEFAULT_SEGMENT}.
     *
     * @throws ChronoTickException as {@link #attach(Path)}
     */
    public static ClockBoundReader attach() {
        return attach(DEFAULT_SEGMENT);
    }

    /**
     * Attaches to a segment.
     *
     * @throws NoSegmentException if there is no such file, or it may not be read
     * @throws UntrustedSegmentException if somebody who is not trusted owns the file or may write to it
     * @throws IncompatibleSegmentException if it is not ClockBound's, layout 2
     */
    public static ClockBoundReader attach(Path segment) {
        return new ClockBoundReader(segment, VMCLOCK, Host.Real.INSTANCE);
    }

    /** The file this reader was attached to. */
    public Path segment() {
        return path;
    }

    /**
     * UTC now: the system clock, and the interval round it that holds UTC. The interval's standard uncertainty is NaN: ClockBound
     * states none.
     *
     * @throws NotReadyException if the daemon has never known the time, or the clock was disrupted
     * @throws ExpiredException if what the daemon wrote is past its validity
     * @throws NoSegmentException if it is gone, or was cut short
     * @throws UntrustedSegmentException if the name has gone to a file of somebody who is not trusted
     * @throws IncompatibleSegmentException if the segment holds what no such daemon writes
     * @throws ContentionException if no consistent state could be had
     */
    public void now(TimeInterval into) {
        Sample sample = usable();
        into.setBounded(sample.realNanos, sample.boundNanos);
    }

    /**
     * UTC is not before this.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public Instant earliest() {
        return EpochNanos.toInstant(at(Edge.EARLIEST));
    }

    /**
     * UTC is not after this.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public Instant latest() {
        return EpochNanos.toInstant(at(Edge.LATEST));
    }

    /**
     * What can be said of the system clock now: what the daemon wrote, {@link Status#FREE_RUNNING} from 5 s after that on,
     * {@link Status#UNKNOWN} when it is past its validity, {@link Status#DISRUPTED} when the VMClock says so.
     *
     * @throws ChronoTickException as {@link #now}, but not for what the status itself says
     */
    public Status status() {
        try {
            return sample().status;
        } catch (ExpiredException e) {
            return Status.UNKNOWN;
        }
    }

    /** Lets go of the segment; later calls throw {@link IllegalStateException}. */
    @Override
    public void close() {
        closed = true;
    }

    Waiter waiter() {
        return waiter;
    }

    private long at(Edge edge) {
        Sample sample = usable();
        return switch (edge) {
            case EARLIEST -> sample.realNanos - sample.boundNanos;
            case ESTIMATE -> sample.realNanos;
            case LATEST -> sample.realNanos + sample.boundNanos;
        };
    }

    private Sample usable() {
        Sample sample = sample();
        switch (sample.status) {
            case UNKNOWN ->
                throw new NotReadyException(
                        "the ClockBound daemon of " + path + " does not know the time: see its log");
            case DISRUPTED ->
                throw new NotReadyException("the machine's clock was disrupted (it was paused or moved): " + path
                        + " has no time until it has been measured anew");
            case SYNCHRONIZED, FREE_RUNNING -> {
                return sample;
            }
        }
        throw new AssertionError(sample.status);
    }

    private Sample sample() {
        if (closed) {
            throw new IllegalStateException("the reader of " + path + " is closed");
        }
        try {
            return read();
        } catch (InternalError e) { // SIGBUS: the file was cut short under its mapping
            mapping = map();
            return read();
        }
    }

    private Sample read() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ByteBuffer b = mapping.buffer;
            short before = (short) SHORT.getAcquire(b, ClockBoundLayout.GENERATION);
            long asOf = time(b, ClockBoundLayout.AS_OF);
            long voidAfter = time(b, ClockBoundLayout.VOID_AFTER);
            long bound = (long) LONG.get(b, ClockBoundLayout.BOUND);
            long marker = (long) LONG.get(b, ClockBoundLayout.DISRUPTION_MARKER);
            int drift = (int) INT.get(b, ClockBoundLayout.MAX_DRIFT);
            int status = (int) INT.get(b, ClockBoundLayout.STATUS);
            boolean compared = b.get(ClockBoundLayout.DISRUPTION_SUPPORT) != 0;
            VarHandle.loadLoadFence();
            short after = (short) SHORT.getOpaque(b, ClockBoundLayout.GENERATION);
            if (before != after || (before & 1) != 0) {
                if (attempt < SPINS) {
                    host.spin();
                } else {
                    host.park(PARK_NANOS);
                }
                continue;
            }
            if (before == 0) {
                throw new NotReadyException(path + " has not been written yet: wait for the ClockBound daemon");
            }
            // In this order: whoever is interrupted between them gets a bound that is too wide.
            long real = host.realtimeNanos();
            long mono = host.monotonicNanos();
            if (mono - asOf > GRACE_NANOS && hasMoved(mono)) {
                continue;
            }
            if (status < 0 || status >= Status.ALL.length || bound < 0 || voidAfter < asOf) {
                throw new IncompatibleSegmentException(path + " holds what no ClockBound daemon writes (status "
                        + status + ", bound " + bound + " ns): is another program writing to it?");
            }
            return judge(real, mono - asOf, voidAfter - asOf, bound, drift, Status.ALL[status], compared, marker);
        }
        throw new ContentionException("no consistent state in " + path
                + ": its writer stopped in the middle of a write; restart the ClockBound daemon");
    }

    private Sample judge(
            long real, long age, long validity, long bound, int drift, Status written, boolean compared, long marker) {
        if (age < -CAUSALITY_NANOS) {
            throw new IncompatibleSegmentException(path + " was written " + -age
                    + " ns in the future of this process's clock: its daemon is on another machine or of another boot");
        }
        if (age > validity) {
            throw new ExpiredException(path + " is past its validity: the ClockBound daemon has not written for "
                    + age / 1_000_000_000 + " s");
        }
        Status status = written;
        if (status == Status.SYNCHRONIZED && age > GRACE_NANOS) {
            status = Status.FREE_RUNNING;
        }
        if (compared && vmClockMarker() != marker) {
            status = Status.DISRUPTED;
        }
        long aged = Math.max(age, 0);
        long grown = (long) Math.ceil(aged * 1e-9 * Integer.toUnsignedLong(drift));
        return new Sample(real, bound + grown, status);
    }

    private static long time(ByteBuffer b, int offset) {
        return (long) LONG.get(b, offset) * 1_000_000_000L + (long) LONG.get(b, offset + Long.BYTES);
    }

    /** Whether the name leads to another file by now, which then is mapped. */
    private boolean hasMoved(long mono) {
        if (mono - lastLookup < LOOKUP_NANOS) {
            return false;
        }
        lastLookup = mono;
        try {
            if (FileFacts.of(path).identity().equals(mapping.identity)) {
                return false;
            }
        } catch (IOException e) {
            return false; // what is mapped still says until when it holds
        }
        mapping = map();
        return true;
    }

    private Mapping map() {
        try {
            FileFacts facts = FileFacts.of(path);
            if (!facts.isRegular() && !facts.isLink()) {
                throw new IncompatibleSegmentException(path + " is not a file: give ClockBound's segment");
            }
            facts.requireTrusted(path, host);
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                if (channel.size() < ClockBoundLayout.SEGMENT_SIZE) {
                    throw new NoSegmentException(
                            path + " has " + channel.size() + " bytes where ClockBound's segment has "
                                    + ClockBoundLayout.SEGMENT_SIZE + ": wait for its daemon, or restart it");
                }
                ByteBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, ClockBoundLayout.SEGMENT_SIZE);
                requireLayout(buffer);
                return new Mapping(buffer, facts.identity());
            }
        } catch (NoSuchFileException e) {
            throw new NoSegmentException(
                    "no segment at " + path + ": no ClockBound daemon is running, or it publishes elsewhere", e);
        } catch (AccessDeniedException e) {
            throw new NoSegmentException("permission denied on " + path + ": make it readable", e);
        } catch (IOException e) {
            throw new NoSegmentException("cannot map " + path + ": " + e.getMessage(), e);
        }
    }

    private void requireLayout(ByteBuffer b) {
        int first = (int) INT.get(b, ClockBoundLayout.MAGIC);
        int second = (int) INT.get(b, ClockBoundLayout.MAGIC + Integer.BYTES);
        int version = Short.toUnsignedInt((short) SHORT.get(b, ClockBoundLayout.VERSION));
        if (first != ClockBoundLayout.MAGIC_FIRST
                || second != ClockBoundLayout.MAGIC_SECOND
                || version != ClockBoundLayout.LAYOUT_VERSION) {
            throw new IncompatibleSegmentException(String.format(
                    "%s is not ClockBound's segment of layout 2 (magic %08X %08X, version %d)",
                    path, first, second, version));
        }
    }

    /** The marker in the VMClock device, which changes when the machine was paused or moved. */
    private long vmClockMarker() {
        ByteBuffer head = ByteBuffer.allocate(VMCLOCK_MARKER + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel device = FileChannel.open(vmClock, StandardOpenOption.READ)) {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                head.clear();
                if (device.read(head, 0) < head.capacity()) {
                    break;
                }
                if ((head.getInt(VMCLOCK_SEQUENCE) & 1) == 0) {
                    return head.getLong(VMCLOCK_MARKER);
                }
                host.spin();
            }
            throw new NotReadyException(vmClock + " cannot be read, so nobody knows whether the clock was disrupted");
        } catch (IOException e) {
            throw new NotReadyException(
                    "the ClockBound daemon watches " + vmClock + ", which this process cannot read: " + e.getMessage());
        }
    }
}
