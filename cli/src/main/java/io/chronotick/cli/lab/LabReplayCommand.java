// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Progress;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Style;
import io.chronotick.cli.text.Table;
import io.chronotick.cli.text.Text;
import io.chronotick.cli.text.UserException;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.ReplayDocument;
import io.chronotick.lab.replay.Replay;
import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplayResult;
import io.chronotick.lab.replay.ReplayRules;
import io.chronotick.lab.replay.ReplaySet;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.replay.ReplaySummary.Cell;
import io.chronotick.lab.replay.ReplaySummary.Ratios;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.simulate.Quantity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "replay",
        description = "Replay recorded clock and network noise and compare with chrony's error on the same files.",
        footer = {
            "",
            "Ratios are chrony's RMS error over our own at the same poll: above 1, ours is smaller. The RMS is taken at every",
            "whole second from 4000 s to 40000 s; a cell is the median of its seeds. Paths that are asymmetric by design are",
            "scored without the mean error, ours and chrony's (sqrt(rms^2 - mae^2) of its recorded figures). Of the bound it is",
            "the other way round: the width of ours over that of chrony's, and the widest cell. So it is of the oracle: our",
            "RMS error over its own, and the worst cell.",
            "",
            "Same input, same output, byte for byte, whatever --jobs says.",
            "",
            "Examples:",
            "  chronotick lab replay",
            "  chronotick lab replay DIR --cells",
            "  chronotick lab replay --oracle --poll 64",
            "  chronotick lab replay --cell tcxo/lan --cell thermal/* --poll 16 --seed 1",
            "  chronotick lab replay --poll auto --cells",
            "  chronotick lab replay --max-drift 1ppm",
            "  chronotick lab replay --without BANK,CALIBRATION",
            "  chronotick lab replay --learned --weights mine.safetensors"
        })
public final class LabReplayCommand extends LabRunCommand {
    // Long because: most of it are the columns of two tables and the help.

    private static final String ADAPTIVE = "auto";

    /** What is published says most, and the plain estimators what that is worth. */
    private static final String[] SPARE = {
        "fusion", "short-term", "long-term", "both", "learned", "last offset", "Theil-Sen", "oracle", "cells"
    };

    private static final double LARGEST_DRIFT = 1e-4;

    @Parameters(
            paramLabel = "DIR",
            arity = "0..1",
            description = "Directory in the format of the replay set. Default: lab/data/replay of the repository.")
    @Nullable
    Path directory;

    @Option(
            names = "--cell",
            paramLabel = "CLOCK/PATH",
            description = "Only these cells; * stands for any. May be repeated.")
    List<String> only = new ArrayList<>();

    @Option(
            names = "--poll",
            paramLabel = "SECONDS",
            split = ",",
            description = {
                "Default: 16,64. auto: as the daemon asks a public server by default, at a poll that adapts between 64 and 1024 s;",
                "compared with chrony's own defaults."
            })
    List<String> polls = List.of("16", "64");

    @Option(names = "--seed", paramLabel = "SEED", split = ",", description = "Default: all.")
    List<String> seeds = List.of();

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Weights of the learned filter (safetensors). Default: those that come with it.")
    @Nullable
    Path weightsFile;

    @Option(names = "--learned", description = "Publish the fusion of the bank with the learned filter.")
    boolean learned;

    @Option(
            names = "--oracle",
            description = {
                "Beside the estimators a filter that knows the laws by which the files were made (laws.json): how near to",
                "what can be known ours comes."
            })
    boolean oracle;

    @Option(
            names = "--max-drift",
            paramLabel = "FREQUENCY",
            description =
                    "What the hard bound assumes of the oscillator (max_drift). Default: that of the daemon. chrony's is 1ppm.")
    @Nullable
    String maxDrift;

    @Option(names = "--json", description = "Print all results as JSON: times in microseconds, shares from 0 to 1.")
    boolean json;

    @Option(names = "--csv", description = "A line of comma-separated values for each run.")
    boolean csv;

    @Option(names = "--cells", description = "A line for each cell and poll, too.")
    boolean cells;

    @Option(names = "--wide", description = "Show all columns, whatever the width of the screen.")
    boolean wide;

    public LabReplayCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run() throws InterruptedException {
        List<Integer> seconds = polls.stream().map(LabReplayCommand::poll).toList();
        EngineConfig config = config();
        Path own = weightsFile;
        FilterWeights weights = own == null ? LearnedWeights.shipped() : LearnedWeights.read(own);
        ReplaySet set = ReplaySet.open(directory != null ? directory : LabData.replay());
        if (oracle) {
            set = set.withOracle();
        }
        List<ReplayCase> chosen = set.cases().stream().filter(this::isChosen).toList();
        if (chosen.isEmpty()) {
            throw new UserException(ExitCode.USAGE, "no clock, path and seed there match --cell and --seed");
        }
        Progress progress = new Progress(shell, "replay", chosen.size() * seconds.size());
        ReplaySummary summary = new ReplaySummary(
                Replay.play(set, chosen, seconds, without(), weights, learned, config, jobs, progress));
        if (json) {
            shell.line(JsonText.pretty(ReplayDocument.tree(summary)));
        } else if (csv) {
            shell.out().append(ReplayDocument.csv(summary));
        } else {
            print(summary, seconds);
        }
        return ExitCode.OK;
    }

