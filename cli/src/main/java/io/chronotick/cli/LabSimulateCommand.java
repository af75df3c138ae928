// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.Parallel;
import io.chronotick.lab.document.ByzantineDocument;
import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.SimulationDocument;
import io.chronotick.lab.simulate.Byzantine;
import io.chronotick.lab.simulate.ByzantineFamily;
import io.chronotick.lab.simulate.ByzantineResult;
import io.chronotick.lab.simulate.Figure;
import io.chronotick.lab.simulate.RandomScenario;
import io.chronotick.lab.simulate.Scenario;
import io.chronotick.lab.simulate.ScenarioFile;
import io.chronotick.lab.simulate.ScenarioLibrary;
import io.chronotick.lab.simulate.Simulation;
import io.chronotick.lab.simulate.SimulationResult;
import io.chronotick.lab.simulate.WindowScore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "simulate",
        description = "Simulate clocks, networks and servers in virtual time, and check the engine against limits.",
        footer = {
            "",
            "A scenario file says in YAML how the clock, the paths and the servers behave, and which limits the result has to keep.",
            "--show prints one of the library to start from.",
            "",
            "--byzantine makes up worlds of an adversary that keep the assumptions of the hard bound, which has to hold in",
            "each of them. Families ambitious, jump and pause go beyond the assumptions and are played only by --family.",
            "",
            "Exit code: 0 when all limits were kept, 1 when one was not.",
            "",
            "Examples:",
            "  chronotick lab simulate                       the whole library",
            "  chronotick lab simulate --list",
            "  chronotick lab simulate --show lan > mine.yaml",
            "  chronotick lab simulate mine.yaml --runs 10",
            "  chronotick lab simulate 'start-*' --runs 60 --wide",
            "  chronotick lab simulate --random 1 --count 100 --learned",
            "  chronotick lab simulate --byzantine 1 --count 1000",
            "  chronotick lab simulate --weights mine.safetensors"
        })
final class LabSimulateCommand extends LabRunCommand {
    private static final int MOST_RUNS = 100_000;

    @Parameters(
            paramLabel = "SCENARIO",
            arity = "0..*",
            description =
                    "Scenario files, or names from the library, of which * is the rest. Default: the whole library.")
    List<String> scenarios = List.of();

    @Option(names = "--list", description = "List the library and exit.")
    boolean list;

    @Option(names = "--show", paramLabel = "NAME", description = "Print a scenario of the library and exit.")
    @Nullable
    String show;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Runs of each, with different seeds. Default: as it says.")
    int runs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of the first run. Default: 1.")
    long seed;

    @Option(
            names = "--random",
            paramLabel = "SEED",
            description = "Generate scenarios from this seed and the following ones.")
    @Nullable
    Long random;

    @Option(
            names = "--byzantine",
            paramLabel = "SEED",
            description = "Generate worlds with an adversary from this seed and the following ones.")
    @Nullable
    Long byzantine;

