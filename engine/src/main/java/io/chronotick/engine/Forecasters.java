// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.external.ExternalForecaster;
import io.chronotick.engine.forecast.Calibration;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.learned.GatedFilter;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.oscillator.ClockModel;
import io.chronotick.engine.oscillator.HypothesisBank;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Everyone who may have a say: the clock model's two forecasters, the learned filter and the external ones beside them. Each is judged
 * by what came, and all are fused into one estimate. Not thread-safe.
 */
final class Forecasters {
    /** Deviation of a frequency that has not been measured, s/s: that of a uniform law within 100 ppm. */
    private static final double UNKNOWN_FREQUENCY_SD = 1e-4 / Math.sqrt(3);

    private final EngineConfig config;
    private final ClockModel model;
    private final Servers servers;
    private final Calibration calibration;
    private final Optional<GatedFilter> filter;
    private final boolean filterSpeaks;
    private final List<ExternalForecaster> external;
    private double shortTermWeight;

    Forecasters(
            EngineConfig config, EstimatorOptions options, ClockModel model, Servers servers, Calibration calibration) {
        this.config = config;
        this.model = model;
        this.servers = servers;
        this.calibration = calibration;
        filter = options.weights().map(GatedFilter::new);
        filterSpeaks = options.filterSpeaks();
        external = config.external().stream().map(ExternalForecaster::new).toList();
    }

    void addSource() {
        filter.ifPresent(GatedFilter::addSource);
    }

    /** The way to a server has changed altogether. */
    void forget(int source) {
        filter.ifPresent(learned -> learned.forget(source));
    }

    /** The clock has jumped. */
    void restart() {
        filter.ifPresent(GatedFilter::restart);
        restartExternal();
    }

    /** The clock model is another one. */
    void restartExternal() {
        external.forEach(ExternalForecaster::restart);
    }

    private List<Integer> speakers() {
        return servers.speakers(model.bank());
    }

    /** What the built-in forecasters expect of the middle of an exchange that is yet to be taken in. */
    Optional<Estimate> expected(Exchange exchange) {
        return model.bank().isStarted()
                ? Optional.of(calibrated(model.bank().estimate(exchange.middle(), servers.speakers(model.bank()))))
                : Optional.empty();
    }

    private Estimate calibrated(Estimate estimate) {
        return estimate.scaled(calibration.scale());
    }

    // --- Taking in ---

    /** The learned filter takes in what has come before. */
    void teachHistory() {
        filter.ifPresent(learned -> {
            for (Exchange past : model.history()) {
                if (servers.get(past.source()).isSelected()) {
                    learned.add(past, model.epochNanos(), Optional.empty(), 0, 0);
                }
            }
        });
    }

    /**
     * Judges the learned filter and the external forecasters by an exchange that the clock model has not seen yet; the filter
     * takes it in.
     *
     * @return what the built-in forecasters beside the external ones expect of its middle
     */
    List<Estimate> judge(Exchange exchange, Consumer<Action> out) {
        boolean known = model.bank().knows(exchange.source());
        filter.ifPresent(learned -> {
            if (known) {
                teach(learned, exchange);
            } else {
                learned.add(exchange, model.epochNanos(), Optional.empty(), 0, 0);
            }
        });
        return known ? judgeExternal(exchange, out) : List.of();
    }

    private void teach(GatedFilter learned, Exchange exchange) {
        int source = exchange.source();
        List<Integer> speakers = speakers();
        Estimate expected = calibrated(model.bank().estimate(exchange.middle(), speakers));
        learned.judge(
                exchange,
                expected,
                speakers,
                (offset, variance) ->
                        model.bank().logEvidence(exchange, model.epochNanos(), speakers, offset, variance));
        Estimate alone = calibrated(model.bank().estimate(exchange.middle(), List.of(source)));
        learned.add(
                exchange,
                model.epochNanos(),
                Optional.of(alone),
                model.bank().base(source),
                model.bank().baseSd(source));
    }

    private List<Estimate> judgeExternal(Exchange exchange, Consumer<Action> out) {
        List<Estimate> expected = new ArrayList<>();
        for (ExternalForecaster forecaster : external) {
            forecaster.judge(
                    exchange,
                    (offset, variance) ->
                            model.bank().logEvidence(exchange, model.epochNanos(), speakers(), offset, variance),
                    new Host(forecaster.forecaster(), out));
            expected.add(builtIn(forecaster, exchange.middle()));
        }
        return expected;
    }

    /** The clock model has taken in an exchange of which the built-in forecasters had expected this. */
    void onMeasurement(Exchange exchange, List<Estimate> expected) {
        for (int i = 0; i < expected.size(); i++) {
            ExternalForecaster forecaster = external.get(i);
            forecaster.onMeasurement(expected.get(i), builtIn(forecaster, exchange.middle()), calibration.scale());
        }
    }

    // --- External forecasters ---

    private Estimate builtIn(ExternalForecaster forecaster, long rawNanos) {
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        return forecaster.forecaster() == Forecast.Forecaster.SHORT_TERM ? all.shortTerm() : all.longTerm();
    }

    /** Asks the external forecasters that are to be asked. */
    void onTimer(long rawNanos, Consumer<Action> out) {
        for (ExternalForecaster forecaster : external) {
            forecaster.onTimer(
                    rawNanos,
                    at -> builtIn(forecaster, at),
                    calibration.scale(),
                    new Host(forecaster.forecaster(), out));
        }
    }