    private EngineConfig config() {
        String given = maxDrift;
        if (given == null) {
            return EngineConfig.DEFAULT;
        }
        double value = Quantity.FREQUENCY.parse(given).orElse(Double.NaN);
        if (!(value > 0 && value <= LARGEST_DRIFT)) {
            throw new UserException(
                    ExitCode.USAGE,
                    "--max-drift " + given + " is no frequency up to 100 ppm: give it as "
                            + Quantity.FREQUENCY.examples());
        }
        return EngineConfig.DEFAULT.toBuilder().maxDrift(value).build();
    }

    private boolean isChosen(ReplayCase which) {
        return (seeds.isEmpty() || seeds.contains(which.seed()))
                && (only.isEmpty() || only.stream().anyMatch(pattern -> matches(pattern, which.cell())));
    }

    private static boolean matches(String pattern, String cell) {
        return Pattern.matches(
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")), cell);
    }

    // --- Output ---

    private static int poll(String text) {
        if (text.equals(ADAPTIVE)) {
            return ReplayRules.ADAPTIVE;
        }
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 4_000) {
            throw new UserException(
                    ExitCode.USAGE, "--poll " + text + " is out of range: give 1 to 4000 seconds, or " + ADAPTIVE);
        }
        return Integer.parseInt(text);
    }

    private void print(ReplaySummary summary, List<Integer> seconds) {
        for (int poll : seconds) {
            List<Cell> of = summary.cells(poll);
            printRatios(poll, of);
            if (poll == ReplayRules.ADAPTIVE) {
                printRequests(of);
            }
            if (cells) {
                printCells(of);
            }
            printHonesty(of);
        }
    }

    private void printRatios(int poll, List<Cell> of) {
        List<String> names = of.get(0).forecasters();
        boolean compared = ReplaySummary.ratios(of, ReplayResult.PUBLISHED).isPresent();
        shell.line(Style.of(shell)
                .bold((poll == ReplayRules.ADAPTIVE ? "Adaptive poll: " : "Poll " + poll + " s: ")
                        + (compared ? "chrony's RMS error / ours" : "RMS error, us")
                        + ", geometric mean over the cells (worst)"));
        List<String> header = new ArrayList<>(List.of("<Path", "cells"));
        header.addAll(names);
        boolean boundCompared = ReplaySummary.boundRatios(of).isPresent();
        boolean oracleCompared = ReplaySummary.oracleRatios(of).isPresent();
        if (oracleCompared) {
            header.add("of oracle");
        }
        if (boundCompared) {
            header.add("bound");
        }
        Table table = new Table(header.toArray(String[]::new)).spare(SPARE);
        ReplaySummary.groups(of).forEach((name, cellsOfGroup) -> {
            boolean biasRemoved =
                    cellsOfGroup.stream().allMatch(cell -> cell.runs().get(0).biasRemoved());
            List<String> row = new ArrayList<>();
            row.add(title(name) + (biasRemoved ? " (mean removed)" : ""));
            row.add(Integer.toString(cellsOfGroup.size()));
            names.forEach(forecaster -> row.add(figure(cellsOfGroup, forecaster, compared)));
            if (oracleCompared) {
                row.add(ReplaySummary.oracleRatios(cellsOfGroup)
                        .map(LabReplayCommand::figure)
                        .orElse("-"));
            }
            if (boundCompared) {
                row.add(ReplaySummary.boundRatios(cellsOfGroup)
                        .map(LabReplayCommand::figure)
                        .orElse("-"));
            }
            table.row(row.toArray(String[]::new));
        });
        table.printTo(shell, wide);
        shell.line("");
    }

    private void printRequests(List<Cell> of) {
        Optional<Ratios> ratios = ReplaySummary.requestRatios(of);
        if (ratios.isPresent()) {
            shell.line("Requests over chrony's, geometric mean over the cells (largest): " + figure(ratios.get()));
            shell.line("");
        }
    }

    private static String title(String group) {
        return group.equals("main") ? "main: " + String.join(", ", ReplaySummary.MAIN_PATHS) : group;
    }

