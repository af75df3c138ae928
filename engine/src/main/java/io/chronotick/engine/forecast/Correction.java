// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.LeapIndicator;

/**
 * What the engine knows about UTC, as a line over the raw clock with its uncertainty. Immutable; the evaluation methods
 * allocate nothing and may be called from any thread.
 *
 * <p>With {@code dt = raw - rawNanos} in seconds:
 *
 * <ul>
 *   <li>UTC(raw) = {@code utcNanos + (raw - rawNanos) * (1 + frequency)}
 *   <li>statistical variance(raw) = {@code scale^2 * (p00 + 2 dt p01 + dt^2 p11 + wander dt^3 / 3)}, the prediction of a
 *       random-walk-frequency oscillator (Brown and Hwang, the two-state clock model); the uncertainty that is stated has the
 *       systematic one in quadrature with it
 *   <li>|UTC(raw) - truth| <= {@code maxError + maxDrift * dt}
 * </ul>
 *
 * <p>UTC is POSIX time: where a leap second is inserted the last second of the day comes twice, where one is deleted it does not come.
 * The raw clock knows nothing of that, so the line has a step at {@code leapRawNanos}. When the truth steps is known as well as the time
 * is: as long as either may have stepped alone, the bound is a second wider.
 *
 * @param rawNanos reference instant, CLOCK_MONOTONIC_RAW, ns
 * @param utcNanos best estimate of UTC at the reference, ns since the Unix epoch
 * @param frequency rate of UTC against the raw clock minus one, s/s (+ = the raw clock is slow)
 * @param p00 variance of the offset at the reference, s^2
 * @param p01 covariance of offset and frequency, s^2/s
 * @param p11 variance of the frequency, (s/s)^2
 * @param wander spectral density of the frequency's random walk, (s/s)^2/s
 * @param scale factor on the standard deviation from the on-line calibration, 1 when the model is honest by itself
 * @param systematicSd standard deviation of what no measurement sees, s ({@link SystematicUncertainty})
 * @param maxError hard bound on the error at the reference, s
 * @param maxDrift growth of the hard bound, s/s
 * @param maxUncertainty the statistical standard deviation above which the correction is no longer valid, s
 * @param withdrawn not to be used whatever its uncertainty says: servers or clock contradict what holds otherwise
 * @param horizonNanos longest time the published line may be followed without being refreshed, ns
 * @param source who speaks
 * @param warmupComplete the warm-up is over: enough exchanges, honest interval
 * @param modelsReady a forecaster contributes
 * @param holdover no server can be used at present, the oscillator model alone carries the time
 * @param clockStepped the raw clock was found to have jumped (suspend, virtual machine pause) and the model has restarted
 * @param leap the leap second that the selected servers announce
 * @param leapRawNanos when it takes effect, CLOCK_MONOTONIC_RAW, ns; {@link #NO_LEAP} if none does
 * @param authenticated the authenticated servers that agree are enough to be right by themselves, whatever the others say
 * @param confidence 0..1, see {@link Confidence}
 * @param confidenceTimeNanos age of the newest measurement at which confidence has fallen by half, ns
 * @param measurementCount exchanges accepted since start
 * @param lastSyncRawNanos newest accepted exchange, CLOCK_MONOTONIC_RAW, ns
 */
