// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Shell;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes the commands that scripts call in loops and that hosts wait for, in their plain forms, without picocli: loading and reflecting it takes
 * longer than starting Java and reading the segment together. Whatever is not plain (help, mistakes, abbreviations) goes
 * to picocli, so there is one place that explains and complains. The meaning of the options is the same in both.
 */
final class QuickStart {
    private QuickStart() {}

    /** The command with its options set, or null if picocli has to look. */
    static @Nullable SegmentCommand parse(Shell shell, String... arguments) {
        SegmentCommand command = arguments.length == 0 ? null : command(shell, arguments[0]);
        for (int i = 1; command != null && i < arguments.length; i++) {
            String argument = arguments[i];
            if (command.shm == null && argument.startsWith("--shm=")) {
                command.shm = argument.substring("--shm=".length());
            } else if (command.shm == null
                    && argument.equals("--shm")
                    && i + 1 < arguments.length
                    && !arguments[i + 1].startsWith("-")) {
                command.shm = arguments[++i];
            } else if (!command.accept(argument)) {
                return null;
            }
        }
        return command;
    }

    private static @Nullable SegmentCommand command(Shell shell, String name) {
        return switch (name) {
            case "read" -> new ReadCommand(shell);
            case "now" -> new NowCommand(shell);
            case "json" -> new JsonCommand(shell);
            case "status" -> new StatusCommand(shell);
            case "sources" -> new SourcesCommand(shell);
            case "mcp" -> new McpCommand(shell);
            default -> null;
        };
    }
}
