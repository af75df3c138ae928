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
import io.chronotick.lab.LabException;
import io.chronotick.lab.Parallel;
import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.TraceDocument;
import io.chronotick.lab.trace.DelaySlope;
import io.chronotick.lab.trace.NoiseFloor;
import io.chronotick.lab.trace.TraceResult;
import io.chronotick.lab.trace.TraceRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "trace",
        description = "Forecast recorded offsets of real clocks from those before them.",
        footer = {
            "",
            "A file has the columns t and offset_s, and delay_s, cpu_temp (C), cpu_load (%%) and cpu_freq (MHz) where they",
            "were recorded; the clock model may follow the latter three. Errors are mean absolute errors",
            "against the samples themselves, after the first 8 of them. Samples are off by what packets waited on one way,",
            "and the published time is not meant to be: 'next sample' adds what the newest 64 samples differed from it by.",
            "NAME_reference.csv.gz beside NAME.csv.gz holds what the earlier Python system predicted.",
            "",
            "The floor is the noise of the samples: the mean distance of each from the best line or median through its",
            "neighbours on both sides. Where offsets follow delays, they are scored once more corrected for that, with the",
            "median error removed.",
            "",
            "Examples:",
            "  chronotick lab trace",
            "  chronotick lab trace my-clock.csv",
            "  chronotick lab trace --every 64 tacc_20250319.csv.gz"
        })
