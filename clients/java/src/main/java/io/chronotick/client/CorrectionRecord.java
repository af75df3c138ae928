// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.Segment.DOUBLE;
import static io.chronotick.client.Segment.FLOAT;
import static io.chronotick.client.Segment.INT;
import static io.chronotick.client.Segment.LONG;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * A snapshot of the 128 bytes, and what follows from it. The accessors are named after the fields of the record; times are
 * Unix seconds of CLOCK_REALTIME unless the name says otherwise.
 *
 * <p>A reused holder that {@link ChronoTickReader#read} fills without allocating. Not thread-safe: one per thread. It does
 * not judge: a snapshot may be invalid or expired, see {@link #isValid} and {@link #isExpiredAt}.
 */
public final class CorrectionRecord {
    private double correctedTimestamp;
    private double systemTimestamp;
    private double offsetCorrection;
    private double driftRate;
    private double offsetUncertainty;
    private double driftUncertainty;
    private double predictionTime;
    private double validUntil;
    private float confidence;
    private int sequenceNumber;
    private int flags;
    private int source;
    private int measurementCount;
    private int writerPid;
    private double lastNtpSync;
    private double daemonUptime;
    private int totalCorrections;
    private int layoutVersion;
    private float averageLatencyMs;
    private float maxError;
    private long monotonicNs;

    /** Creates a holder of a record never written. */
    public CorrectionRecord() {}

    /**
     * The reader's half of the seqlock, one attempt. The acquire keeps the fields' loads behind the first load of the
     * sequence, the fence keeps them before the second. An odd sequence is a write under way. Equal and even means that
     * no write began or ended in between; the sequence would have to go round all 2^31 writes within these few
     * nanoseconds to deceive. Rolling over through zero is nothing special: see {@link #isWritten}.
     *
     * @return whether the holder now has a consistent record; if not it has garbage
     */
    boolean tryLoad(ByteBuffer b) {
        int before = (int) INT.getAcquire(b, RecordLayout.SEQUENCE_NUMBER);
        if ((before & 1) != 0) {
            return false;
        }
        correctedTimestamp = (double) DOUBLE.get(b, RecordLayout.CORRECTED_TIMESTAMP);
        systemTimestamp = (double) DOUBLE.get(b, RecordLayout.SYSTEM_TIMESTAMP);
        offsetCorrection = (double) DOUBLE.get(b, RecordLayout.OFFSET_CORRECTION);
        driftRate = (double) DOUBLE.get(b, RecordLayout.DRIFT_RATE);
        offsetUncertainty = (double) DOUBLE.get(b, RecordLayout.OFFSET_UNCERTAINTY);
        driftUncertainty = (double) DOUBLE.get(b, RecordLayout.DRIFT_UNCERTAINTY);
        predictionTime = (double) DOUBLE.get(b, RecordLayout.PREDICTION_TIME);
        validUntil = (double) DOUBLE.get(b, RecordLayout.VALID_UNTIL);
        confidence = (float) FLOAT.get(b, RecordLayout.CONFIDENCE);
        flags = (int) INT.get(b, RecordLayout.FLAGS);
        source = (int) INT.get(b, RecordLayout.SOURCE);
        measurementCount = (int) INT.get(b, RecordLayout.MEASUREMENT_COUNT);
        writerPid = (int) INT.get(b, RecordLayout.WRITER_PID);
        lastNtpSync = (double) DOUBLE.get(b, RecordLayout.LAST_NTP_SYNC);
        daemonUptime = (double) DOUBLE.get(b, RecordLayout.DAEMON_UPTIME);
        totalCorrections = (int) INT.get(b, RecordLayout.TOTAL_CORRECTIONS);
        layoutVersion = (int) INT.get(b, RecordLayout.LAYOUT_VERSION);
        averageLatencyMs = (float) FLOAT.get(b, RecordLayout.AVERAGE_LATENCY_MS);
        maxError = (float) FLOAT.get(b, RecordLayout.MAX_ERROR);
        monotonicNs = (long) LONG.get(b, RecordLayout.MONOTONIC_NS);
        VarHandle.loadLoadFence();
        int after = (int) INT.getOpaque(b, RecordLayout.SEQUENCE_NUMBER);
        sequenceNumber = before;
        return before == after;
    }

    /**
     * Sequence zero alone does not mean never written: after 2^31 records (25 days at 1000 Hz) it comes by again, but then
     * the layout version is there.
     */
    boolean isWritten() {
        return sequenceNumber != 0 || layoutVersion != 0;
    }

    /** Whether these are values a clock can have. */
    boolean isPlausible() {
        return CorrectionMath.isPlausible(
                systemTimestamp,
                offsetCorrection,
                driftRate,
                predictionTime,
                validUntil,
                offsetUncertainty,
                driftUncertainty,
                maxError);
    }

    /** Best estimate of UTC at the anchor, Unix seconds, to 238 ns; for people. Compute from the anchor instead. */
    public double correctedTimestamp() {
        return correctedTimestamp;
    }

    /** The anchor: CLOCK_REALTIME, exact. */
    public double systemTimestamp() {
        return systemTimestamp;
    }

    /** Seconds to add to CLOCK_REALTIME at {@link #predictionTime()}; positive when the local clock is behind. */
    public double offsetCorrection() {
        return offsetCorrection;
    }

    /** How the offset grows, s/s. */
    public double driftRate() {
        return driftRate;
    }

    /** One standard deviation of the offset at {@link #predictionTime()}, s. */
    public double offsetUncertainty() {
        return offsetUncertainty;
    }

    /** One standard deviation of the drift, s/s. */
    public double driftUncertainty() {
        return driftUncertainty;
    }

    /** Origin of the correction line. */
    public double predictionTime() {
        return predictionTime;
    }

    /** After this the record is expired. */
    public double validUntil() {
        return validUntil;
    }

    /** Share of recent forecasts that fell inside their own 95 % interval, scaled and aged: 0..1. */
    public float confidence() {
        return confidence;
    }

    /** The seqlock's value, even, 0..2^32 - 2. */
    public long sequenceNumber() {
        return Integer.toUnsignedLong(sequenceNumber);
    }

    /** The FLAG bits of {@link RecordLayout}. */
    public int flags() {
        return flags;
    }

    /**
     * What the correction rests on.
     *
     * @throws IncompatibleSegmentException if the record holds a number that stands for none
     */
    public TimeSource source() {
        TimeSource known = TimeSource.ofCode(source);
        if (known == null) {
            throw new IncompatibleSegmentException("the record's source is " + Integer.toUnsignedString(source)
                    + ", which this client does not know: use a client and a daemon of the same release");
        }
        return known;
    }

    /** Measurements accepted since the daemon started, 0..2^32 - 1. */
    public long measurementCount() {
        return Integer.toUnsignedLong(measurementCount);
    }

    /** Process id of the writer in its own pid namespace; 0 if unknown. */
    public long writerPid() {
        return Integer.toUnsignedLong(writerPid);
    }

    /** Time of the newest accepted measurement; 0 if none. */
    public double lastNtpSync() {
        return lastNtpSync;
    }

    /** Time since the daemon started, s. */
    public double daemonUptime() {
        return daemonUptime;
    }

    /** Records published, modulo 2^32. */
    public long totalCorrections() {
        return Integer.toUnsignedLong(totalCorrections);
    }

    /** {@link RecordLayout#VERSION}; 0 for the older Python daemons, whose record has no anchor on the monotonic clock. */
    public long layoutVersion() {
        return Integer.toUnsignedLong(layoutVersion);
    }

    /** Mean time the writer takes to produce and publish one record, ms. */
    public float averageLatencyMs() {
        return averageLatencyMs;
    }

    /** Hard bound on the error at the anchor, s. */
    public float maxError() {
        return maxError;
    }

    /** CLOCK_MONOTONIC at the anchor, ns. */
    public long monotonicNs() {
        return monotonicNs;
    }

    /** The daemon held this record to be good when it wrote it. A dead daemon cannot take that back: judge by age too. */
    public boolean isValid() {
        return (flags & RecordLayout.FLAG_VALID) != 0;
    }

    public boolean isNtpReady() {
        return (flags & RecordLayout.FLAG_NTP_READY) != 0;
    }

    public boolean isModelsReady() {
        return (flags & RecordLayout.FLAG_MODELS_READY) != 0;
    }

    public boolean isWarmupComplete() {
        return (flags & RecordLayout.FLAG_WARMUP_COMPLETE) != 0;
    }

    /** No server answers; the forecast carries on and its uncertainty grows. */
    public boolean isHoldover() {
        return (flags & RecordLayout.FLAG_HOLDOVER) != 0;
    }

    /** The system clock was stepped of late; the correction already allows for it. */
    public boolean isClockStepped() {
        return (flags & RecordLayout.FLAG_CLOCK_STEPPED) != 0;
    }

    public boolean isLeapPending() {
        return (flags & RecordLayout.FLAG_LEAP_PENDING) != 0;
    }

    /** Every server that feeds the correction is authenticated. */
    public boolean isAuthenticated() {
        return (flags & RecordLayout.FLAG_AUTHENTICATED) != 0;
    }

    /** The correction at a time of the system clock, s. */
    public double correctionAt(double systemSeconds) {
        return offsetCorrection + driftRate * (systemSeconds - predictionTime);
    }

    /**
     * UTC, Unix seconds, when the system clock shows this; to 238 ns, as doubles go. Wrong for a while when the system clock
     * is stepped: {@link ChronoTickReader#now} is not.
     */
    public double correctedTimeAt(double systemSeconds) {
        return systemSeconds + correctionAt(systemSeconds);
    }

    /** One standard deviation of the correction at a time of the system clock, s. */
    public double timeUncertaintyAt(double systemSeconds) {
        return timeUncertainty(systemSeconds - predictionTime);
    }

    /** One standard deviation of the correction so many seconds from {@link #predictionTime()}, s. */
    public double timeUncertainty(double horizonSeconds) {
        double fromDrift = driftUncertainty * horizonSeconds;
        return Math.sqrt(offsetUncertainty * offsetUncertainty + fromDrift * fromDrift);
    }

    /** Time from the anchor to a reading of {@link System#nanoTime()}, ns; negative before the anchor. */
    public long ageNanos(long monotonicNanos) {
        return monotonicNanos - monotonicNs;
    }

    /**
     * Whether the record may not be used at a reading of {@link System#nanoTime()}: past its validity, from the future (a
     * record of another boot), or with values that no clock has.
     */
    public boolean isExpiredAt(long monotonicNanos) {
        long age = ageNanos(monotonicNanos);
        return !isPlausible()
                || age < -CorrectionMath.MAX_AHEAD_NANOS
                || age > CorrectionMath.validityNanos(systemTimestamp, validUntil);
    }

    /**
     * UTC at a reading of {@link System#nanoTime()}, also one from before the anchor: the bound grows both ways. Does not
     * judge validity or age.
     *
     * @param maxDrift growth of the bound, s/s: {@link StatusPage#maxDrift()}
     * @throws ExpiredException more than 23 days from the anchor, where there is nothing to be said
     * @throws IncompatibleSegmentException if the record or the argument holds values that no clock has
     */
    public void intervalAt(long monotonicNanos, double maxDrift, TimeInterval into) {
        long elapsed = ageNanos(monotonicNanos);
        if (!isPlausible() || !CorrectionMath.isPlausibleMaxDrift(maxDrift)) {
            throw new IncompatibleSegmentException("the record holds values that no clock has: " + this);
        }
        if (elapsed < -CorrectionMath.MAX_ELAPSED_NANOS || elapsed > CorrectionMath.MAX_ELAPSED_NANOS) {
            throw new ExpiredException("the record is " + elapsed + " ns old");
        }
        into.setLine(
                systemTimestamp,
                offsetCorrection,
                driftRate,
                predictionTime,
                offsetUncertainty,
                driftUncertainty,
                maxError,
                maxDrift);
        into.moveTo(elapsed);
    }

    @Override
    public String toString() {
        return "system_timestamp " + systemTimestamp + ", offset_correction " + offsetCorrection + ", drift_rate "
                + driftRate + ", prediction_time " + predictionTime + ", valid_until " + validUntil
                + ", offset_uncertainty " + offsetUncertainty + ", drift_uncertainty " + driftUncertainty
                + ", max_error " + maxError;
    }
}
