// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "lab",
        synopsisSubcommandLabel = "COMMAND",
        description = "Judge the engine in virtual time: the very code of the daemon, hours in milliseconds.",
        footer = {
            "",
            "Examples:",
            "  chronotick lab replay               the same noise that chrony was recorded on, and who was closer",
            "  chronotick lab replay --help        what a command does, with examples"
        })
final class LabCommand {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;
}
