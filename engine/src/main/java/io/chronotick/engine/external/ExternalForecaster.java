// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.forecast.Notices;
import io.chronotick.engine.math.LogOdds;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.math.Normal;
import io.chronotick.engine.ntp.Exchange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The place of a learned forecaster beside a built-in one: fills its context, asks it, judges what it says and decides whether
 * it is heard. Not thread-safe.
 *
 * <p>A forecast is N(m, s^2) for the offset at its due instant, from the quantiles. It is judged there by the predictive
 * likelihood that it and the built-in forecast made at the same instant give the first exchange after it ({@link
 * HypothesisBank#logEvidence}), with the memory of {@link LogOdds}. Who has been clearly better over enough forecasts is
 * fused by covariance intersection. What can go wrong is kept small: a forecast is heard from the exchange before it to the
 * next one or to its due instant, since what it was judged for is to see that far from fresh data; it is never believed to know
 * the future better than the engine knew the present it was made in, nor when it contradicts the built-in one; and it never
 * leaves the hard bound, which does not know of it. Who fails, is late, or loses is quarantined and begins again from nothing.
 */
public final class ExternalForecaster {
    /** A trial takes at least this many judged forecasts. */
    private static final int TRIAL = 30;

    /** Share that proves it, ... */
    private static final double PROVEN = 0.95;

    /** ... below which it loses its say again, ... */
    private static final double DOUBTED = 0.5;

    /** ... and at which it has lost. */
    private static final double LOST = 0.1;

    /** One judgement counts for at most this, in nats: no single stroke of luck proves or ruins anybody. */
    private static final double LARGEST_JUDGEMENT = 1;

    /** A forecast farther from the built-in one than this many of both's standard deviations is not used. */
    private static final double CONTRADICTION_SIGMAS = 4;

    /** The first quarantine, doubled with each until the longest, s; a say that was earned starts it over. */
    private static final double FIRST_QUARANTINE = 60;

    private static final double LONGEST_QUARANTINE = 3600;

    /** A forecast that no exchange has judged this long after it was due never will be, in steps and s. */
    private static final double UNJUDGED_STEPS = 2;

    private static final double UNJUDGED_SECONDS = 16;

    /**
     * A forecast on its way to being judged.
     *
     * @param made what the built-in forecaster believed of the instant it was made at
     * @param own what the built-in forecaster then forecast for the instant it is due
     * @param scale calibration of the built-in deviations at that time
     * @param offset learned forecast for the due instant, s
     * @param variance its variance, s^2
     */
    private record Due(Estimate made, Estimate own, double scale, double offset, double variance) {
        boolean isConsistent() {
            double d = offset - own.offset();
            return d * d <= CONTRADICTION_SIGMAS * CONTRADICTION_SIGMAS * (variance + scale * scale * own.p00());
        }
    }

    /** A question that is not answered yet. */
    private record Asked(long requestId, long rawNanos, Estimate made, Estimate own, double scale) {}

    /** Whoever runs the model and tells people of it. */
    public interface Host extends Notices {
        /**
         * Ask the model; {@link #onForecast} or {@link #onFailed} brings the answer.
         *
         * @param context offsets, s, oldest first; the host owns the array
         */
        void infer(long requestId, double[] context);
    }

    /** What the built-in forecaster of this term believes of an instant. */
    public interface BuiltIn {
        Estimate at(long rawNanos);
    }

    private final ExternalForecasterConfig config;
    private final double[] normalQuantiles;
    private final ForecastHistory history;
    private final LogOdds weight = new LogOdds();
    private final Deque<Due> pending = new ArrayDeque<>();
    private Optional<Asked> asked = Optional.empty();
    private Optional<Due> heard = Optional.empty();
    private long exchangeNanos = Long.MIN_VALUE;
    private ForecasterReport.State state = ForecasterReport.State.ABSENT;
    private boolean gridStarted;
    private long nextSampleNanos;
    private long nextRequestId;
    private int judged;
    private long quarantines;
    private long quarantineEndsNanos;
    private double quarantineSeconds = FIRST_QUARANTINE;
    private String reason = "";

    public ExternalForecaster(ExternalForecasterConfig config) {
        this.config = config;
        this.history = new ForecastHistory(config);
        this.normalQuantiles =
                config.quantileLevels().stream().mapToDouble(Normal::quantile).toArray();
    }

    public Forecast.Forecaster forecaster() {
        return config.forecaster();
    }

    public ForecasterReport report() {
        boolean fused = state == ForecasterReport.State.FUSED;
        return new ForecasterReport(
                config.forecaster(), state, fused ? weight.share() : 0, judged, quarantines, Double.NaN, reason);
    }

    /** The model is there and may be asked. */
    public void onReady() {
        if (state == ForecasterReport.State.ABSENT) {
            state = ForecasterReport.State.COLLECTING;
        }
    }

    /** The phase is void, and with it what was sampled and forecast. */
    public void restart() {
        history.clear();
        pending.clear();
        heard = Optional.empty();
        asked = Optional.empty();
        gridStarted = false;
        if (state == ForecasterReport.State.FUSED || state == ForecasterReport.State.TRIAL) {
            beginTrial();
        }
    }

    private void beginTrial() {
        state = ForecasterReport.State.COLLECTING;
        judged = 0;
        weight.clear();
    }

    /** Samples the grid, notices what is late, asks. */
    public void onTimer(long rawNanos, BuiltIn builtIn, double scale, Host host) {
        if (state == ForecasterReport.State.ABSENT) {
            return;
        }
        long step = Nanos.ofSeconds(config.stepSeconds());
        if (!gridStarted || (rawNanos - nextSampleNanos) / step >= config.contextLength()) {
            gridStarted = true;
            history.clear();
            nextSampleNanos = rawNanos;
        }
        boolean sampled = false;
        while (rawNanos - nextSampleNanos >= 0) {
            history.add(nextSampleNanos, builtIn.at(nextSampleNanos).offset());
            nextSampleNanos += step;
            sampled = true;
        }
        if (asked.isPresent() && isLate(rawNanos)) {
            fault(late(), rawNanos, host);
        }
        if (state == ForecasterReport.State.QUARANTINED && rawNanos - quarantineEndsNanos >= 0) {
            reason = "";
            beginTrial();
        }
        forgetUnjudged(rawNanos);
        if (sampled && history.isFull() && asked.isEmpty() && state != ForecasterReport.State.QUARANTINED) {
            if (state == ForecasterReport.State.COLLECTING) {
                state = ForecasterReport.State.TRIAL;
                host.inform(named("context filled; on trial for at least " + TRIAL + " forecasts"));
            }
            ask(rawNanos, builtIn, scale, host);
        }
    }

    private void ask(long rawNanos, BuiltIn builtIn, double scale, Host host) {
        long made = history.newestNanos();
        Estimate then = builtIn.at(made);
        Estimate own = builtIn.at(made + Nanos.ofSeconds(config.horizonSeconds()));
        long requestId = nextRequestId++;
        asked = Optional.of(new Asked(requestId, rawNanos, then, own, scale));
        host.infer(requestId, history.context(then.offset(), then.frequency()));
    }

    private boolean isLate(long rawNanos) {
        return asked.isPresent() && Nanos.toSeconds(rawNanos - asked.get().rawNanos()) > config.deadlineSeconds();
    }

    private String late() {
        return String.format(Locale.ROOT, "no forecast within %s s", config.deadlineSeconds());
    }

    /** The answer to a question; one that is not waited for any more is ignored. */
    public void onForecast(long requestId, double[] quantiles, long rawNanos, Host host) {
        if (asked.isEmpty() || asked.get().requestId() != requestId) {
            return;
        }
        if (isLate(rawNanos)) {
            fault(late(), rawNanos, host);
            return;
        }
        Optional<String> flaw = flaw(quantiles);
        if (flaw.isPresent()) {
            fault(flaw.get(), rawNanos, host);
            return;
        }
        Asked question = asked.get();
        asked = Optional.empty();
        Due due = due(question, quantiles);
        pending.add(due);
        if (heard.isEmpty() && due.made().rawNanos() >= exchangeNanos) {
            heard = Optional.of(due);
        }
    }

    /** The question could not be answered. */
    public void onFailed(long requestId, String why, long rawNanos, Host host) {
        if (asked.isPresent() && asked.get().requestId() == requestId) {
            // Who was stopped for being late was late, whatever it says.
            fault(isLate(rawNanos) ? late() : why, rawNanos, host);
        }
    }

    private Optional<String> flaw(double[] quantiles) {
        if (quantiles.length != normalQuantiles.length) {
            return Optional.of(quantiles.length + " quantiles instead of " + normalQuantiles.length);
        }
        for (int i = 0; i < quantiles.length; i++) {
            if (!Double.isFinite(quantiles[i])) {
                return Optional.of("a quantile that is no number");
            }
            if (i > 0 && quantiles[i] < quantiles[i - 1]) {
                return Optional.of("crossed quantiles");
            }
        }
        return Optional.empty();
    }

    /** The normal law with the quantiles' median and the wider of their two sides. */
    private Due due(Asked question, double[] quantiles) {
        int last = quantiles.length - 1;
        int above = 0;
        while (normalQuantiles[above] < 0) {
            above++;
        }
        double part = normalQuantiles[above] / (normalQuantiles[above] - normalQuantiles[above - 1]);
        double median = quantiles[above] - part * (quantiles[above] - quantiles[above - 1]);
        double sd = Math.max(
                (quantiles[last] - median) / normalQuantiles[last], (quantiles[0] - median) / normalQuantiles[0]);
        Estimate made = question.made();
        double line = made.offset() + made.frequency() * config.horizonSeconds();
        double present = question.scale() * question.scale() * made.p00();
        return new Due(made, question.own(), question.scale(), line + median, Math.max(sd * sd, present));
    }

    private void forgetUnjudged(long rawNanos) {
        double patience = UNJUDGED_STEPS * config.stepSeconds() + UNJUDGED_SECONDS;
        while (!pending.isEmpty()
                && Nanos.toSeconds(rawNanos - pending.peek().own().rawNanos()) > patience) {
            pending.remove();
        }
    }

    /** The likelihood of an exchange if the offset at its middle is normal with this mean (s) and variance (s^2). */
    public interface Likelihood {
        double log(double offset, double variance);
    }

    /** An exchange is about to be taken in: judges the youngest forecast that was due before it. */
    public void judge(Exchange exchange, Likelihood likelihood, Host host) {
        heard = Optional.empty();
        exchangeNanos = exchange.t4();
        Optional<Due> due = Optional.empty();
        while (!pending.isEmpty() && pending.peek().own().rawNanos() - exchange.middle() <= 0) {
            due = Optional.of(pending.remove());
        }
        if (due.isEmpty() || state == ForecasterReport.State.QUARANTINED) {
            return;
        }
        Estimate own = due.get().own();
        double since = Nanos.toSeconds(exchange.middle() - own.rawNanos());
        double way = own.frequency() * since;
        double scale = due.get().scale();
        double learned = likelihood.log(due.get().offset() + way, due.get().variance());
        double builtIn = likelihood.log(own.offset() + way, scale * scale * own.p00());
        double gain = learned - builtIn;
        weight.add(Math.min(Math.max(gain, -LARGEST_JUDGEMENT), LARGEST_JUDGEMENT), 0);
        judged++;
        if (weight.share() <= LOST) {
            fault("it forecasts worse than the built-in model", exchange.t4(), host);
        } else if (state == ForecasterReport.State.TRIAL && judged >= TRIAL && weight.share() >= PROVEN) {
            state = ForecasterReport.State.FUSED;
            quarantineSeconds = FIRST_QUARANTINE;
            host.inform(named("has proven itself over " + judged + " forecasts; fused from now on"));
        } else if (state == ForecasterReport.State.FUSED && weight.share() < DOUBTED) {
            state = ForecasterReport.State.TRIAL;
            host.inform(named("forecasts no better than the built-in model any more; on trial again"));
        }
    }

    /** An exchange has moved what is believed of its middle from {@code before} to {@code after}. */
    public void onMeasurement(Estimate before, Estimate after, double scale) {
        history.onMeasurement(after.rawNanos(), after.offset(), after.offset() - before.offset(), scale * after.sd());
    }

    /**
     * The built-in estimate, fused with the learned forecast if there is one that may be heard; otherwise that very object.
     *
     * <p>Between the instant it was made and the one it is due, the forecast is a line from what was believed then to what it
     * says, and its variance goes the same way.
     */
    public Estimate fuse(Estimate own, double scale) {
        OptionalDouble part = partOfTheWay(own.rawNanos());
        if (part.isEmpty()) {
            return own;
        }
        Due due = heard.orElseThrow();
        Estimate made = due.made();
        double slope = (due.offset() - made.offset()) / config.horizonSeconds();
        double offset = made.offset() + part.getAsDouble() * (due.offset() - made.offset());
        double variance = made.p00() + part.getAsDouble() * (due.variance() / (scale * scale) - made.p00());
        // It says nothing of the frequency's deviation: the built-in one, at the same correlation.
        double narrowed = Math.min(1, Math.sqrt(variance / own.p00()));
        Estimate learned =
                new Estimate(own.rawNanos(), offset, slope, variance, own.p01() * narrowed, own.p11(), own.wander());
        return CovarianceIntersection.fuse(learned, own, weight.share());
    }

    /** How far an instant lies between the forecast that is heard and its due instant. */
    private OptionalDouble partOfTheWay(long rawNanos) {
        if (state != ForecasterReport.State.FUSED || heard.isEmpty()) {
            return OptionalDouble.empty();
        }
        Due due = heard.get();
        double part = Nanos.toSeconds(rawNanos - due.made().rawNanos()) / config.horizonSeconds();
        boolean useful = part >= 0
                && part <= 1
                && due.isConsistent()
                && due.variance() <= config.maxSdSeconds() * config.maxSdSeconds();
        return useful ? OptionalDouble.of(part) : OptionalDouble.empty();
    }

    private void fault(String why, long rawNanos, Host host) {
        asked = Optional.empty();
        heard = Optional.empty();
        pending.clear();
        state = ForecasterReport.State.QUARANTINED;
        quarantines++;
        reason = why;
        judged = 0;
        weight.clear();
        quarantineEndsNanos = rawNanos + Nanos.ofSeconds(quarantineSeconds);
        host.warn(named(String.format(
                Locale.ROOT, "%s; quarantined for %.0f s, the built-in model goes on", why, quarantineSeconds)));
        quarantineSeconds = Math.min(2 * quarantineSeconds, LONGEST_QUARANTINE);
    }

    private String named(String text) {
        String term = config.forecaster() == Forecast.Forecaster.SHORT_TERM ? "short-term" : "long-term";
        return "learned " + term + " model: " + text;
    }
}
