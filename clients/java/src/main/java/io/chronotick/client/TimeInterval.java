// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;

/**
 * UTC at one moment: not a point but the interval that holds it, with the best estimate inside. Nanoseconds since the Unix
 * epoch, without leap seconds as in {@link Instant}.
 *
 * <p>A reused holder that {@link ChronoTickReader#now} fills without allocating. Not thread-safe: one per thread.
 */
public final class TimeInterval {
    private long estimateNanos;
    private long boundNanos;
    private double offsetSd;
    private double driftSdTimesHorizon;

    /** Creates a holder of the empty interval at the epoch. */
    public TimeInterval() {}

    /**
     * @param bound half the width, ns
     * @param offsetSd standard deviation of the offset at its origin, s
     * @param driftSdTimesHorizon what the drift adds to it at this moment, s
     */
    void set(long estimate, long bound, double offsetSd, double driftSdTimesHorizon) {
        this.estimateNanos = estimate;
        this.boundNanos = bound;
        this.offsetSd = offsetSd;
        this.driftSdTimesHorizon = driftSdTimesHorizon;
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
        return 1e9 * Math.sqrt(offsetSd * offsetSd + driftSdTimesHorizon * driftSdTimesHorizon);
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
