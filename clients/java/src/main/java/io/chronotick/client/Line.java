// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The straight line of UTC over CLOCK_MONOTONIC that a record draws, worked out once, and what tells whether the segment still
 * holds that record. Not thread-safe; {@link SharedLine} is.
 */
final class Line {
    private int sequence;
    private long anchorMono;

    /** Negative: this is the line of no record. */
    private long freshNanos = -1;

    private long anchorWhole;
    private double anchorFraction;
    private double drift;
    private double maxError;
    private double maxDrift;
    private double offsetSd;
    private double driftSd;
    private double anchorHorizon;

    /** Takes over the line of a record, from no segment. The arguments have to be plausible. */
    void set(
            double system,
            double offset,
            double drift,
            double prediction,
            double offsetSd,
            double driftSd,
            double maxError,
            double maxDrift) {
        this.freshNanos = -1;
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
     * Remembers which record the line is of.
     *
     * @param freshNanos how long after the anchor it may be used without another look at anything but the sequence, ns
     */
    void remember(int sequence, long anchorMono, long freshNanos) {
        this.sequence = sequence;
        this.anchorMono = anchorMono;
        this.freshNanos = freshNanos;
    }

    /**
     * Time since the anchor, ns, if the segment still holds the record that the line is of and it is fresh; else negative. An
     * equal sequence means that it did at that moment; one that came round after 2^31 records would long be past freshNanos.
     */
    long freshElapsed(Segment segment, Host host) {
        if ((int) Segment.INT.getAcquire(segment.buffer, RecordLayout.SEQUENCE_NUMBER) != sequence) {
            return -1;
        }
        // After the sequence, so that a record published meanwhile is not used before its time.
        long elapsed = host.monotonicNanos() - anchorMono;
        return elapsed <= freshNanos ? elapsed : -1;
    }

    long estimateNanos(long elapsed) {
        return CorrectionMath.estimateNanos(anchorWhole, anchorFraction, drift, elapsed);
    }

    long boundNanos(long elapsed) {
        return CorrectionMath.boundNanos(maxError, maxDrift, elapsed);
    }

    double deviationNanos(long elapsed) {
        double fromDrift = driftSd * (anchorHorizon + elapsed * 1e-9);
        return 1e9 * Math.sqrt(offsetSd * offsetSd + fromDrift * fromDrift);
    }
}