public final class LabTraceCommand extends LabRunCommand {
    /** Fewer scored samples than this say little. */
    private static final int FEW = 30;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description = "Traces, or directories of them. Default: lab/data/traces of the repository.")
    List<Path> files = List.of();

    @Option(
            names = "--every",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description = "Skip rows until this much time has passed since the last. Default: take all.")
    double everySeconds;

    @Option(names = "--json", description = "Everything as JSON, times in seconds.")
    boolean json;

    @Option(names = "--wide", description = "Show all columns, whatever the width of the screen.")
    boolean wide;

    public LabTraceCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run() throws InterruptedException {
        if (!(everySeconds >= 0 && Double.isFinite(everySeconds))) {
            throw new UserException(
                    ExitCode.USAGE, "--every " + everySeconds + " is out of range: give 0 or more seconds");
        }
        List<Path> traces = traces(files.isEmpty() ? List.of(LabData.traces()) : files);
        List<Callable<TraceResult>> runs = new ArrayList<>();
        for (Path trace : traces) {
            runs.add(() -> TraceRun.play(trace, everySeconds, without()));
        }
        List<TraceResult> results = Parallel.run(runs, jobs, new Progress(shell, "trace", runs.size()));
        if (json) {
            shell.line(JsonText.pretty(TraceDocument.tree(results)));
            return ExitCode.OK;
        }
        results.forEach(this::print);
        if (results.size() > 1) {
            summarize(results);
        }
        return ExitCode.OK;
    }

    /** Files as they are, directories as the traces in them. */
    static List<Path> traces(List<Path> given) {
        List<Path> traces = new ArrayList<>();
        for (Path path : given) {
            if (!Files.isDirectory(path)) {
                traces.add(path);
                continue;
            }
            try (Stream<Path> in = Files.list(path)) {
                List<Path> found = in.filter(LabTraceCommand::isTrace).sorted().toList();
                if (found.isEmpty()) {
                    throw new LabException(path + " holds no trace: expected NAME.csv or NAME.csv.gz");
                }
                traces.addAll(found);
            } catch (IOException e) {
                throw new LabException(path + " cannot be read: " + e.getMessage());
            }
        }
        return traces;
    }

    private static boolean isTrace(Path file) {
        String name = file.getFileName().toString();
        return name.matches(".*\\.csv(\\.gz)?") && !name.contains("_reference.");
    }

    // --- Output ---

    private void print(TraceResult result) {
        String name = result.trace().name();
        String about = name + ": " + result.trace().size() + " exchanges, one every "
                + Format.fixed(result.trace().interval(), 0) + " s, "
                + Format.fixed(result.trace().duration() / 3600, 1) + " h"
                + (result.trace().delaysRecorded() ? "" : "; delays not recorded");
        Text.wrap(about, shell.width())
                .forEach(line -> shell.line(
                        line.startsWith(name) ? Style.of(shell).bold(name) + line.substring(name.length()) : line));
        printErrors(result, false, result.floor());
        Optional<DelaySlope> slope = result.slope();
        if (result.correctedFloor().isPresent() && slope.isPresent()) {
            Text.wrap(
                            "Corrected for the delay: offset - "
                                    + Format.fixed(slope.get().slope(), 3)
                                    + " (delay - " + Format.fixed(slope.get().medianDelay() * 1e3, 3)
                                    + " ms), correlation "
                                    + Format.fixed(slope.get().correlation(), 3) + ", median error removed",
                            shell.width())
                    .forEach(shell::line);
            printErrors(result, true, result.correctedFloor().get());
        }
    }

    private void printErrors(TraceResult result, boolean corrected, NoiseFloor floor) {
        List<String> header = new ArrayList<>(List.of("<MAE, ms"));
        for (int lead : TraceResult.LEADS) {
            header.add(lead == 0 ? "one step" : lead + " s");
        }
        header.add("scored");
        Table table = new Table(header.toArray(String[]::new));
        for (TraceResult.Score score : result.scores()) {
            List<String> row = new ArrayList<>(List.of(score.name()));
            (corrected ? score.corrected() : score.mae()).forEach(error -> row.add(millis(error)));
            row.add(Integer.toString(score.counts().get(0)));
            table.row(row.toArray(String[]::new));
        }
        table.printTo(shell, wide);
        shell.line("noise floor " + millis(floor.smoother()) + " (by second differences "
                + millis(floor.secondDifferences()) + ")");
        shell.line("");
    }

    private void summarize(List<TraceResult> results) {
        Table table = new Table(
                        "<One step, MAE in ms",
                        "published",
                        "next sample",
                        "floor",
                        "of floor",
                        "Python system",
                        "best baseline",
                        "<",
                        "<")
                .spare("next sample", "Python system", "of floor");
        for (TraceResult result : results) {
            TraceResult.Score published = result.score(TraceResult.PUBLISHED).orElseThrow();
            double sample = result.score(TraceResult.NEXT_SAMPLE).orElseThrow().oneStep();
            row(table, result, result.trace().name(), 0, published.oneStep(), sample, result.floor());
            result.correctedFloor()
                    .ifPresent(floor -> row(
                            table,
                            result,
                            result.trace().name() + ", corrected",
                            1,
                            published.corrected().get(0),
                            published.corrected().get(0),
                            floor));
        }
        table.printTo(shell, wide);
    }

    private static void row(
            Table table,
            TraceResult result,
            String title,
            int corrected,
            double published,
            double sample,
            NoiseFloor floor) {
        String bestName = "";
        double best = Double.POSITIVE_INFINITY;
        for (TraceResult.Score score : result.scores()) {
            double error = corrected == 0 ? score.oneStep() : score.corrected().get(0);
            if (result.isBaseline(score.name()) && error < best) {
                best = error;
                bestName = score.name();
            }
        }
        int scored = result.score(TraceResult.PUBLISHED).orElseThrow().counts().get(0);
        table.row(
                title,
                millis(published),
                millis(sample),
                millis(floor.smoother()),
                Format.fixed(sample / floor.smoother(), 2),
                result.score(TraceResult.EARLIER_SYSTEM)
                        .map(score -> millis(
                                corrected == 0
                                        ? score.oneStep()
                                        : score.corrected().get(0)))
                        .orElse("-"),
                millis(best),
                bestName,
                scored < FEW ? "only " + scored + " scored" : "");
    }

    private static String millis(double seconds) {
        return Format.fixed(seconds * 1e3, 4);
    }
}
