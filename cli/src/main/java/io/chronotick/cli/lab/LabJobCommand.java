// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.lab.LabException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** A command of the lab that does many things at the same time. */
abstract class LabJobCommand implements Callable<Integer> {
    final Shell shell;

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

    public LabJobCommand(Shell shell) {
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
}
