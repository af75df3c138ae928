// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.VirtualWorld;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Learned forecasters in virtual time: one that knows the future, one that lies, and all the ways to fail. */
class ExternalForecasterTest {
    private static final double STEP = 30;
    private static final int CONTEXT = 10;
    private static final double HORIZON = 300;

    /** 2.5, 50 and 97.5 %: a normal law of deviation s has them at -1.96 s, 0 and 1.96 s. */
    private static final List<Double> LEVELS = List.of(0.025, 0.5, 0.975);

    private static EngineConfig config(HistoryCorrection correction) {
        return config(correction, Correction.Source.FUSION);
    }

    private static EngineConfig config(HistoryCorrection correction, Correction.Source speaker) {
        return EngineConfig.DEFAULT.toBuilder()
                .speaker(speaker)
                .external(List.of(new ExternalForecasterConfig(
                        Forecast.Forecaster.LONG_TERM,
                        STEP,
                        CONTEXT,
                        HORIZON,
                        LEVELS,
                        2,
                        0.01,
                        correction,
                        0.001,
                        0.0001,
                        2)))
                .build();
    }

    private static VirtualWorld world(EngineConfig config) {
        VirtualWorld world = new VirtualWorld(config, 12, 3);
        world.wander(2e-8, 40_000, 3);
        for (int i = 0; i < 2; i++) {
            world.addServer(64).jitterSeconds = 0.0001;
        }
        world.engine.onForecasterReady(Forecast.Forecaster.LONG_TERM);
        return world;
    }

    private static VirtualWorld world() {
        return world(config(HistoryCorrection.NONE));
    }

    private static double[] normal(double mean, double sd) {
        return new double[] {mean - 1.959964 * sd, mean, mean + 1.959964 * sd};
    }

    /** What will be: how far the truth will lie above the engine's own line, continued to the instant that is due. */
    private static double future(VirtualWorld world, long askedNanos) {
        long due = askedNanos + Math.round(HORIZON * SECOND);
        long now = longTerm(world, askedNanos);
        long line = now + Math.round(HORIZON * (longTerm(world, askedNanos + SECOND) - now));
        return (world.truth.applyAsLong(due) - line) * 1e-9;
    }

    private static long longTerm(VirtualWorld world, long rawNanos) {
        return world.engine.forecasts(rawNanos).stream()
                .filter(forecast -> forecast.forecaster() == Forecast.Forecaster.LONG_TERM)
                .findFirst()
                .orElseThrow()
                .utcNanos();
    }

    private static void foresee(VirtualWorld world) {
        world.model = (forecaster, asked, context) -> normal(future(world, asked), 2e-6);
    }

    private static ForecasterReport report(VirtualWorld world) {
        return world.engine.forecasterReports().get(0);
    }

    /** Runs until the learned forecaster is in a state. */
    private static void runInto(VirtualWorld world, ForecasterReport.State state, long atMostSeconds) {
        long end = world.rawNanos() + atMostSeconds * SECOND;
        while (report(world).state() != state && world.rawNanos() < end) {
            world.runUntil(world.rawNanos() + SECOND);
        }
        assertThat(report(world).state()).as(world.notes.toString()).isEqualTo(state);
    }

    private static List<Correction> run(VirtualWorld world, long untilSeconds) {
        List<Correction> seen = new ArrayList<>();
        world.runUntil(untilSeconds * SECOND, (w, c) -> seen.add(c));
        return seen;
    }

    @Test
    void shouldBeHeardOnceItHasProvenThatItKnowsTheFutureBetter() {
        VirtualWorld with = world(config(HistoryCorrection.NONE, Correction.Source.LONG_TERM));
        foresee(with);
        runInto(with, ForecasterReport.State.FUSED, 10_000);
        assertThat(report(with).weight()).isGreaterThan(0.9);
        assertThat(report(with).judged()).isGreaterThanOrEqualTo(30);
        assertThat(with.notes)
                .anyMatch(note -> note.startsWith("INFO learned long-term model: has proven itself over "));

        VirtualWorld without = world(EngineConfig.DEFAULT.toBuilder()
                .speaker(Correction.Source.LONG_TERM)
                .build());
        without.runUntil(with.rawNanos());
        double squaresWith = 0;
        double squaresWithout = 0;
        for (int gap = 0; gap < 8; gap++) {
            for (VirtualWorld each : List.of(with, without)) {
                each.servers.forEach(server -> server.down = true);
                each.runUntil(each.rawNanos() + 200 * SECOND);
                each.servers.forEach(server -> server.down = false);
            }
            squaresWith += Math.pow((double) with.error(), 2);
            squaresWithout += Math.pow((double) without.error(), 2);
            with.runUntil(with.rawNanos() + 600 * SECOND);
            without.runUntil(without.rawNanos() + 600 * SECOND);
        }
        assertThat(squaresWith).isLessThan(0.1 * squaresWithout);
    }

