// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import io.chronotick.engine.bound.Interval;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.LeapIndicator;
import java.util.List;

/**
 * What is said of the time, and how sure: makes a {@link Correction} of what the forecasters expect and of what speaks against it. The
 * time is moved into the hard bound, and its deviation covers all that the model cannot know of: the way it was moved, servers that
 * contradict it, an oscillator that nobody watches. Not thread-safe.
 */
public final class Publisher {
    /** A model speaks once the frequency is known to this, s/s: half of the prior. */
    private static final double USEFUL_FREQUENCY_SD = 5e-5;

    /** After so many polls without an exchange the oscillator goes unwatched. */
    private static final double UNWATCHED_POLLS = 2.5;

    /** Confidence halves after this many poll intervals without an exchange. */
    private static final double CONFIDENCE_POLLS = 8;

    /** The note that the local clock has jumped stays in the record for this long, ns. */
    private static final long STEP_FLAG_NANOS = 60_000_000_000L;

    /**
     * What the operator decides of it.
     *
     * @param maxUncertaintySeconds the statistical standard deviation above which a correction is not valid, s
     * @param horizonSeconds longest a published line may be followed without being refreshed, s
     * @param speaker who speaks once it can; NTP: no model ever does
     */
    public record Terms(double maxUncertaintySeconds, double horizonSeconds, Correction.Source speaker) {
        boolean modelEnabled() {
            return speaker != Correction.Source.NTP;
        }
    }

    /**
     * What is known at one instant.
     *
     * @param rawNanos the instant, CLOCK_MONOTONIC_RAW, ns
     * @param epochNanos what offsets are counted from, ns
     * @param said what the forecasters expect of it, not calibrated
     * @param modelExchanges how many exchanges the clock model has seen
     * @param known where the truth can be, s from the epoch; finite
     * @param isAgreed whether enough servers agree on that
     * @param isDecided whether they do and the interval has no gaps, or none that matters
     * @param frequencies rates that the servers' votes allow, s/s
     * @param rivals offsets that are suspected to be the true ones instead, s
     * @param shapeVariance variance by what the shapes of the queues leave open, s^2
     * @param systematicSd standard deviation by what no exchange shows, s
     * @param pollSeconds the shortest interval at which a server is asked, s
     * @param authenticated whether authenticated servers are a majority by themselves
     */
    public record Situation(
            long rawNanos,
            long epochNanos,
            Estimate said,
            int modelExchanges,
            Interval known,
            boolean isAgreed,
            boolean isDecided,
            Interval frequencies,
            List<Double> rivals,
            double shapeVariance,
            double systematicSd,
            double pollSeconds,
            boolean authenticated) {

        public Situation {
            rivals = List.copyOf(rivals);
        }
    }

    private final Terms terms;
    private final Readiness readiness;
    private final Calibration calibration;
    private final Confidence confidence = new Confidence();
    private final HoldoverLaw holdoverLaw = new HoldoverLaw();
    private boolean stepped;
    private long steppedNanos;

    /** Exchanges at the newest correction, and its deviation, s: without a further one no later is surer. */
    private long heldCount = -1;

    private double heldSd;

    public Publisher(Terms terms, Readiness readiness, Calibration calibration) {
        this.terms = terms;
        this.readiness = readiness;
        this.calibration = calibration;
    }

    /** The raw clock has jumped: the record says so for a while. */
    public void onStep(long rawNanos) {
        stepped = true;
        steppedNanos = rawNanos;
    }

    /** The clock model has begun anew: its next frequency is no change of the last one. */
    public void onRestart() {
        holdoverLaw.restart();
    }

    /** Whether an exchange fell inside the interval that was forecast for it. */
    public void onForecast(boolean hit) {
        confidence.add(hit);
    }

    /** The clock model's frequency, s/s, and its standard deviation, not calibrated. */
    public void onFrequency(long rawNanos, double frequency, double sd) {
        holdoverLaw.observe(rawNanos, frequency, calibration.scale() * sd);
    }

