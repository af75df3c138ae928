// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "completion",
        description = "Print the completion script for bash and zsh.",
        footer = {"", "Example, for ~/.bashrc or ~/.zshrc:", "  source <(chronotick completion)"})
final class CompletionCommand implements Callable<Integer> {
    private final Shell shell;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    CompletionCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() {
        shell.out().append(AutoComplete.bash("chronotick", CommandTree.commandLine(shell)));
        return ExitCode.OK;
    }
}