    /** Not "hardly anything": nothing at all, whatever it says, until it has proven itself. */
    @Test
    void shouldNotMoveOneBitOfWhatIsPublishedWhileItHasNotProvenItself() {
        VirtualWorld liar = world();
        liar.model = (forecaster, asked, context) -> normal(0.005, 1e-7);
        VirtualWorld alone = world(EngineConfig.DEFAULT);
        assertThat(run(liar, 20_000)).isEqualTo(run(alone, 20_000));
        assertThat(liar.notes)
                .anyMatch(
                        note -> note.contains(
                                "WARN learned long-term model: it forecasts worse than the built-in model; quarantined for 60 s"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void shouldQuarantineWhatIsNoForecast(int kind) {
        List<IntFunction<double[]>> bad = List.of(
                i -> new double[] {0, Double.NaN, 0},
                i -> new double[] {0, 0, Double.POSITIVE_INFINITY},
                i -> new double[] {1e-6, 0, 2e-6},
                i -> new double[] {0, 1e-6},
                i -> {
                    throw new IllegalStateException("the model is broken");
                });
        List<String> reasons = List.of(
                "a quantile that is no number",
                "a quantile that is no number",
                "crossed quantiles",
                "2 quantiles instead of 3",
                "the model is broken");
        VirtualWorld world = world();
        world.model = (forecaster, asked, context) -> bad.get(kind).apply(0);
        runInto(world, ForecasterReport.State.QUARANTINED, 2000);
        assertThat(report(world).reason()).isEqualTo(reasons.get(kind));
        assertThat(report(world).text()).isEqualTo("long-term quarantined: " + reasons.get(kind));
        assertThat(world.notes)
                .last()
                .isEqualTo("WARN learned long-term model: " + reasons.get(kind)
                        + "; quarantined for 60 s, the built-in model goes on");

        // It gets another chance, and another after twice the time.
        runInto(world, ForecasterReport.State.COLLECTING, 61);
        runInto(world, ForecasterReport.State.QUARANTINED, 61);
        assertThat(world.notes).last().asString().contains("quarantined for 120 s");
        assertThat(report(world).quarantines()).isEqualTo(2);
        world.model = (forecaster, asked, context) -> normal(0, 1e-5);
        runInto(world, ForecasterReport.State.TRIAL, 200);
        assertThat(report(world).reason()).isEmpty();
    }

    @Test
    void shouldQuarantineWhoIsLateAndIgnoreWhatComesAfterAll() {
        VirtualWorld world = world();
        world.model = (forecaster, asked, context) -> normal(0, 1e-5);
        world.modelSeconds = 30;
        runInto(world, ForecasterReport.State.QUARANTINED, 2000);
        assertThat(report(world).reason()).isEqualTo("no forecast within 2.0 s");
        world.runUntil(world.rawNanos() + 40 * SECOND);
        assertThat(report(world).state()).isEqualTo(ForecasterReport.State.QUARANTINED);
        assertThat(world.notes.stream().filter(note -> note.contains("quarantined")))
                .hasSize(1);
    }

    @Test
    void shouldQuarantineWhoNeverAnswers() {
        VirtualWorld world = world();
        world.modelStuck = true;
        runInto(world, ForecasterReport.State.QUARANTINED, 2000);
        assertThat(report(world).reason()).isEqualTo("no forecast within 2.0 s");
    }

    /** The worst case: one that has earned trust, and then lies with confidence while no server can contradict it. */
    @ParameterizedTest
    @ValueSource(doubles = {1e-5, 1e-4, 1e-3, 1})
    void shouldStayInsideTheHardBoundWhenATrustedModelBeginsToLie(double lie) {
        VirtualWorld world = world();
        foresee(world);
        runInto(world, ForecasterReport.State.FUSED, 10_000);
        world.model = (forecaster, asked, context) -> normal(lie, 1e-7);
        Consumer<String> check = when -> {
            double error = Math.abs(world.error()) * 1e-9;
            Correction c = world.correction();
            assertThat(error).as(when).isLessThan(c.maxErrorAt(world.rawNanos()));
            assertThat(error).as(when).isLessThan(5 * c.sdAt(world.rawNanos()));
        };
        world.servers.forEach(server -> server.down = true);
        for (int i = 0; i < 280; i++) {
            world.runUntil(world.rawNanos() + SECOND);
            check.accept("holdover " + i);
        }
        world.servers.forEach(server -> server.down = false);
        runInto(world, ForecasterReport.State.QUARANTINED, 4000);
        check.accept("quarantined");
    }

    @Test
    void shouldForgetWhatItSawWhenTheClockHasJumped() {
        VirtualWorld world = world();
        foresee(world);
        runInto(world, ForecasterReport.State.FUSED, 10_000);
        world.engine.onDiscontinuity("suspended", world.rawNanos(), world::perform);
        assertThat(report(world).state()).isEqualTo(ForecasterReport.State.COLLECTING);
        world.runUntil(world.rawNanos() + 60 * SECOND);
        assertThat(report(world).state()).isEqualTo(ForecasterReport.State.COLLECTING);
    }

    @Test
    void shouldNotBeAskedWhileNoModelIsThere() {
        VirtualWorld world = new VirtualWorld(config(HistoryCorrection.NONE), 12, 3);
        world.addServer(64);
        world.model = (forecaster, asked, context) -> {
            throw new AssertionError("asked");
        };
        world.runUntil(2000 * SECOND);
        assertThat(report(world).state()).isEqualTo(ForecasterReport.State.ABSENT);
    }

    @Test
    void shouldShowAContextThatEndsAtZeroAndIsNothingButNoiseForAStraightClock() {
        VirtualWorld world = new VirtualWorld(config(HistoryCorrection.BACKTRACKING), 12, 3);
        world.addServer(16).jitterSeconds = 0.0001;
        world.engine.onForecasterReady(Forecast.Forecaster.LONG_TERM);
        List<double[]> contexts = new ArrayList<>();
        world.model = (forecaster, asked, context) -> {
            contexts.add(context);
            return normal(0, 1e-5);
        };
        world.runUntil(3000 * SECOND);
        // One a step, from the tenth step on.
        assertThat(contexts).hasSizeBetween(80, 91);
        for (double[] context : contexts.subList(40, contexts.size())) {
            assertThat(context).hasSize(CONTEXT);
            assertThat(Math.abs(context[CONTEXT - 1])).isLessThan(1e-6);
            for (double value : context) {
                assertThat(Math.abs(value)).isLessThan(30e-6);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"NONE", "LINEAR", "BACKTRACKING"})
    void shouldDecideTheSameTwice(String correction) {
        List<List<Correction>> runs = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            VirtualWorld world = world(config(HistoryCorrection.valueOf(correction)));
            world.model = (forecaster, asked, context) -> normal(future(world, asked) + 0.1 * context[0], 2e-6);
            runs.add(run(world, 5000));
        }
        assertThat(runs.get(0)).isEqualTo(runs.get(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHORT_TERM", "LONG_TERM", "FUSION"})
    void shouldSayWhoSpeaks(String speaker) {
        Correction.Source source = Correction.Source.valueOf(speaker);
        VirtualWorld world = new VirtualWorld(
                EngineConfig.DEFAULT.toBuilder().speaker(source).build(), 12, 3);
        world.addServer(16);
        world.runUntil(1200 * SECOND);
        assertThat(world.correction().source()).isEqualTo(source);
        Forecast.Forecaster spoken = Forecast.Forecaster.valueOf(speaker);
        Forecast forecast = world.engine.forecasts(world.correction().rawNanos()).stream()
                .filter(each -> each.forecaster() == spoken)
                .findFirst()
                .orElseThrow();
        assertThat(world.correction().utcNanos()).isEqualTo(forecast.utcNanos());
        double weight = world.engine.shortTermWeight();
        switch (source) {
            case SHORT_TERM -> assertThat(weight).isEqualTo(1);
            case LONG_TERM -> assertThat(weight).isZero();
            default -> assertThat(weight).isBetween(0.01, 0.99);
        }
    }
}
