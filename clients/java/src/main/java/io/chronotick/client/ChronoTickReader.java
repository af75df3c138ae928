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
 * <p><b>Cost.</b> {@link #read}, {@link #now}, {@link #after} and {@link #before} wait for no lock, make no system call and
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
    /** The segment's name where nobody has given another. */
    public static final String DEFAULT_NAME = "chronotick_shm";

    private final Path path;
    private final Host host;
    private final SegmentFollower follower;
    private final Refusal refusal;
    private final Waiter waiter;

    ChronoTickReader(Path path, Host host) {
        this.path = path;
        this.host = host;
        this.follower = new SegmentFollower(path, host);
        this.refusal = new Refusal(path, host, follower);
        this.waiter = new Waiter(this::at, host);
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
                follower.leaveFaulted(e);
            }
        }
    }

    private void tryRead(CorrectionRecord into) {
        while (true) {
            Segment current = follower.current();
            current = follower.load(current, into);
            long mono = host.monotonicNanos();
            long age = into.ageNanos(mono);
            if (age < -CorrectionMath.MAX_AHEAD_NANOS || age > current.staleNanos) {
                try {
                    if (follower.follow(
                            current, mono, current.isPageWritten() && SegmentFollower.isUsable(into, mono))) {
                        continue;
                    }
                } catch (ChronoTickException e) {
                    if (!into.isWritten() || !current.isPageWritten()) {
                        throw e;
                    }
                    // The segment is gone, but this is still what it said last.
                }
            }
            refusal.requireWritten(into);
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
        while (true) {
            try {
                if (!into.advance(follower.current(), host)) {
                    tryOnce(into, Edge.ESTIMATE);
                }
                return;
            } catch (InternalError e) {
                follower.leaveFaulted(e);
            }
        }
    }

    /**
     * Whether a time has certainly passed: not even the earliest time that it can be now is before or at it.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public boolean after(long epochNanos) {
        return at(Edge.EARLIEST) > epochNanos;
    }

    /**
     * Whether a time has certainly not come yet: not even the latest time that it can be now is at or after it. Between
     * {@link #after} and this lies the width of the interval, in which neither can be said.
     *
     * @throws ChronoTickException as {@link #now}
     */
    public boolean before(long epochNanos) {
        return at(Edge.LATEST) < epochNanos;
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
        waiter.await(Edge.EARLIEST, epochNanos);
    }

    Waiter waiter() {
        return waiter;
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
                follower.leaveFaulted(e);
            }
        }
    }

    /**
     * Whether the process that wrote the record lives; false if it is not known. Only sensible where reader and writer see
     * the same process ids: in another container (pid namespace) the number belongs to nobody or to someone else. Nothing
     * but the wording of exceptions depends on it: records are judged by age.
     */
    public boolean writerAlive() {
        return follower.writerAlive(follower.current());
    }

    /**
     * Lets go of the segment; later calls throw {@link IllegalStateException}. Calls under way in other threads finish: the
     * memory is unmapped by the garbage collector when nobody reads it any more.
     */
    @Override
    public void close() {
        follower.close();
    }

    /** The estimate of UTC now or an end of the interval that holds it, ns since the epoch: on the line that all threads share. */
    long at(Edge edge) {
        while (true) {
            // Both ways in one: the JVM may throw what a mapping's fault on the short one causes only on the long one.
            try {
                Segment current = follower.current();
                long time = current.line.at(edge, current, host);
                return time != SharedLine.UNKNOWN ? time : tryOnce(null, edge);
            } catch (InternalError e) {
                follower.leaveFaulted(e);
            }
        }
    }

    /**
     * UTC now from the whole record.
     *
     * @param into filled with the whole interval, if given; else the line is kept for all threads
     */
    private long tryOnce(@Nullable TimeInterval into, Edge edge) {
        long deadline = 0;
        for (int attempt = 0; ; attempt++) {
            Segment current = follower.current();
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
                deadline = follower.pause(current, attempt, deadline);
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
                if (follower.follow(current, mono, known)) {
                    continue;
                }
                if (!known || Suspend.since(before, current, host) != Suspend.NONE) {
                    refusal.explain(current);
                    continue; // it became usable between the two looks
                }
            }
            long fresh = Math.min(CorrectionMath.validityNanos(system, validUntil), current.staleNanos);
            if (into != null) {
                into.setLine(system, offset, drift, prediction, offsetSd, driftSd, maxError, maxDrift);
                into.remember(current, before, anchorMono, fresh);
                into.moveTo(elapsed);
                return into.estimateNanos();
            }
            current.line.keep(
                    system,
                    offset,
                    drift,
                    prediction,
                    offsetSd,
                    driftSd,
                    maxError,
                    maxDrift,
                    before,
                    anchorMono,
                    fresh);
            long estimate = CorrectionMath.estimateNanos(
                    CorrectionMath.anchorWhole(system, offset),
                    CorrectionMath.anchorFraction(system, offset, drift, prediction),
                    drift,
                    elapsed);
            return edge.of(estimate, CorrectionMath.boundNanos(maxError, maxDrift, elapsed));
        }
    }

    private void loadPage(byte[] into) {
        Segment current = follower.current();
        if (follower.follow(current, host.monotonicNanos(), current.isPageWritten())) {
            current = follower.current();
        }
        long deadline = 0;
        for (int attempt = 0; !StatusPage.tryLoad(current.buffer, into); attempt++) {
            deadline = follower.pause(current, attempt, deadline);
            current = follower.current();
        }
    }
}
