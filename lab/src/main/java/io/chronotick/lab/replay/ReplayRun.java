// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.EngineUnderTest;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.baseline.Baseline;
import io.chronotick.lab.replay.ReplayExchanges.Arrival;
import io.chronotick.lab.score.ErrorScore;
import io.chronotick.lab.score.ForecasterName;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.score.Quantiles;
import io.chronotick.lab.score.TimeSeries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Plays one case through the engine and the baselines. */
final class ReplayRun {
    /** Converged is what stays below this many final RMS errors. */
    private static final double CONVERGED = 10;

    private final ReplayRules rules;
    private final RawClock clock;
    private final PathDelays delays;
    private final EngineUnderTest engine;
    private final List<Baseline> baselines = new ArrayList<>(Baseline.all());
    private final long startNanos;
    private long epochNanos;
    private int requests;
    private int exchanges;

    /** Errors of what was published at the whole seconds 0, 1, ..., s; not-a-number before the first correction. */
    private final double[] publishedErrors;

    private final double[] publishedSds;
    private final double[] publishedBounds;
    private final Map<String, Track> forecasters = new LinkedHashMap<>();

    /** What a forecaster said at the seconds that are scored. */
    private static final class Track {
        final double[] errors;
        final double[] sds;
        boolean statesSd;

        Track(int size) {
            errors = new double[size];
            sds = new double[size];
            Arrays.fill(errors, Double.NaN);
        }
    }

    private ReplayRun(
            ReplayRules rules,
            RawClock clock,
            PathDelays delays,
            Set<Ablation> without,
            FilterWeights weights,
            boolean speaks,
            EngineConfig config) {
        this.rules = rules;
        this.clock = clock;
        this.delays = delays;
        this.startNanos = clock.rawNanos(0);
        this.engine = new EngineUnderTest(startNanos, without, Optional.of(weights), speaks, config);
        publishedErrors = new double[rules.endSeconds() + 1];
        publishedSds = new double[rules.endSeconds() + 1];
        publishedBounds = new double[rules.endSeconds() + 1];
    }

    static ReplayResult play(
            ReplaySet set,
            ReplayCase which,
            ReplayRules rules,
            Set<Ablation> without,
            FilterWeights weights,
            boolean speaks,
            EngineConfig config) {
        RawClock clock = set.clock(which, rules);
        PathDelays path = set.path(which);
        ReplayRun run = new ReplayRun(rules, clock, path, without, weights, speaks, config);
        set.oracle(which).ifPresent(run.baselines::add);
        run.play();
        return run.result(which, path.isAsymmetric(), set.chrony().of(which, rules.pollSeconds()));
    }

    /** What was published at the seconds that are scored. */
    static TimeSeries series(ReplaySet set, ReplayCase which, ReplayRules rules) {
        RawClock clock = set.clock(which, rules);
        ReplayRun run = new ReplayRun(
                rules, clock, set.path(which), Set.of(), LearnedWeights.shipped(), false, EngineConfig.DEFAULT);
        run.play();
        double[] seconds = new double[rules.endSeconds() - rules.scoreFromSeconds() + 1];
        Arrays.setAll(seconds, i -> rules.scoreFromSeconds() + i);
        return new TimeSeries(
                seconds,
                run.scored(run.publishedErrors),
                run.scored(run.publishedSds),
                run.scored(run.publishedBounds));
    }

    private void play() {
        if (rules.isAdaptive()) {
            playAdaptive();
            return;
        }
        List<Arrival> arrivals = ReplayExchanges.of(rules, clock, delays);
        requests = ReplayExchanges.requests(rules);
        int next = 0;
        for (int second = 0; second <= rules.endSeconds(); second++) {
            long trueNanos = second * ReplayRules.SECOND;
            while (next < arrivals.size() && arrivals.get(next).trueNanos() <= trueNanos) {
                take(arrivals.get(next++).exchange());
            }
            read(second, clock.rawNanos(trueNanos), ReplayExchanges.UTC_AT_ZERO + trueNanos);
        }
    }

    /** The engine decides when to ask; the rest is as the rules have it. */
    private void playAdaptive() {
        AdaptiveServer server = new AdaptiveServer(clock, delays);
        engine.ask(
                ReplayRules.SHORTEST_POLL,
                ReplayRules.LONGEST_POLL,
                ReplayRules.BURST_NANOS * 1e-9,
                clock.rawNanos(rules.pollNanos(0)),
                send -> {
                    engine.transmitted(send.requestId(), engine.nowNanos());
                    server.request(send.payload(), engine.nowNanos());
                },
                this::learn);
        for (int second = 0; second <= rules.endSeconds(); second++) {
            long trueNanos = second * ReplayRules.SECOND;
            long rawNanos = clock.rawNanos(trueNanos);
            for (long next = 0; next < rawNanos; ) {
                next = Math.min(Math.min(engine.nextTimerNanos(), server.replyNanos()), rawNanos);
                engine.advanceTo(next);
                long now = next;
                server.reply(now).ifPresent(reply -> engine.datagram(reply, now));
            }
            read(second, rawNanos, ReplayExchanges.UTC_AT_ZERO + trueNanos);
        }
        requests = server.requests();
    }

