// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Table;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.ConfigSample;
import io.chronotick.daemon.config.ConfigSchema;
import io.chronotick.daemon.config.EffectiveValue;
import io.chronotick.daemon.config.LoadedConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "config",
        description = "Check, show and explain the daemon's configuration.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  chronotick config sample > chronotick.yaml",
            "  chronotick config check chronotick.yaml",
            "  chronotick config show --config chronotick.yaml --freq 10",
            "  chronotick config show --wide | grep ntp",
            "  chronotick config schema > chronotick.schema.json"
        })
final class ConfigCommand {
    private final Shell shell;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    ConfigCommand(Shell shell) {
        this.shell = shell;
    }

    @Command(
            name = "check",
            description = "Check a file: all mistakes at once, with line and column. Exit code 2 if there are any.",
            mixinStandardHelpOptions = true)
    int check(@Parameters(paramLabel = "FILE", description = "Configuration file (YAML).") Path file) {
        try {
            LoadedConfig loaded = new Configuration().load(shell, Optional.of(file));
            warn(loaded);
            shell.line(file + " is in order");
            return ExitCode.OK;
        } catch (ConfigException e) {
            return Configuration.report(shell, e);
        }
    }

    @Command(
            name = "show",
            description = "Show what the daemon would run with, and where each value comes from.",
            mixinStandardHelpOptions = true)
    int show(
            @Mixin Configuration configuration,
            @Option(
                            names = "--wide",
                            description = "A line for each key with its whole path, whatever the width of the screen.")
                    boolean wide) {
        try {
            LoadedConfig loaded = configuration.load(shell);
            warn(loaded);
            table(loaded.effective(), wide).printTo(shell, wide);
            return ExitCode.OK;
        } catch (ConfigException e) {
            return Configuration.report(shell, e);
        }
    }

    /** With the whole path of each key on its line, which is wider than most screens, or below a heading. */
    private static Table table(List<EffectiveValue> values, boolean wide) {
        Table table = new Table("<KEY", "<VALUE", "<ORIGIN");
        String section = "";
        for (EffectiveValue row : values) {
            int end = row.key().lastIndexOf('.');
            String above = row.key().substring(0, end);
            if (!wide && !above.equals(section)) {
                table.heading(above);
            }
            section = above;
            table.row(
                    wide ? row.key() : "  " + row.key().substring(end + 1),
                    row.value(),
                    row.hasEffect() ? row.origin() : row.origin() + " (no effect)");
        }
        return table;
    }

    @Command(
            name = "sample",
            description = "Print a file with every key, its meaning and its default.",
            mixinStandardHelpOptions = true)
    int sample() {
        shell.out().append(ConfigSample.yaml());
        return ExitCode.OK;
    }

    @Command(
            name = "schema",
            description = "Print the JSON Schema of the file, for editors.",
            mixinStandardHelpOptions = true)
    int schema() {
        shell.out().append(ConfigSchema.json());
        return ExitCode.OK;
    }

    private void warn(LoadedConfig loaded) {
        for (String warning : loaded.warnings()) {
            shell.error("warning: " + warning);
        }
    }
}
