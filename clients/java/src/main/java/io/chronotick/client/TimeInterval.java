// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * UTC at one moment: not a point but the interval that holds it, with the best estimate inside. Nanoseconds since the Unix
 * epoch, without leap seconds as in {@link Instant}.
 *
 * <p>A reused holder that {@link ChronoTickReader#now} fills without allocating. It remembers what it computed from the
 * record, so that a thread that keeps its holder pays for that once per record. Not thread-safe: one per thread.
 */
public final class TimeInterval {
    // The line that the record draws, kept from one reading to the next.
    private @Nullable Segment segment;
    private int sequence;
    private long anchorMono;
    private long freshNanos;
    private long anchorWhole;
    private double anchorFraction;
    private double drift;
    private double maxError;
    private double maxDrift;
    private double offsetSd;
    private double driftSd;
    private double anchorHorizon;

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
        this.segment = null;
        this.anchorWhole = CorrectionMath.anchorWhole(system, offset);
        this.anchorFraction = CorrectionMath.anchorFraction(system, offset, drift, prediction);
        this.drift = drift;
        this.maxError = maxError;
        this.maxDrift = maxDrift;
        this.offsetSd = offsetSd;
        this.driftSd = driftSd;
        this.anchorHorizon = system - prediction;
    }

    /**
     * Remembers where the line came from.
     *
     * @param freshNanos how long after the anchor it may be used without another look at anything but the sequence, ns
     */
    void remember(Segment segment, int sequence, long anchorMono, long freshNanos) {
        this.segment = segment;
        this.sequence = sequence;
        this.anchorMono = anchorMono;
        this.freshNanos = freshNanos;
    }

    /**
     * Moves to now on the remembered line, if the segment still holds the record it came from. An equal sequence means that
     * it did at that moment; one that came round after 2^31 records would long be past freshNanos.
     */
    boolean advance(Segment current, Host host) {
        if (segment != current
                || (int) Segment.INT.getAcquire(current.buffer, RecordLayout.SEQUENCE_NUMBER) != sequence) {
            return false;
        }
        long now = host.monotonicNanos() - anchorMono;
        if (now < 0 || now > freshNanos) {
            return false;
        }
        moveTo(now);
        return true;
    }

    /** Moves to so long after the anchor, ns. */
    void moveTo(long elapsed) {
        this.elapsed = elapsed;
        estimateNanos = CorrectionMath.estimateNanos(anchorWhole, anchorFraction, drift, elapsed);
        boundNanos = CorrectionMath.boundNanos(maxError, maxDrift, elapsed);
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
     * bound holds whatever the model believes and is wider.
     */
    public double standardUncertaintyNanos() {
        double fromDrift = driftSd * (anchorHorizon + elapsed * 1e-9);
        return 1e9 * Math.sqrt(offsetSd * offsetSd + fromDrift * fromDrift);
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