    private static String figure(List<Cell> of, String name, boolean compared) {
        if (compared) {
            Optional<Ratios> ratios = ReplaySummary.ratios(of, name);
            return ratios.map(LabReplayCommand::figure).orElse("-");
        }
        double logs = 0;
        double worst = 0;
        for (Cell cell : of) {
            double rms = cell.median(
                    run -> run.forecasts(name).map(ReplayResult.Forecasts::rms).orElse(Double.NaN));
            logs += Math.log(rms) / of.size();
            worst = Math.max(worst, rms);
        }
        return micros(Math.exp(logs)) + " (" + micros(worst) + ")";
    }

    private void printCells(List<Cell> of) {
        boolean oracleCompared = of.stream().anyMatch(cell -> cell.oracleRatio().isPresent());
        List<String> header = new ArrayList<>(List.of(
                "<Cell",
                "ratio",
                "rms us",
                "mean us",
                "p95 us",
                "max us",
                "chrony us",
                "in 50%",
                "in 80%",
                "in 95%",
                "in 99%",
                "width95 us",
                "in bound",
                "bound us",
                "of chrony's",
                "conv s",
                "exch",
                "requests"));
        if (oracleCompared) {
            header.add(2, "of oracle");
        }
        Table table = new Table(header.toArray(String[]::new))
                .spare(
                        "requests",
                        "of oracle",
                        "exch",
                        "conv s",
                        "in 50%",
                        "in 80%",
                        "in 99%",
                        "p95 us",
                        "mean us",
                        "width95 us",
                        "max us",
                        "bound us");
        for (Cell cell : of) {
            List<String> row = new ArrayList<>(List.of(
                    cell.clock() + "/" + cell.path(),
                    cell.ratio(ReplayResult.PUBLISHED)
                            .map(r -> Format.fixed(r, 2))
                            .orElse("-"),
                    micros(cell.median(run -> run.published().rms())),
                    micros(cell.median(run -> run.published().error().mean())),
                    micros(cell.median(run -> run.published().error().p95())),
                    micros(cell.median(run -> run.published().error().max())),
                    micros(cell.median(run -> run.chronyRms().orElse(Double.NaN))),
                    covered(cell, 0),
                    covered(cell, 1),
                    covered(cell, 2),
                    covered(cell, 3),
                    micros(cell.median(run -> interval(run).medianWidth95())),
                    Format.percent(cell.median(ReplayResult::boundCovered), 2),
                    micros(cell.median(ReplayResult::boundMedian)),
                    cell.boundRatio().map(r -> Format.fixed(r, 2)).orElse("-"),
                    Format.fixed(cell.median(ReplayResult::convergenceSeconds), 0),
                    Format.fixed(cell.median(ReplayResult::exchanges), 0),
                    Format.fixed(cell.median(ReplayResult::requests), 0)));
            if (oracleCompared) {
                row.add(2, cell.oracleRatio().map(r -> Format.fixed(r, 2)).orElse("-"));
            }
            table.row(row.toArray(String[]::new));
        }
        table.printTo(shell, wide);
        shell.line("");
    }

    private static String covered(Cell cell, int level) {
        return Format.fixed(100 * cell.median(run -> interval(run).covered().get(level)), 1);
    }

    private static IntervalScore interval(ReplayResult run) {
        return run.published().interval().orElseThrow();
    }

    private static String figure(Ratios ratios) {
        return Format.fixed(ratios.geometricMean(), 2) + " (" + Format.fixed(ratios.worst(), 2) + ")";
    }

    /** Whether what was stated was true. */
    private void printHonesty(List<Cell> of) {
        StringBuilder text = new StringBuilder();
        for (int level = 0; level < IntervalScore.NOMINAL.size(); level++) {
            int which = level;
            double low = of.stream()
                    .mapToDouble(
                            cell -> cell.median(run -> interval(run).covered().get(which)))
                    .min()
                    .orElse(Double.NaN);
            double high = of.stream()
                    .mapToDouble(
                            cell -> cell.median(run -> interval(run).covered().get(which)))
                    .max()
                    .orElse(Double.NaN);
            text.append(String.format(
                    Locale.ROOT,
                    "%s%.0f: %.1f..%.1f",
                    level == 0 ? "" : ", ",
                    100 * IntervalScore.NOMINAL.get(level),
                    100 * low,
                    100 * high));
        }
        Text.wrap("Intervals hold the truth, lowest and highest cell, %: " + text, shell.width())
                .forEach(shell::line);
        double bound = of.stream()
                .flatMap(cell -> cell.runs().stream())
                .mapToDouble(ReplayResult::boundCovered)
                .min()
                .orElse(Double.NaN);
        double widest = of.stream()
                .flatMap(cell -> cell.boundRatio().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(Double.NaN);
        Text.wrap(
                        "Hard bound holds it at least " + Format.percent(bound, 3) + " of a run"
                                + (Double.isNaN(widest)
                                        ? ""
                                        : "; width at most " + Format.fixed(widest, 2) + " of chrony's"),
                        shell.width())
                .forEach(shell::line);
        shell.line("");
    }
}