    private void take(Exchange exchange) {
        engine.exchange(exchange);
        learn(exchange);
    }

    private void learn(Exchange exchange) {
        exchanges++;
        if (epochNanos == 0) {
            epochNanos = exchange.t2() - exchange.t1();
        }
        double offset =
                ((exchange.t2() - exchange.t1() - epochNanos) + (exchange.t3() - exchange.t4() - epochNanos)) * 0.5e-9;
        for (Baseline baseline : baselines) {
            baseline.add(seconds(exchange.middle()), offset, exchange.delay());
        }
    }

    private double seconds(long rawNanos) {
        return (rawNanos - startNanos) * 1e-9;
    }

    private void read(int second, long rawNanos, long utcNanos) {
        engine.advanceTo(rawNanos);
        Correction seen = engine.published();
        publishedErrors[second] =
                seen.source() == Correction.Source.NO_DATA ? Double.NaN : (seen.utcNanosAt(rawNanos) - utcNanos) * 1e-9;
        // What all exchanges have in common is removed from an error, or is not there: the systematic part has no place
        // here.
        publishedSds[second] = seen.statisticalSdAt(rawNanos);
        publishedBounds[second] = seen.maxErrorAt(rawNanos);
        int scored = second - rules.scoreFromSeconds();
        if (scored < 0) {
            return;
        }
        for (Forecast forecast : engine.forecasts(rawNanos)) {
            Track track = track(ForecasterName.of(forecast));
            track.errors[scored] = (forecast.utcNanos() - utcNanos) * 1e-9;
            track.sds[scored] = forecast.sd();
            track.statesSd = true;
        }
        long elapsed = utcNanos - epochNanos - rawNanos;
        for (Baseline baseline : baselines) {
            track(baseline.name()).errors[scored] = baseline.offsetAt(seconds(rawNanos)) - elapsed * 1e-9;
        }
    }

    private Track track(String name) {
        return forecasters.computeIfAbsent(
                name, ignored -> new Track(rules.endSeconds() - rules.scoreFromSeconds() + 1));
    }

    private ReplayResult result(ReplayCase which, boolean biasRemoved, Optional<ChronyResults.Result> chrony) {
        double[] errors = scored(publishedErrors);
        ReplayResult.Forecasts published =
                forecasts(ReplayResult.PUBLISHED, errors, Optional.of(scored(publishedSds)), biasRemoved);
        double[] bounds = scored(publishedBounds);
        int held = 0;
        for (int i = 0; i < errors.length; i++) {
            if (Math.abs(errors[i]) <= bounds[i]) {
                held++;
            }
        }
        List<ReplayResult.Forecasts> others = new ArrayList<>();
        forecasters.forEach((name, track) -> others.add(forecasts(
                name, track.errors, track.statesSd ? Optional.of(track.sds) : Optional.empty(), biasRemoved)));
        return new ReplayResult(
                which,
                rules.pollSeconds(),
                requests,
                exchanges,
                biasRemoved,
                published,
                held / (double) errors.length,
                Quantiles.median(bounds),
                convergence(published, biasRemoved ? published.error().mean() : 0),
                List.copyOf(others),
                chrony);
    }

    private double[] scored(double[] values) {
        return Arrays.copyOfRange(values, rules.scoreFromSeconds(), rules.endSeconds() + 1);
    }

    private static ReplayResult.Forecasts forecasts(
            String name, double[] errors, Optional<double[]> sds, boolean biasRemoved) {
        ErrorScore score = ErrorScore.of(errors);
        double bias = biasRemoved ? score.mean() : 0;
        return new ReplayResult.Forecasts(
                name,
                biasRemoved ? score.rmsWithoutBias() : score.rms(),
                score,
                sds.map(stated -> IntervalScore.of(errors, stated, bias)));
    }

    private int convergence(ReplayResult.Forecasts published, double bias) {
        int second = rules.scoreFromSeconds();
        while (second > 0 && Math.abs(publishedErrors[second - 1] - bias) < CONVERGED * published.rms()) {
            second--;
        }
        return second;
    }
}
