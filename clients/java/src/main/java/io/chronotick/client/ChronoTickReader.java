// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.Segment.DOUBLE;
import static io.chronotick.client.Segment.FLOAT;
import static io.chronotick.client.Segment.INT;
import static io.chronotick.client.Segment.LONG;

import java.io.File;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads the time that a ChronoTick daemon on this machine publishes in shared memory.
 *
 * <pre>{@code
 * try (ChronoTickReader reader = ChronoTickReader.attach()) {
 *     TimeInterval now = new TimeInterval();
 *     reader.now(now);
 *     System.out.println(now.estimate() + " +- " + now.boundNanos() + " ns");
 * }
 * }</pre>
 *
 * <p><b>Thread safety.</b> One reader serves any number of threads; the holders it fills belong to one thread each.
 *
 * <p><b>Cost.</b> {@link #read}, {@link #now}, {@link #after} and {@link #before} take no lock, make no system call and
 * allocate nothing: they cost one {@link System#nanoTime()} and some nanoseconds. Only when the record has not advanced for
 * two and a half of the daemon's periods (at least 50 ms) do they look at the file system, about ten times a second, and, each
 * time, whether the machine was suspended since: some ten microseconds.
 *
 * <p><b>Progress.</b> The writer never waits for readers. A reader that meets a write under way waits for its end, at most
 * about 20 ms, then throws {@link ContentionException}, or {@link DeadWriterException} if nobody is there to end it.
 *
 * <p><b>Restarts.</b> When a daemon has stopped and another has made a new segment under the same name, the reader moves to
 * it, as soon as it holds a valid record or the old one has expired.
 *
 * <p><b>Clocks.</b> The record is anchored on CLOCK_MONOTONIC, which on Linux is what HotSpot's {@link System#nanoTime()}
 * returns; so a step of the system clock does not move the time read here. A segment whose daemon has another such clock (another
 * boot, another machine, another time namespace) is refused. That clock stands still while the machine is suspended: a record
 * from before is refused once it is stale, that is after at most 50 ms or two and a half periods; a running daemon withdraws it
 * at its first tick.
 *
 * <p><b>Trust.</b> Whoever can write to the file decides about the time. Only a segment that root, this user or the user of
 * CHRONOTICK_TRUST_UID (a number) owns and nobody else may write to is read, and never through a symbolic link. (On Windows
 * nothing is checked.)
 */
public final class ChronoTickReader implements AutoCloseable {
    private static final String DEFAULT_NAME = "chronotick_shm";

    /** Time between two looks at the file system while a record is stale but still valid, ns. */
    private static final long LOOKUP_INTERVAL_NANOS = 100_000_000;

    /**
     * CLOCK_BOOTTIME has moved on by more than this against CLOCK_MONOTONIC, ns: a suspend. Java 17 reads it in steps of 10 ms,
     * and no machine falls asleep and wakes up in less.
     */
    private static final long SUSPEND_NANOS = 30_000_000;

    /**
     * That clock never falls back: further behind than a look at it can take, ns, it is another one. In containers lxcfs shows
     * an uptime that counts from the container's start.
     */
    private static final long LARGEST_LAG_NANOS = 1_000_000_000;

    /** A write takes well under a microsecond: this many looks, some ten microseconds, outlast it. */
    private static final int SPINS = 500;

    /** After that the writer has lost its CPU, and gets it back within a few slices of the scheduler, ns. */
    private static final long CONTENTION_PATIENCE_NANOS = 20_000_000;

    /** Between two looks in that time: leaves the CPU to the writer, ns. */
    private static final long CONTENTION_PARK_NANOS = 50_000;

    /** Before a deadline the thread stops sleeping and spins: Linux wakes 50 us late by default, and a CPU has to wake, ns. */
    private static final long SPIN_BEFORE_DEADLINE_NANOS = 200_000;

    /** The longest sleep between two looks at the record, so that a changed correction moves the deadline, ns. */
    private static final long MAX_PARK_NANOS = 100_000_000;

    private final Path path;
    private final Host host;

    /** Null when closed. */
    private volatile @Nullable Segment segment;

    private final Object lookupLock = new Object();

    /** Reading of the monotonic clock at the last look at the file system; guarded by lookupLock for writing. */
    private volatile long lastLookup;

    ChronoTickReader(Path path, Host host) {
        this.path = path;
        this.host = host;
        this.segment = Segment.open(path, host);
        this.lastLookup = host.monotonicNanos();
    }

    /**
     * Where the daemon publishes unless told otherwise: the environment's CHRONOTICK_SHM, a name or a path as for
     * {@link #resolve}, else the name chronotick_shm.
     */
    public static Path defaultSegment() {
        String configured = System.getenv("CHRONOTICK_SHM");
        return resolve(configured == null || configured.isBlank() ? DEFAULT_NAME : configured);
    }

    /**
     * The file that a segment's name or path stands for. Anything with a separator is a path; a bare name is a file in
     * /dev/shm, or in the temporary directory on macOS and Windows, which have no such place.
     *
     * @throws IllegalArgumentException if it is blank or cannot be a path
     */
    public static Path resolve(String nameOrPath) {
        if (nameOrPath.isBlank()) {
            throw new IllegalArgumentException("the name of the segment is empty");
        }
        if (nameOrPath.indexOf('/') >= 0 || nameOrPath.indexOf(File.separatorChar) >= 0) {
            return Path.of(nameOrPath);
        }
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        boolean hasDevShm = !os.startsWith("mac") && !os.startsWith("windows");
        return Path.of(hasDevShm ? "/dev/shm" : System.getProperty("java.io.tmpdir", "."), nameOrPath);
    }

    /**
     * Attaches to {@link #defaultSegment()}. Do this once and keep the reader.
     *
     * @throws ChronoTickException as {@link #attach(Path)}
     */
    public static ChronoTickReader attach() {
        return attach(defaultSegment());
    }

    /**
     * Attaches to a segment, which need not have been written yet.
     *
     * @throws NoSegmentException if there is no such file, or it may not be read
     * @throws UntrustedSegmentException if somebody who is not trusted owns the file or may write to it
     * @throws IncompatibleSegmentException if the file is not a segment of a version known here
     * @throws ClockDomainException if its daemon has another CLOCK_MONOTONIC than this process
     */
    public static ChronoTickReader attach(Path segment) {
        return new ChronoTickReader(segment, Host.Real.INSTANCE);
    }

    /** The file this reader was attached to. */
    public Path segment() {
        return path;
    }

    /**
     * Takes a consistent snapshot of the record, whatever it says: validity and age are for the caller to judge.
     *
     * @throws NotReadyException if no record has ever been written
     * @throws IncompatibleSegmentException if the record is of another layout
     * @throws ContentionException if no consistent record could be had in about 20 ms
     * @throws DeadWriterException if that is because its writer died in the middle of a write
     */
    public void read(CorrectionRecord into) {
        while (true) {
            try {
                tryRead(into);
                return;
            } catch (InternalError e) {
                leaveFaulted(e);
            }
        }
    }

    private void tryRead(CorrectionRecord into) {
        while (true) {
            Segment current = open();
            current = load(current, into);
            long mono = host.monotonicNanos();
            long age = into.ageNanos(mono);
            if (age < -CorrectionMath.MAX_AHEAD_NANOS || age > current.staleNanos) {
                try {
                    if (follow(current, mono, current.isPageWritten() && isUsable(into, mono))) {
                        continue;
                    }
                } catch (ChronoTickException e) {
                    if (!into.isWritten() || !current.isPageWritten()) {
                        throw e;
                    }
                    // The segment is gone, but this is still what it said last.
                }
            }
            requireWritten(into);
            return;
        }
    }

    /**
     * UTC now: the interval that holds it and the best estimate. Immune to steps of the system clock.
     *
     * @throws NotReadyException if no record has been written or the daemon does not know the time yet
     * @throws ExpiredException if the record is past its validity, or the machine was suspended after it was written
     * @throws DeadWriterException if it is, and its writer is gone
     * @throws NoSegmentException if it is, and the segment is gone, or was cut short
     * @throws UntrustedSegmentException if it is, and the name has gone to a file of somebody who is not trusted
     * @throws ClockDomainException if it is, and the name has gone to a segment with other clocks
     * @throws IncompatibleSegmentException if the record holds what no daemon of this version writes
     * @throws ContentionException if no consistent record could be had in about 20 ms
     */
    public void now(TimeInterval into) {
        try {
            if (into.advance(open(), host)) {
                return;
            }
        } catch (InternalError e) {
            // The mapping faults: the long way round meets it again and says why.
        }
        edge(into, 0);
    }

    /**
     * Whether a time has certainly passed: not even the earliest time that it can be now is before or at it.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public boolean after(long epochNanos) {
        return edge(null, -1) > epochNanos;
    }

    /**
     * Whether a time has certainly not come yet: not even the latest time that it can be now is at or after it. Between
     * {@link #after} and this lies the width of the interval, in which neither can be said.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public boolean before(long epochNanos) {
        return edge(null, 1) < epochNanos;
    }

    /**
     * Waits until a time has certainly passed, see {@link #waitUntil(long)}.
     *
     * @throws InterruptedException if the thread is interrupted before or while it waits
     * @throws ChronoTickException as {@link #now}, also when the record expires during the wait
     */
    public void waitUntil(Instant time) throws InterruptedException {
        waitUntil(EpochNanos.saturated(time));
    }

    /**
     * Waits until {@link #after} holds of a time: sleeps, then spins for the last 0.2 ms. Follows the correction as it
     * changes. What was done before the call then happened before that time on every machine whose interval is honest.
     *
     * @param epochNanos ns since the Unix epoch
     * @throws InterruptedException if the thread is interrupted before or while it waits
     * @throws ChronoTickException as {@link #now}, also when the record expires during the wait
     */
    public void waitUntil(long epochNanos) throws InterruptedException {
        waitForEdge(-1, epochNanos);
    }

    /**
     * Waits until the best estimate of UTC is at or past a time.
     *
     * @return that estimate, ns since the Unix epoch
     */
    long waitForEstimate(long epochNanos) throws InterruptedException {
        return waitForEdge(0, epochNanos == Long.MIN_VALUE ? epochNanos : epochNanos - 1);
    }

    /** Waits until the edge of {@link #edge} is past a time; returns it. */
    private long waitForEdge(int side, long epochNanos) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for " + EpochNanos.toInstant(epochNanos));
            }
            long edge = edge(null, side);
            if (edge > epochNanos) {
                return edge;
            }
            long remaining = epochNanos - edge;
            // Negative: so far ahead that the difference overflows.
            long sleep = remaining < 0 ? MAX_PARK_NANOS : remaining - SPIN_BEFORE_DEADLINE_NANOS;
            if (sleep > 0) {
                host.park(Math.min(sleep, MAX_PARK_NANOS));
            } else {
                host.spin();
            }
        }
    }

    /**
     * A {@link Clock} (and so a {@link java.time.InstantSource}) in UTC that ticks with {@link #now}'s estimate, ns. Its
     * methods throw {@link ChronoTickException} as {@link #now}. Usable from any thread, until this reader is closed.
     */
    public Clock clock() {
        return new ReaderClock(this, ZoneOffset.UTC);
    }

    /**
     * Reads the status page: for people and tools, a few microseconds.
     *
     * @throws NotReadyException if the page has not been written yet
     * @throws IncompatibleSegmentException if it holds what no daemon of this version writes
     * @throws ContentionException if no consistent page could be had in about 20 ms
     */
    public StatusPage status() {
        byte[] page = new byte[RecordLayout.SEGMENT_SIZE];
        while (true) {
            try {
                loadPage(page);
                return StatusPage.parse(path, page);
            } catch (InternalError e) {
                leaveFaulted(e);
            }
        }
    }

    /**
     * Whether the process that wrote the record lives; false if it is not known. Only sensible where reader and writer see
     * the same process ids: in another container (pid namespace) the number belongs to nobody or to someone else. Nothing
     * but the wording of exceptions depends on it: records are judged by age.
     */
    public boolean writerAlive() {
        return writerAlive(open());
    }

    /**
     * Lets go of the segment; later calls throw {@link IllegalStateException}. Calls under way in other threads finish: the
     * memory is unmapped by the garbage collector when nobody reads it any more.
     */
    @Override
    public void close() {
        synchronized (lookupLock) { // or a lookup under way would open it again
            segment = null;
        }
    }

    /** The estimate of UTC now, ns since the epoch. */
    long estimateNanos() {
        return edge(null, 0);
    }

    /**
     * UTC now, the hot path: the estimate, or one end of the interval.
     *
     * @param into filled with the whole interval, if given
     * @param side -1 earliest, 0 estimate, 1 latest
     */
    private long edge(@Nullable TimeInterval into, int side) {
        while (true) {
            try {
                return tryEdge(into, side);
            } catch (InternalError e) {
                leaveFaulted(e);
            }
        }
    }

    private long tryEdge(@Nullable TimeInterval into, int side) {
        long deadline = 0;
        for (int attempt = 0; ; attempt++) {
            Segment current = open();
            ByteBuffer b = current.buffer;
            // The seqlock, as in CorrectionRecord.tryLoad, with only the fields that are needed and in registers.
            int before = (int) INT.getAcquire(b, RecordLayout.SEQUENCE_NUMBER);
            double system = (double) DOUBLE.get(b, RecordLayout.SYSTEM_TIMESTAMP);
            double offset = (double) DOUBLE.get(b, RecordLayout.OFFSET_CORRECTION);
            double drift = (double) DOUBLE.get(b, RecordLayout.DRIFT_RATE);
            double offsetSd = (double) DOUBLE.get(b, RecordLayout.OFFSET_UNCERTAINTY);
            double driftSd = (double) DOUBLE.get(b, RecordLayout.DRIFT_UNCERTAINTY);
            double prediction = (double) DOUBLE.get(b, RecordLayout.PREDICTION_TIME);
            double validUntil = (double) DOUBLE.get(b, RecordLayout.VALID_UNTIL);
            int flags = (int) INT.get(b, RecordLayout.FLAGS);
            int version = (int) INT.get(b, RecordLayout.LAYOUT_VERSION);
            double maxError = (float) FLOAT.get(b, RecordLayout.MAX_ERROR);
            long anchorMono = (long) LONG.get(b, RecordLayout.MONOTONIC_NS);
            // Of the page, but fixed before the first record is published.
            double maxDrift = (double) DOUBLE.get(b, PageLayout.MAX_DRIFT);
            VarHandle.loadLoadFence();
            int after = (int) INT.getOpaque(b, RecordLayout.SEQUENCE_NUMBER);
            if (before != after || (before & 1) != 0) {
                deadline = pause(current, attempt, deadline);
                continue;
            }
            // After the record, so that a record published meanwhile is not from the future.
            long mono = host.monotonicNanos();
            long elapsed = mono - anchorMono;
            boolean usable = (flags & RecordLayout.FLAG_VALID) != 0
                    && version == RecordLayout.VERSION
                    && CorrectionMath.isPlausible(
                            system, offset, drift, prediction, validUntil, offsetSd, driftSd, maxError)
                    && CorrectionMath.isPlausibleMaxDrift(maxDrift)
                    && elapsed >= -CorrectionMath.MAX_AHEAD_NANOS
                    && elapsed <= CorrectionMath.validityNanos(system, validUntil);
            if (!usable || elapsed > current.staleNanos) {
                boolean known = usable && current.isPageWritten();
                if (follow(current, mono, known)) {
                    continue;
                }
                if (!known || suspendSince(before, current) != Suspend.NONE) {
                    refuse(current);
                    continue; // it became usable between the two looks
                }
            }
            if (into != null) {
                into.setLine(system, offset, drift, prediction, offsetSd, driftSd, maxError, maxDrift);
                long validity = CorrectionMath.validityNanos(system, validUntil);
                into.remember(current, before, anchorMono, Math.min(validity, current.staleNanos));
                into.moveTo(elapsed);
                return into.estimateNanos();
            }
            long estimate = CorrectionMath.estimateNanos(
                    CorrectionMath.anchorWhole(system, offset),
                    CorrectionMath.anchorFraction(system, offset, drift, prediction),
                    drift,
                    elapsed);
            long bound = CorrectionMath.boundNanos(maxError, maxDrift, elapsed);
            return estimate + side * bound;
        }
    }

    private Segment open() {
        Segment current = segment;
        if (current == null) {
            throw new IllegalStateException("the reader of " + path + " is closed");
        }
        return current;
    }

    /** Loads a consistent record, from another segment if this one turns out to be abandoned; returns which. */
    private Segment load(Segment from, CorrectionRecord into) {
        Segment current = from;
        long deadline = 0;
        for (int attempt = 0; !into.tryLoad(current.buffer); attempt++) {
            deadline = pause(current, attempt, deadline);
            current = open();
        }
        return current;
    }

    private void loadPage(byte[] into) {
        Segment current = open();
        if (follow(current, host.monotonicNanos(), current.isPageWritten())) {
            current = open();
        }
        long deadline = 0;
        for (int attempt = 0; !StatusPage.tryLoad(current.buffer, into); attempt++) {
            deadline = pause(current, attempt, deadline);
            current = open();
        }
    }

    /**
     * One step of waiting for a write to end: first spinning, then leaving the CPU to the writer, until patience ends.
     *
     * @param attempt counts from zero
     * @param deadline what the step before returned
     */
    private long pause(Segment current, int attempt, long deadline) {
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

    /**
     * Looks whether the name leads to another segment by now, and moves to it if that is no loss.
     *
     * @param usable whether the record at hand is: then failures can wait, and looks are rationed
     * @return whether this reader now has another segment than the given one
     */
    private boolean follow(Segment from, long mono, boolean usable) {
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
    private void leaveFaulted(InternalError error) {
        if (!follow(open(), host.monotonicNanos(), false)) {
            throw error;
        }
    }

    private static boolean isUsable(CorrectionRecord record, long mono) {
        return record.isValid() && record.layoutVersion() == RecordLayout.VERSION && !record.isExpiredAt(mono);
    }

    /** What is known of a suspend of the machine since a record was written. */
    private enum Suspend {
        NONE,
        HAPPENED,
        CANNOT_BE_TOLD,
        /** Another record has taken its place. */
        RECORD_GONE
    }

    /**
     * Whether the machine was suspended after the record with that sequence was written: CLOCK_MONOTONIC, by which its age
     * counts, stands still then, and the daemon may not have got round to writing another. To be asked of every record that is
     * stale, each time: that it did not happen is no answer for later.
     */
    private Suspend suspendSince(int sequence, Segment current) {
        ByteBuffer b = current.buffer;
        long leadThen = (long) LONG.get(b, PageLayout.BOOTTIME_LEAD_NS);
        boolean known = (int) INT.get(b, PageLayout.BOOTTIME_KNOWN) != 0;
        VarHandle.loadLoadFence();
        if ((int) INT.getOpaque(b, RecordLayout.SEQUENCE_NUMBER) != sequence) {
            return Suspend.RECORD_GONE;
        }
        if (!known) {
            return Suspend.NONE;
        }
        OptionalLong lead = host.boottimeLeadNanos();
        if (lead.isEmpty()) {
            return Suspend.CANNOT_BE_TOLD;
        }
        long grown = lead.getAsLong() - leadThen;
        if (grown > SUSPEND_NANOS) {
            return Suspend.HAPPENED;
        }
        return grown < -LARGEST_LAG_NANOS ? Suspend.CANNOT_BE_TOLD : Suspend.NONE;
    }

    /** Throws what is wrong with the record; returns if nothing is any more. */
    private void refuse(Segment current) {
        CorrectionRecord record = new CorrectionRecord();
        load(current, record);
        long mono = host.monotonicNanos(); // or a record that has come meanwhile would be from the future
        requireWritten(record);
        if (!current.isPageWritten()) {
            throw new NotReadyException(path
                    + " has a record but no page yet: its daemon is starting, or died doing so; see: " + Segment.PROGRAM
                    + " status");
        }
        double maxDrift = (double) DOUBLE.get(current.buffer, PageLayout.MAX_DRIFT);
        // A daemon that knows nothing yet publishes infinities, but never as valid.
        if (record.isValid() && !(record.isPlausible() && CorrectionMath.isPlausibleMaxDrift(maxDrift))) {
            throw new IncompatibleSegmentException(path + " holds values that no clock has (" + record + ", max_drift "
                    + maxDrift + "): something else writes to it; check the name, or " + Segment.start(path));
        }
        boolean inTime = record.isValid() && !record.isExpiredAt(mono);
        boolean stale = record.ageNanos(mono) > current.staleNanos;
        Suspend suspend = inTime && stale ? suspendSince((int) record.sequenceNumber(), current) : Suspend.NONE;
        if (suspend == Suspend.RECORD_GONE || (inTime && suspend == Suspend.NONE)) {
            return;
        }
        String writer = "its writer (process " + record.writerPid() + ")";
        String age = String.format(Locale.ROOT, "%.3f s old", record.ageNanos(mono) * 1e-9);
        if (!writerAlive(current)) {
            throw new DeadWriterException(
                    "the record in " + path + " is " + age + " and " + writer + " is gone; " + Segment.start(path));
        }
        if (!record.isValid() && !record.isWarmupComplete()) {
            throw new NotReadyException(path + " has no valid time yet: " + writer
                    + " is measuring; see its progress with: " + Segment.PROGRAM + " status");
        }
        if (suspend == Suspend.HAPPENED) {
            throw new ExpiredException(
                    "the record in " + path + " is expired (" + age + "): the machine was suspended since," + " and "
                            + writer + " has not written another; see: " + Segment.PROGRAM + " status");
        }
        if (suspend == Suspend.CANNOT_BE_TOLD) {
            throw new ExpiredException(
                    "the record in " + path + " is expired (" + age + "): whether the machine was suspended"
                            + " since cannot be told without the kernel's own /proc/uptime; mount /proc, and not lxcfs over it");
        }
        throw new ExpiredException("the record in " + path + " is expired (" + age + "): " + writer
                + " is stopped or has lost its servers; see: " + Segment.PROGRAM + " status");
    }

    private void requireWritten(CorrectionRecord record) {
        if (!record.isWritten()) {
            throw new NotReadyException(
                    path + " has never been written: its daemon is starting, or died doing so; see: " + Segment.PROGRAM
                            + " status");
        }
        if (record.layoutVersion() != RecordLayout.VERSION) {
            throw new IncompatibleSegmentException(
                    path + " has record layout " + record.layoutVersion() + ", this client reads "
                            + RecordLayout.VERSION + ": use a client and a daemon of the same release");
        }
    }

    private boolean writerAlive(Segment current) {
        long pid = writerPid(current);
        return pid != 0 && host.isAlive(pid);
    }

    /** Outside the seqlock: it changes only when another daemon takes over. */
    private static long writerPid(Segment current) {
        return Integer.toUnsignedLong((int) INT.getOpaque(current.buffer, RecordLayout.WRITER_PID));
    }
}