    /** Turns what an external forecaster wants into actions. */
    record Host(Forecast.Forecaster forecaster, Consumer<Action> out) implements ExternalForecaster.Host {
        @Override
        public void infer(long requestId, double[] context) {
            out.accept(new Action.Infer(forecaster, requestId, context));
        }

        @Override
        public void inform(String text) {
            new Notes(out).inform(text);
        }

        @Override
        public void warn(String text) {
            new Notes(out).warn(text);
        }
    }

    /** The external one of that name, if there is one. */
    Optional<ExternalForecaster> external(Forecast.Forecaster name) {
        return external.stream()
                .filter(forecaster -> forecaster.forecaster() == name)
                .findFirst();
    }

    // --- Speaking ---

    /** What is said of an instant, not calibrated; empty while nothing can be. */
    Optional<Estimate> estimate(long rawNanos) {
        return config.modelEnabled()
                ? Optional.of(withLearnedFilter(spoken(rawNanos)))
                : newestExchange().map(newest -> measurement(newest, rawNanos));
    }

    /** What the forecasters that may speak say of an instant, each with its external companion. */
    private Estimate spoken(long rawNanos) {
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        Estimate shortTerm = withExternal(Forecast.Forecaster.SHORT_TERM, all.shortTerm());
        Estimate longTerm = withExternal(Forecast.Forecaster.LONG_TERM, all.longTerm());
        shortTermWeight = switch (config.speaker()) {
            case SHORT_TERM -> 1;
            case LONG_TERM -> 0;
            default -> all.shortTermWeight();
        };
        if (config.speaker() == Correction.Source.FUSION) {
            return CovarianceIntersection.fuse(shortTerm, longTerm, shortTermWeight);
        }
        return config.speaker() == Correction.Source.SHORT_TERM ? shortTerm : longTerm;
    }

    private Estimate withExternal(Forecast.Forecaster name, Estimate own) {
        return external(name)
                .map(forecaster -> forecaster.fuse(own, calibration.scale()))
                .orElse(own);
    }

    private Estimate withLearnedFilter(Estimate own) {
        return filter.filter(learned -> filterSpeaks)
                .map(learned -> fuse(own, learned))
                .orElse(own);
    }

    private Estimate fuse(Estimate own, GatedFilter learned) {
        Estimate bankAlone = calibrated(own);
        Estimate fused = learned.fuse(bankAlone, speakers());
        // The very numbers of the bank where it speaks alone.
        return fused.equals(bankAlone) ? own : fused.scaled(1 / calibration.scale());
    }

    /** The newest exchange of a selected server and nothing else: for an operator who switched the models off. */
    private Optional<Exchange> newestExchange() {
        // Every server may have moved, and its exchanges with it.
        return servers.newestExchange()
                .or(() -> model.history().reversed().stream().findFirst());
    }

    private Estimate measurement(Exchange newest, long rawNanos) {
        double dt = Nanos.toSeconds(rawNanos - newest.middle());
        double half = Math.max(newest.delay(), 0) / 2 + newest.serverError();
        double p11 = UNKNOWN_FREQUENCY_SD * UNKNOWN_FREQUENCY_SD;
        // The truth is anywhere within half the delay: a uniform law has a third of its square as variance.
        return new Estimate(rawNanos, model.middleOffset(newest), 0, half * half / 3 + dt * dt * p11, dt * p11, p11, 0);
    }

    // --- For people ---

    /** How the learned filter, if there is one, and the external forecasters are doing, in the order of the configuration. */
    List<ForecasterReport> reports() {
        List<ForecasterReport> reports = new ArrayList<>();
        filter.ifPresent(learned -> reports.add(learned.report()));
        external.forEach(forecaster -> reports.add(forecaster.report()));
        return List.copyOf(reports);
    }

    /** Weight of the short-term forecaster in what was said last, 0..1; the long-term one has the rest. */
    double shortTermWeight() {
        return shortTermWeight;
    }

    /** What each forecaster and their fusion say of an instant; empty before the first exchange. */
    List<Forecast> forecasts(long rawNanos) {
        if (!model.bank().isStarted()) {
            return List.of();
        }
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        List<Forecast> forecasts = new ArrayList<>();
        forecasts.add(forecast(Forecast.Forecaster.SHORT_TERM, all.shortTerm(), all.shortTermWeight()));
        forecasts.add(forecast(Forecast.Forecaster.LONG_TERM, all.longTerm(), 1 - all.shortTermWeight()));
        forecasts.add(forecast(Forecast.Forecaster.FUSION, all.fused(), 1));
        filter.ifPresent(learned -> learned.estimate(rawNanos, speakers()).ifPresent(own -> {
            double weight = learned.isQuarantined() ? 0 : 1 - learned.bankShare();
            forecasts.add(forecast(Forecast.Forecaster.LEARNED, own.scaled(1 / calibration.scale()), weight));
            forecasts.add(forecast(Forecast.Forecaster.BOTH, fuse(all.fused(), learned), 1));
        }));
        return List.copyOf(forecasts);
    }

    private Forecast forecast(Forecast.Forecaster forecaster, Estimate estimate, double weight) {
        long utcNanos = estimate.rawNanos() + model.epochNanos() + Nanos.ofSeconds(estimate.offset());
        return new Forecast(forecaster, estimate.rawNanos(), utcNanos, calibration.scale() * estimate.sd(), weight);
    }
}