    @Option(
            names = "--family",
            paramLabel = "FAMILY",
            description = "Only worlds of this family: ${COMPLETION-CANDIDATES}.")
    @Nullable
    ByzantineFamily family;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "20",
            description = "How many to generate. Default: 20.")
    int count;

    @Option(names = "--learned", description = "Publish the fusion of the bank with the learned filter.")
    boolean learned;

    @Option(names = "--weights", paramLabel = "FILE", description = "The same with own weights (safetensors).")
    @Nullable
    Path weightsFile;

    @Option(names = "--json", description = "Print all results as JSON: times in seconds, shares from 0 to 1.")
    boolean json;

    @Option(names = "--wide", description = "Show all columns, whatever the width of the screen.")
    boolean wide;

    LabSimulateCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run() throws InterruptedException {
        if (list) {
            list();
            return ExitCode.OK;
        }
        if (show != null) {
            find(show);
            shell.out().append(ScenarioLibrary.text(show));
            return ExitCode.OK;
        }
        if (runs < 0 || runs > MOST_RUNS || count < 1 || count > MOST_RUNS) {
            throw new UserException(ExitCode.USAGE, "--runs and --count take 1 to " + MOST_RUNS);
        }
        Long adversary = byzantine;
        if (adversary != null) {
            return playByzantine(adversary);
        }
        if (family != null) {
            throw new UserException(ExitCode.USAGE, "--family is of --byzantine: give a seed there");
        }
        Path own = weightsFile;
        Optional<FilterWeights> weights = own != null
                ? Optional.of(LearnedWeights.read(own))
                : learned ? Optional.of(LearnedWeights.shipped()) : Optional.empty();
        List<Callable<SimulationResult>> tasks = new ArrayList<>();
        Long first = random;
        if (first != null) {
            for (int i = 0; i < count; i++) {
                long seedOfThis = first + i;
                tasks.add(() -> Simulation.run(RandomScenario.of(seedOfThis), seedOfThis, 1, without(), weights));
            }
        } else {
            for (String name : named()) {
                Scenario scenario = find(name);
                tasks.add(() -> Simulation.run(scenario, seed, runs, without(), weights));
            }
        }
        List<SimulationResult> results = Parallel.run(tasks, jobs, new Progress(shell, "scenario", tasks.size()));
        if (json) {
            shell.line(JsonText.pretty(SimulationDocument.tree(results)));
        } else {
            print(results);
        }
        return results.stream().allMatch(SimulationResult::passed) ? ExitCode.OK : ExitCode.NOT_MET;
    }

    private int playByzantine(long first) throws InterruptedException {
        List<Callable<ByzantineResult>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long seedOfThis = first + i;
            tasks.add(() -> Byzantine.play(seedOfThis, Optional.ofNullable(family)));
        }
        List<ByzantineResult> results = Parallel.run(tasks, jobs, new Progress(shell, "world", tasks.size()));
        if (json) {
            shell.line(JsonText.pretty(ByzantineDocument.tree(results)));
        } else {
            new ByzantineReport(shell, results).print();
        }
        boolean broken = results.stream()
                .anyMatch(result -> result.isViolated() && result.family().isGuaranteed());
        return broken ? ExitCode.NOT_MET : ExitCode.OK;
    }

    /** The names that were given, or all; what ends in * are those of the library that begin so. */
    private List<String> named() {
        if (scenarios.isEmpty()) {
            return ScenarioLibrary.names();
        }
        List<String> names = new ArrayList<>();
        for (String name : scenarios) {
            List<String> found = ScenarioLibrary.names().stream()
                    .filter(known -> name.endsWith("*") && known.startsWith(name.substring(0, name.length() - 1)))
                    .toList();
            names.addAll(found.isEmpty() ? List.of(name) : found);
        }
        return names;
    }

    /** A name from the library counts before a file that is called the same. */
    private static Scenario find(String name) {
        return ScenarioLibrary.find(name).orElseGet(() -> {
            if (!Files.isRegularFile(Path.of(name))) {
                throw new UserException(
                        ExitCode.USAGE,
                        "'" + name
                                + "' is neither a file nor in the library; 'chronotick lab simulate --list' lists that");
            }
            return ScenarioFile.read(Path.of(name));
        });
    }

    private void list() {
        Table table = new Table("<Scenario", "<About");
        for (String name : ScenarioLibrary.names()) {
            table.row(name, ScenarioLibrary.find(name).orElseThrow().about());
        }
        table.printTo(shell, wide);
    }

    private void print(List<SimulationResult> results) {
        Style style = Style.of(shell);
        Table table = new Table(
                        "<Scenario",
                        "<window",
                        "rms us",
                        "p95 us",
                        "max us",
                        "in 50%",
                        "in 95%",
                        "width95 us",
                        "by hindsight",
                        "in bound",
                        "bound us",
                        "valid",
                        "ready",
                        "<")
                .spare("by hindsight", "in 50%", "width95 us", "p95 us", "ready", "valid", "max us");
        for (SimulationResult result : results) {
            String name = result.scenario().name();
            String ready = Figure.RMS.quantity().format(result.readySeconds());
            String verdict = result.passed() ? "ok" : "FAILED";
            for (WindowScore window : result.windows()) {
                table.row(
                        name,
                        Table.unbroken(Figure.RMS.quantity().format(window.from()) + ".."
                                + Figure.RMS.quantity().format(window.to())),
                        micros(window.error().rms()),
                        micros(window.error().p95()),
                        micros(window.error().max()),
                        Format.fixed(100 * Figure.INSIDE_50.of(window), 1),
                        Format.fixed(100 * window.interval().covered95(), 1),
                        micros(window.interval().medianWidth95()),
                        Format.fixed(window.interval().hindsight95(), 2),
                        Format.percent(window.boundCovered(), 2),
                        micros(window.boundMedian()),
                        Format.percent(window.valid(), 0),
                        ready,
                        verdict);
                name = "";
                ready = "";
                verdict = "";
            }
        }
        table.printTo(shell, wide);
        int failed = 0;
        for (SimulationResult result : results) {
            failed += result.passed() ? 0 : 1;
            for (String breach : result.breaches()) {
                Text.wrap("FAILED " + result.scenario().name() + ": " + breach, shell.width())
                        .forEach(line -> shell.line(line.replaceFirst("^FAILED", style.bad("FAILED"))));
            }
        }
        shell.line("");
        shell.line(results.size() - failed + " of " + results.size() + " scenarios kept their limits");
    }
}
