// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Progress;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.lab.replay.ReplaySet;
import io.chronotick.lab.report.HtmlReport;
import io.chronotick.lab.report.PngPlots;
import io.chronotick.lab.report.Report;
import io.chronotick.lab.report.ReportData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "report",
        description = "Run replay, ablations, scenarios and traces, and write the results to one HTML page.",
        footer = {
            "",
            "The page is one file that needs no network; --png writes its main plots as pictures, too. Takes some minutes.",
            "",
            "Examples:",
            "  chronotick lab report",
            "  chronotick lab report --output /tmp/report.html --png /tmp/plots"
        })
public final class LabReportCommand extends LabRunCommand {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            defaultValue = "chronotick-lab.html",
            description = "Page to write. Default: ${DEFAULT-VALUE}.")
    Path output = Path.of("");

    @Option(
            names = "--png",
            paramLabel = "DIR",
            description = "Directory for ratios.png, error.png, calibration.png, allan.png.")
    @Nullable
    Path png;

    @Option(
            names = "--replay",
            paramLabel = "DIR",
            description = "Replay set. Default: lab/data/replay of the repository.")
    @Nullable
    Path replay;

    @Option(
            names = "--traces",
            paramLabel = "DIR",
            description = "Traces of real clocks (see: chronotick lab trace --help). Default: none.")
    @Nullable
    Path traces;

    public LabReportCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run() throws InterruptedException {
        Path parent = output.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent) || Files.isDirectory(output)) {
            throw new UserException(ExitCode.USAGE, "--output " + output + ": name a file in a directory that exists");
        }
        if (png != null && ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
            throw new UserException(
                    ExitCode.USAGE,
                    "--png draws with java.desktop, which the runtime image of the packages leaves out: run it from a"
                            + " checkout, on a JDK");
        }
        ReplaySet set = ReplaySet.open(replay != null ? replay : LabData.replay());
        List<Path> files = traces != null ? LabTraceCommand.traces(List.of(traces)) : List.of();
        ReportData data = new Report(set, files, jobs, (name, runs) -> new Progress(shell, name, runs)).run();
        try {
            Files.writeString(output, HtmlReport.of(data));
            shell.line(output.toString());
            if (png != null) {
                Files.createDirectories(png);
                // No display is needed to draw into memory.
                System.setProperty("java.awt.headless", "true");
                PngPlots.write(data, png);
                shell.line(png.toString());
            }
        } catch (IOException e) {
            throw new UserException(ExitCode.USAGE, "cannot write: " + e.getMessage());
        }
        return ExitCode.OK;
    }
}