    /** The correction while nothing is known of the time. */
    public Correction nothingKnown(long rawNanos) {
        forgetOldStep(rawNanos);
        return Correction.nothingKnown(rawNanos, stepped, readiness.exchanges(), readiness.newestNanos());
    }

    private void forgetOldStep(long rawNanos) {
        if (stepped && rawNanos - steppedNanos > STEP_FLAG_NANOS) {
            stepped = false;
        }
    }

    /** The correction for an instant; may end the warm-up. */
    public Correction correction(Situation now, Notices notices) {
        long rawNanos = now.rawNanos();
        forgetOldStep(rawNanos);
        Estimate said = now.said();
        // The truth cannot be outside: neither may the time be, and its deviation covers the way it was moved.
        double offset = now.isAgreed() ? now.known().nearestTo(said.offset()) : said.offset();
        double maxError = now.known().farthestFrom(offset) + Math.ulp(offset);
        double frequency = now.frequencies().nearestTo(said.frequency());
        double p00 = suspectedVariance(now, offset);
        double scale = calibration.scale();
        // Nobody has looked for some polls: the oscillator may do what it has not done before.
        double silence = readiness.silence(rawNanos);
        double unwatched = terms.modelEnabled() && silence > UNWATCHED_POLLS * now.pollSeconds() ? silence : 0;
        double strayedOffset = holdoverLaw.offsetSd(unwatched) / scale;
        double strayedFrequency = holdoverLaw.frequencySd(unwatched) / scale;
        p00 += strayedOffset * strayedOffset + now.shapeVariance() / (scale * scale);
        // A deviation above the bound would say that the truth may be where it cannot be.
        p00 = Math.min(Math.max(p00, heldVariance() / (scale * scale)), maxError * maxError / (scale * scale));
        double sd = scale * Math.sqrt(p00);
        // Nor may both parts together be.
        double systematic = Math.min(now.systematicSd(), Math.sqrt(Math.max(maxError * maxError - sd * sd, 0)));
        heldSd = sd;
        heldCount = readiness.exchanges();
        if (sd <= terms.maxUncertaintySeconds() && !readiness.isDoubtful()) {
            readiness.onHonest(rawNanos, sd, maxError, notices);
        }
        boolean modelSpeaks = terms.modelEnabled()
                && now.modelExchanges() >= Readiness.WARMUP_EXCHANGES
                && said.frequencySd() <= USEFUL_FREQUENCY_SD;
        return new Correction(
                rawNanos,
                rawNanos + now.epochNanos() + Nanos.ofSeconds(offset),
                frequency,
                p00,
                // A mixture with cycles may expect itself to become surer; without a measurement nobody does.
                Math.max(said.p01(), 0) + strayedOffset * strayedFrequency,
                said.p11() + strayedFrequency * strayedFrequency,
                said.wander(),
                scale,
                systematic,
                maxError,
                now.frequencies().farthestFrom(frequency),
                terms.maxUncertaintySeconds(),
                readiness.isDoubtful(),
                Nanos.ofSeconds(terms.horizonSeconds()),
                modelSpeaks ? terms.speaker() : Correction.Source.NTP,
                readiness.isComplete(),
                modelSpeaks,
                readiness.isSilent(),
                stepped,
                LeapIndicator.NONE,
                Correction.NO_LEAP,
                now.authenticated(),
                confidence.value(),
                Nanos.ofSeconds(CONFIDENCE_POLLS * now.pollSeconds()),
                readiness.exchanges(),
                readiness.newestNanos());
    }

    /** Variance of the offset, s^2, with the way it was moved and what speaks against it; not calibrated. */
    private static double suspectedVariance(Situation now, double offset) {
        double moved = offset - now.said().offset();
        double p00 = now.said().p00() + moved * moved;
        if (!now.isDecided()) {
            p00 += now.known().halfWidth() * now.known().halfWidth();
        }
        for (double rival : now.rivals()) {
            double distance = rival - offset;
            p00 += distance * distance;
        }
        return p00;
    }

    /** Variance below which none may fall before something has been measured, s^2. */
    private double heldVariance() {
        return readiness.exchanges() == heldCount ? heldSd * heldSd : 0;
    }
}
