// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.score.ErrorScore;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.score.Quantiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;

/** Runs scenarios and judges them. */
public final class Simulation {
    private Simulation() {}

    /**
     * Runs a scenario with as many seeds as it wants and judges it by its limits.
     *
     * @param firstSeed of its runs; the others follow
     * @param runs how many; 0 for what the scenario says
     * @param learned weights of the learned filter, if it shall speak beside the bank
     */
    public static SimulationResult run(
            Scenario scenario, long firstSeed, int runs, Set<Ablation> without, Optional<FilterWeights> learned) {
        int count = runs == 0 ? scenario.runs() : runs;
        List<Readings> readings = new ArrayList<>();
        List<String> breaches = new ArrayList<>();
        double ready = 0;
        for (long seed = firstSeed; seed < firstSeed + count; seed++) {
            SimulatedWorld world = new SimulatedWorld(scenario, seed, without, learned);
            world.run();
            readings.add(world.readings());
            ready = Math.max(ready, world.readySeconds());
            judgeServers(scenario.limits(), world.sources(), seed, breaches);
        }
        if (ready > scenario.limits().ready().orElse(Double.POSITIVE_INFINITY)) {
            breaches.add("ready after " + Quantity.TIME.format(ready) + ", allowed "
                    + Quantity.TIME.format(scenario.limits().ready().getAsDouble()));
        }
        List<WindowScore> scores = new ArrayList<>();
        for (Limits.Window window : scenario.limits().windows()) {
            WindowScore score = score(readings, window.from(), window.to());
            scores.add(score);
            window.ranges().forEach((figure, range) -> {
                double value = figure.of(score);
                if (!range.contains(value)) {
                    breaches.add(describe(window) + ": " + figure.key() + " "
                            + figure.quantity().format(value) + ", allowed " + describe(figure, range));
                }
            });
        }
        return new SimulationResult(
                scenario,
                firstSeed,
                ready,
                List.copyOf(scores),
                List.copyOf(breaches),
                readings.get(0).series());
    }

    private static void judgeServers(Limits limits, List<SourceReport> sources, long seed, List<String> breaches) {
        for (SourceReport source : sources) {
            demand(limits.falsetickers(), SourceState.FALSETICKER, source, seed, breaches);
            demand(limits.selected(), SourceState.SELECTED, source, seed, breaches);
        }
    }

    private static void demand(
            List<String> names, SourceState state, SourceReport source, long seed, List<String> breaches) {
        if (names.contains(source.name()) && source.state() != state) {
            breaches.add(
                    source.name() + " is " + source.state() + " in the end, not " + state + " (seed " + seed + ")");
        }
    }

    private static String describe(Limits.Window window) {
        return Quantity.TIME.format(window.from()) + " to " + Quantity.TIME.format(window.to());
    }

    private static String describe(Figure figure, Limits.Range range) {
        if (Double.isInfinite(range.low())) {
            return "at most " + figure.quantity().format(range.high());
        }
        if (Double.isInfinite(range.high())) {
            return "at least " + figure.quantity().format(range.low());
        }
        return figure.quantity().format(range.low()) + " to "
                + figure.quantity().format(range.high());
    }

    /** All runs together; readings outside the window or not valid are left out. */
    static WindowScore score(List<Readings> runs, double from, double to) {
        DoubleStream.Builder errors = DoubleStream.builder();
        DoubleStream.Builder sds = DoubleStream.builder();
        DoubleStream.Builder combined = DoubleStream.builder();
        DoubleStream.Builder bounds = DoubleStream.builder();
        int all = 0;
        int held = 0;
        for (Readings run : runs) {
            for (int i = 0; i < run.count(); i++) {
                if (run.second(i) < from || run.second(i) > to) {
                    continue;
                }
                all++;
                double error = run.error(i);
                if (!Double.isNaN(error)) {
                    errors.add(error);
                    sds.add(run.sd(i));
                    combined.add(run.combined(i));
                    bounds.add(run.bound(i));
                    held += Math.abs(error) <= run.bound(i) ? 1 : 0;
                }
            }
        }
        double[] valid = errors.build().toArray();
        return new WindowScore(
                from,
                to,
                ErrorScore.of(valid),
                IntervalScore.of(valid, sds.build().toArray(), 0),
                IntervalScore.of(valid, combined.build().toArray(), 0),
                held / (double) valid.length,
                Quantiles.median(bounds.build().toArray()),
                valid.length / (double) all);
    }
}