public record Correction(
        long rawNanos,
        long utcNanos,
        double frequency,
        double p00,
        double p01,
        double p11,
        double wander,
        double scale,
        double systematicSd,
        double maxError,
        double maxDrift,
        double maxUncertainty,
        boolean withdrawn,
        long horizonNanos,
        Source source,
        boolean warmupComplete,
        boolean modelsReady,
        boolean holdover,
        boolean clockStepped,
        LeapIndicator leap,
        long leapRawNanos,
        boolean authenticated,
        double confidence,
        long confidenceTimeNanos,
        long measurementCount,
        long lastSyncRawNanos) {

    /** No leap second is ahead. */
    public static final long NO_LEAP = Long.MAX_VALUE;

    /**
     * So long before a leap second readers are told of both times, ns: a record is used until the next one comes, which is
     * 1 s at most. Of a record that is older than this it says itself that it ends before the leap.
     */
    private static final long LEAP_NOTICE_NANOS = 100_000_000L;

    private static final double LEAP_SECONDS = 1;

    /** Who a published time comes from; the order is that of the shared-memory record. */
    public enum Source {
        NO_DATA,
        NTP,
        SHORT_TERM,
        LONG_TERM,
        FUSION
    }

    /** A correction that says nothing, and is never valid: before the first exchange, after a jump of the raw clock. */
    public static Correction nothingKnown(long rawNanos) {
        return nothingKnown(rawNanos, false, 0, rawNanos);
    }

    public static Correction nothingKnown(
            long rawNanos, boolean clockStepped, long measurementCount, long lastSyncRawNanos) {
        double nothing = Double.POSITIVE_INFINITY;
        return new Correction(
                rawNanos,
                rawNanos,
                0,
                nothing,
                0,
                nothing,
                0,
                1,
                nothing,
                nothing,
                0,
                0,
                true,
                0,
                Source.NO_DATA,
                false,
                false,
                false,
                clockStepped,
                LeapIndicator.UNSYNCHRONIZED,
                NO_LEAP,
                false,
                0,
                1,
                measurementCount,
                lastSyncRawNanos);
    }

    /** Best estimate of UTC when the raw clock reads {@code raw}, ns since the Unix epoch. */
    public long utcNanosAt(long raw) {
        long elapsed = raw - rawNanos;
        long step = raw < leapRawNanos ? 0 : leap.stepNanos();
        return utcNanos + elapsed + Math.round(elapsed * frequency) + step;
    }

    /** The same with a leap second ahead. */
    public Correction withLeap(LeapIndicator otherLeap, long otherLeapRawNanos) {
        return new Correction(
                rawNanos,
                utcNanos,
                frequency,
                p00,
                p01,
                p11,
                wander,
                scale,
                systematicSd,
                maxError,
                maxDrift,
                maxUncertainty,
                withdrawn,
                horizonNanos,
                source,
                warmupComplete,
                modelsReady,
                holdover,
                clockStepped,
                otherLeap,
                otherLeapRawNanos,
                authenticated,
                confidence,
                confidenceTimeNanos,
                measurementCount,
                lastSyncRawNanos);
    }

    /** Standard uncertainty of {@link #utcNanosAt}, s: statistical and systematic in quadrature. */
    public double sdAt(long raw) {
        double statistical = statisticalSdAt(raw);
        return Math.sqrt(statistical * statistical + systematicSd * systematicSd);
    }

    /** The part of {@link #sdAt} that measurements scatter by and the oscillator may have strayed by since, s. */
    public double statisticalSdAt(long raw) {
        double dt = Nanos.toSeconds(raw - rawNanos);
        double variance = p00 + 2 * dt * p01 + dt * dt * p11 + wander * Math.abs(dt * dt * dt) / 3;
        return scale * Math.sqrt(Math.max(variance, MIN_VARIANCE));
    }

    /** Standard deviation of the frequency when the raw clock reads {@code raw}, s/s. */
    public double frequencySdAt(long raw) {
        double dt = Nanos.toSeconds(Math.abs(raw - rawNanos));
        return scale * Math.sqrt(Math.max(p11 + wander * dt, MIN_FREQUENCY_VARIANCE));
    }

    /** Hard bound on the error of {@link #utcNanosAt}, s. */
    public double maxErrorAt(long raw) {
        double error = lineErrorAt(raw);
        if (leapRawNanos == NO_LEAP) {
            return error;
        }
        long untilLeap = leapRawNanos - raw;
        long doubt = Nanos.ofSeconds(error);
        boolean ambiguous = untilLeap <= LEAP_NOTICE_NANOS + doubt && untilLeap >= -doubt;
        return ambiguous ? error + LEAP_SECONDS : error;
    }

    /** The same without what a leap second nearby leaves open, s. */
    public double lineErrorAt(long raw) {
        return maxError + maxDrift * Math.abs(raw - rawNanos) * Nanos.IN_SECONDS;
    }

    /** How long the line may be followed from {@code raw} on without being refreshed, ns: not into a leap second. */
    public long horizonNanosAt(long raw) {
        if (leapRawNanos == NO_LEAP) {
            return horizonNanos;
        }
        long doubt = Nanos.ofSeconds(lineErrorAt(raw));
        long untilLeap = leapRawNanos - raw;
        return untilLeap > LEAP_NOTICE_NANOS + doubt ? Math.min(horizonNanos, untilLeap - doubt) : horizonNanos;
    }

    /**
     * Whether it may be used when the raw clock reads {@code raw}: not withdrawn, and its statistical uncertainty below the maximum. A long
     * path alone makes no time unusable.
     */
    public boolean validAt(long raw) {
        return !withdrawn && statisticalSdAt(raw) <= maxUncertainty;
    }

    /** Confidence when the raw clock reads {@code raw}: halves with every {@code confidenceTimeNanos} of silence. */
    public double confidenceAt(long raw) {
        double age = Math.max(0, raw - lastSyncRawNanos) / (double) confidenceTimeNanos;
        return confidence * Confidence.freshness(age);
    }

    /** A clock is never known better than the step of a nanosecond counter. */
    private static final double MIN_VARIANCE = 1e-18;

    /** (1e-12 s/s)^2: far below any quartz oscillator; keeps the stated deviation above zero. */
    private static final double MIN_FREQUENCY_VARIANCE = 1e-24;
}
