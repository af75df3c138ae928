// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The segment that a name leads to, through restarts of the daemon: holds the mapped file, moves to its successor, and waits for
 * the ends of writes under way in it. Thread-safe; takes a lock only to look at the file system.
 */
final class SegmentFollower {
    /** Time between two looks at the file system while a record is stale but still valid, ns. */
    private static final long LOOKUP_INTERVAL_NANOS = 100_000_000;

    /** A write takes well under a microsecond: this many looks, some ten microseconds, outlast it. */
    private static final int SPINS = 500;

    /** After that the writer has lost its CPU, and gets it back within a few slices of the scheduler, ns. */
    private static final long CONTENTION_PATIENCE_NANOS = 20_000_000;

    /** Between two looks in that time: leaves the CPU to the writer, ns. */
    private static final long CONTENTION_PARK_NANOS = 50_000;

    private final Path path;
    private final Host host;

    /** Null when closed. */
    private volatile @Nullable Segment segment;

    private final Object lookupLock = new Object();

    /** Reading of the monotonic clock at the last look at the file system; guarded by lookupLock for writing. */
    private volatile long lastLookup;

    /** @throws ChronoTickException as {@link ChronoTickReader#attach(Path)} */
    SegmentFollower(Path path, Host host) {
        this.path = path;
        this.host = host;
        this.segment = Segment.open(path, host);
        this.lastLookup = host.monotonicNanos();
    }

    /** The segment at hand; throws {@link IllegalStateException} after {@link #close}. */
    Segment current() {
        Segment current = segment;
        if (current == null) {
            throw new IllegalStateException("the reader of " + path + " is closed");
        }
        return current;
    }

    /** Lets go of the segment. */
    void close() {
        synchronized (lookupLock) { // or a lookup under way would open it again
            segment = null;
        }
    }

    /**
     * Looks whether the name leads to another segment by now, and moves to it if that is no loss.
     *
     * @param usable whether the record at hand is: then failures can wait, and looks are rationed
     * @return whether it now has another segment than the given one
     */
    boolean follow(Segment from, long mono, boolean usable) {
        if (usable && mono - lastLookup < LOOKUP_INTERVAL_NANOS) {
            return false;
        }
        synchronized (lookupLock) {
            if (segment != from) {
                return true; // another thread was faster, or the reader was closed
            }
            if (usable && mono - lastLookup < LOOKUP_INTERVAL_NANOS) {
                return false;
            }
            lastLookup = mono;
            try {
                if (from.isCurrent()) {
                    Segment refreshed = from.refreshed(host);
                    segment = refreshed;
                    return refreshed != from;
                }
                Segment next = Segment.open(path, host);
                CorrectionRecord first = new CorrectionRecord();
                if (usable && !(first.tryLoad(next.buffer) && isUsable(first, mono))) {
                    return false;
                }
                segment = next;
                return true;
            } catch (ChronoTickException e) {
                if (usable) {
                    return false;
                }
                throw e;
            }
        }
    }

    /**
     * What to do about a mapping that faults: HotSpot turns the SIGBUS of a file cut short under its mapping into an
     * InternalError. Moves to the segment's successor, or says what the file is now; an error of any other cause passes.
     */
    void leaveFaulted(InternalError error) {
        if (!follow(current(), host.monotonicNanos(), false)) {
            throw error;
        }
    }

    /**
     * One step of waiting for a write to end: first spinning, then leaving the CPU to the writer, until patience ends.
     *
     * @param attempt counts from zero
     * @param deadline what the step before returned
     */
    long pause(Segment current, int attempt, long deadline) {
        if (attempt < SPINS) {
            host.spin();
            return deadline;
        }
        long mono = host.monotonicNanos();
        if (attempt == SPINS) {
            return mono + CONTENTION_PATIENCE_NANOS;
        }
        if (mono - deadline < 0) {
            host.park(CONTENTION_PARK_NANOS);
            return deadline;
        }
        if (follow(current, mono, false)) {
            return mono + CONTENTION_PATIENCE_NANOS;
        }
        if (!writerAlive(current)) {
            throw new DeadWriterException(path + " was left in the middle of a write and its writer (process "
                    + writerPid(current) + ") is gone; " + Segment.start(path));
        }
        throw new ContentionException("no consistent record in " + path + " for "
                + CONTENTION_PATIENCE_NANOS / 1_000_000 + " ms: its writer (process " + writerPid(current)
                + ") stopped in the middle of a write; continue or restart it");
    }

    /** Loads a consistent record, from another segment if this one turns out to be abandoned; returns which. */
    Segment load(Segment from, CorrectionRecord into) {
        Segment current = from;
        long deadline = 0;
        for (int attempt = 0; !into.tryLoad(current.buffer); attempt++) {
            deadline = pause(current, attempt, deadline);
            current = current();
        }
        return current;
    }

    /** Whether a time follows from a record. */
    static boolean isUsable(CorrectionRecord record, long mono) {
        return record.isValid() && record.layoutVersion() == RecordLayout.VERSION && !record.isExpiredAt(mono);
    }

    /** Whether the process that wrote the record lives; false if it is not known. */
    boolean writerAlive(Segment current) {
        long pid = writerPid(current);
        return pid != 0 && host.isAlive(pid);
    }

    /** Outside the seqlock: it changes only when another daemon takes over. */
    private static long writerPid(Segment current) {
        return Integer.toUnsignedLong((int) Segment.INT.getOpaque(current.buffer, RecordLayout.WRITER_PID));
    }
}
