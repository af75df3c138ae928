// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "lab",
        synopsisSubcommandLabel = "COMMAND",
        description = "Test the daemon's engine in virtual time: replay, traces, simulation, reports.",
        footer = {
            "",
            "Examples:",
            "  chronotick lab replay               the same noise that chrony was recorded on, and who was closer",
            "  chronotick lab trace mine.csv       how well the offsets of a real clock are forecast",
            "  chronotick lab simulate             made-up worlds with limits that have to be kept",
            "  chronotick lab record               exchanges with real servers, to train the learned filter for them",
            "  chronotick lab dataset --out FILE   made-up exchanges to train the learned filter on",
            "  chronotick lab report               all of it on one page",
            "  chronotick lab replay --help        what a command does, with examples"
        })
public final class LabCommand implements Runnable {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "lab needs a command: replay, trace, simulate, record, dataset or report");
    }
}
