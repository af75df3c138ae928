// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.engine.Ablation;
import io.chronotick.lab.LabException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** A command of the lab that runs the engine. */
abstract class LabRunCommand implements Callable<Integer> {
    final Shell shell;

    @Option(
            names = "--without",
            paramLabel = "PART",
            split = ",",
            description = "Leave parts of the estimator out: ${COMPLETION-CANDIDATES}.")
    List<Ablation> without = List.of();

    @Option(
            names = {"-j", "--jobs"},
            paramLabel = "N",
            description = "Runs at the same time. Default: one a processor.")
    int jobs = Runtime.getRuntime().availableProcessors();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    LabRunCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public final Integer call() throws InterruptedException {
        if (jobs < 1) {
            throw new UserException(ExitCode.USAGE, "--jobs " + jobs + " is too few: give 1 or more");
        }
        try {
            return run();
        } catch (LabException e) {
            throw new UserException(ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /** Returns the exit code. */
    abstract int run() throws InterruptedException;

    final Set<Ablation> without() {
        Set<Ablation> parts = EnumSet.noneOf(Ablation.class);
        parts.addAll(without);
        return parts;
    }

    /** The directory of evaluation data that lies beside the repository, when nobody names another. */
    static Path dataBeside(String name) {
        Path directory = LabData.beside(name);
        if (!Files.isDirectory(directory)) {
            throw new UserException(
                    ExitCode.USAGE, "nothing to work on at " + directory + ": name it on the command line");
        }
        return directory;
    }

    /** Microseconds with four significant digits or so. */
    static String micros(double seconds) {
        double micros = seconds * 1e6;
        double size = Math.abs(micros);
        return Format.fixed(micros, size < 100 ? 2 : size < 1000 ? 1 : 0);
    }
}
