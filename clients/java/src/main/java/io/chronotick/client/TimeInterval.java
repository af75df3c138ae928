// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * UTC at one moment: not a point but the interval that holds it, with the best estimate inside. Nanoseconds since the Unix
 * epoch, without leap seconds as in {@link Instant}.
 *
 * <p>A reused holder that {@link ChronoTickReader#now} or {@link ClockBoundReader#now} fills without allocating. It remembers what it computed from the
 * record, so that a thread that keeps its holder pays for that once per record. Not thread-safe: one per thread.
 */
public final class TimeInterval {
    private final Line line = new Line();

    /** Of whose record the line is; null: of none. */
    private @Nullable Segment segment;

    // The point on it.
    private long elapsed;
    private long estimateNanos;
    private long boundNanos;

    /** Creates a holder of the empty interval at the epoch. */
    public TimeInterval() {}

    /** Takes over the line of a record, from no segment. The arguments have to be plausible. */
    void setLine(
            double system,
            double offset,
            double drift,
            double prediction,
            double offsetSd,
            double driftSd,
            double maxError,
            double maxDrift) {
        segment = null;
        line.set(system, offset, drift, prediction, offsetSd, driftSd, maxError, maxDrift);
    }

    /** Takes over the interval of a clock that says nothing of probabilities. */
    void setBounded(long estimateNanos, long boundNanos) {
        setLine(0, 0, 0, 0, Double.NaN, Double.NaN, 0, 0);
        this.elapsed = 0;
        this.estimateNanos = estimateNanos;
        this.boundNanos = boundNanos;
    }

    /** Remembers which record the line is of, see {@link Line#remember}. */
    void remember(Segment segment, int sequence, long anchorMono, long freshNanos) {
        this.segment = segment;
        line.remember(sequence, anchorMono, freshNanos);
    }

    /** Moves to now on the remembered line, if the segment still holds the record it came from. */
    boolean advance(Segment current, Host host) {
        if (segment != current) {
            return false;
        }
        long now = line.freshElapsed(current, host);
        if (now < 0) {
            return false;
        }
        moveTo(now);
        return true;
    }

    /** Moves to so long after the anchor, ns. */
    void moveTo(long elapsed) {
        this.elapsed = elapsed;
        estimateNanos = line.estimateNanos(elapsed);
        boundNanos = line.boundNanos(elapsed);
    }

    /** UTC is not before this, ns since the epoch. */
    public long earliestNanos() {
        return estimateNanos - boundNanos;
    }

    /** The best estimate of UTC, ns since the epoch. */
    public long estimateNanos() {
        return estimateNanos;
    }

    /** UTC is not after this, ns since the epoch. */
    public long latestNanos() {
        return estimateNanos + boundNanos;
    }

    /** The hard bound: half the width, ns. */
    public long boundNanos() {
        return boundNanos;
    }

    /** Latest minus earliest, ns. */
    public long widthNanos() {
        return 2 * boundNanos;
    }

    /**
     * One standard deviation of the estimate, ns. A statement of probability, calibrated so that twice it covers 95 %; the
     * bound holds whatever the model believes and is wider. NaN from a clock that does not state it (ClockBound).
     */
    public double standardUncertaintyNanos() {
        return line.deviationNanos(elapsed);
    }

    /** {@link #earliestNanos()} as an instant; allocates. */
    public Instant earliest() {
        return EpochNanos.toInstant(earliestNanos());
    }

    /** {@link #estimateNanos()} as an instant; allocates. */
    public Instant estimate() {
        return EpochNanos.toInstant(estimateNanos);
    }

    /** {@link #latestNanos()} as an instant; allocates. */
    public Instant latest() {
        return EpochNanos.toInstant(latestNanos());
    }

    @Override
    public String toString() {
        return estimate() + " ± " + boundNanos + " ns";
    }
}
