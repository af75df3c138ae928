// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.Parallel;
import io.chronotick.lab.replay.Replay;
import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplayResult;
import io.chronotick.lab.replay.ReplaySet;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.score.TimeSeries;
import io.chronotick.lab.simulate.ScenarioLibrary;
import io.chronotick.lab.simulate.Simulation;
import io.chronotick.lab.simulate.SimulationResult;
import io.chronotick.lab.trace.TraceResult;
import io.chronotick.lab.trace.TraceRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;

/** Runs everything that a report shows. */
public final class Report {
    private static final List<Integer> POLLS = List.of(16, 64);

    private final ReplaySet set;
    private final List<Path> traces;
    private final int jobs;
    private final BiFunction<String, Integer, IntConsumer> progress;

    /**
     * A report to be made.
     *
     * @param set the replay set
     * @param traces recorded traces, may be empty
     * @param jobs runs at the same time
     * @param progress makes a listener for the progress of a part with a name and a number of runs
     */
    public Report(ReplaySet set, List<Path> traces, int jobs, BiFunction<String, Integer, IntConsumer> progress) {
        this.set = set;
        this.traces = List.copyOf(traces);
        this.jobs = jobs;
        this.progress = progress;
    }

    /** Runs it all: some minutes. */
    public ReportData run() throws InterruptedException {
        List<ReplayResult> results = replay("replay", set.cases(), POLLS, Set.of());
        List<ReplayCase> firsts = firstSeeds();
        Map<ReplayCase, TimeSeries> series = series(firsts);
        Map<String, AllanDeviation> clocks = new LinkedHashMap<>();
        Map<String, AllanDeviation> published = new LinkedHashMap<>();
        series.forEach((which, of) -> {
            if (!clocks.containsKey(which.clock())) {
                clocks.put(which.clock(), AllanDeviation.of(phase(Replay.frequencies(set, which)), 1));
                published.put(which.clock(), AllanDeviation.of(of.errors(), 1));
            }
        });
        return new ReportData(
                new ReplaySummary(results),
                ablations(firsts, results),
                series,
                clocks,
                published,
                simulations(),
                traces());
    }

    private List<ReplayResult> replay(String name, List<ReplayCase> cases, List<Integer> polls, Set<Ablation> without)
            throws InterruptedException {
        return Replay.play(
                set,
                cases,
                polls,
                without,
                LearnedWeights.shipped(),
                false,
                EngineConfig.DEFAULT,
                jobs,
                progress.apply(name, cases.size() * polls.size()));
    }

    /** One seed of each clock and path. */
    private List<ReplayCase> firstSeeds() {
        Map<String, ReplayCase> firsts = new LinkedHashMap<>();
        set.cases().forEach(which -> firsts.putIfAbsent(which.cell(), which));
        return List.copyOf(firsts.values());
    }

    private List<ReportData.AblationScore> ablations(List<ReplayCase> firsts, List<ReplayResult> results)
            throws InterruptedException {
        List<Integer> poll = POLLS.subList(0, 1);
        List<ReportData.AblationScore> scores = new ArrayList<>();
        scores.add(new ReportData.AblationScore(
                List.of(),
                new ReplaySummary(results.stream()
                        .filter(result -> firsts.contains(result.replayCase()) && poll.contains(result.pollSeconds()))
                        .toList())));
        for (Ablation part : EnumSet.complementOf(EnumSet.of(Ablation.COVARIATES))) {
            scores.add(new ReportData.AblationScore(
                    List.of(part), new ReplaySummary(replay("without " + part, firsts, poll, Set.of(part)))));
        }
        return scores;
    }

    private Map<ReplayCase, TimeSeries> series(List<ReplayCase> cases) throws InterruptedException {
        List<Callable<TimeSeries>> runs = new ArrayList<>();
        for (ReplayCase which : cases) {
            runs.add(() -> Replay.series(set, which, POLLS.get(0)));
        }
        List<TimeSeries> all = Parallel.run(runs, jobs, progress.apply("error over time", runs.size()));
        Map<ReplayCase, TimeSeries> series = new LinkedHashMap<>();
        for (int i = 0; i < cases.size(); i++) {
            series.put(cases.get(i), all.get(i));
        }
        return series;
    }

    private List<SimulationResult> simulations() throws InterruptedException {
        List<Callable<SimulationResult>> runs = new ArrayList<>();
        for (String name : ScenarioLibrary.names()) {
            runs.add(() -> Simulation.run(ScenarioLibrary.find(name).orElseThrow(), 1, 0, Set.of(), Optional.empty()));
        }
        return Parallel.run(runs, jobs, progress.apply("scenarios", runs.size()));
    }

    private List<TraceResult> traces() throws InterruptedException {
        List<Callable<TraceResult>> runs = new ArrayList<>();
        for (Path trace : traces) {
            runs.add(() -> TraceRun.play(trace, 0, Set.of()));
        }
        return Parallel.run(runs, jobs, progress.apply("traces", runs.size()));
    }

    private static double[] phase(double[] frequencies) {
        double[] phase = new double[frequencies.length + 1];
        for (int i = 0; i < frequencies.length; i++) {
            phase[i + 1] = phase[i] + frequencies[i];
        }
        return phase;
    }
}
