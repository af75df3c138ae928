// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.HostServers;
import io.chronotick.daemon.config.LoadedConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that override keys of the configuration, as `daemon` and `config` take them. */
final class Configuration {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Configuration file (YAML). Default: $CHRONOTICK_CONFIG, else none: every key has a default.")
    @Nullable
    Path file;

    @Option(
            names = {"-f", "--freq"},
            paramLabel = "HZ",
            description = "Records published a second, 1 to 1000. Default: 100.")
    @Nullable
    String frequency;

    @Option(
            names = "--cpu-affinity",
            paramLabel = "CPU",
            arity = "1..*",
            description = "CPUs the writer is bound to. Default: any.")
    @Nullable
    List<String> cpuAffinity;

    @Option(
            names = {"-l", "--log-level"},
            paramLabel = "LEVEL",
            description = "Least severe level that is logged: DEBUG, INFO, WARN, ERROR. Default: INFO.")
    @Nullable
    String logLevel;

    @Option(
            names = "--shm",
            paramLabel = "NAME|PATH",
            description =
                    "Segment to publish to: a name in /dev/shm or the path of a file. Default: $CHRONOTICK_SHM, else"
                            + " chronotick_shm.")
    @Nullable
    String shm;

    /** What was found where {@link #load} had to look for servers. */
    private Optional<HostServers> hostServers = Optional.empty();

    /** Who is asked and who says so, where the configuration leaves that to the host. */
    Optional<String> hostServers() {
        return hostServers.map(HostServers::describe);
    }

    LoadedConfig load(Shell shell) throws ConfigException {
        if (file != null && file.toString().isEmpty()) {
            throw new UserException(ExitCode.USAGE, "--config is empty: give the path of a file, or leave it out");
        }
        return load(shell, Optional.ofNullable(file));
    }

    LoadedConfig load(Shell shell, Optional<Path> from) throws ConfigException {
        ConfigOverrides overrides = ConfigOverrides.NONE;
        overrides = with(overrides, "--freq", frequency);
        overrides = with(overrides, "--cpu-affinity", cpuAffinity == null ? null : String.join(" ", cpuAffinity));
        overrides = with(overrides, "--log-level", logLevel);
        overrides = with(overrides, "--shm", shm);
        LoadedConfig loaded = ConfigLoader.load(
                from, shell.environment(), overrides, Runtime.getRuntime().availableProcessors());
        if (!loaded.config().servers().isEmpty()) {
            return loaded;
        }
        HostServers found = HostServers.find(Path.of("/"));
        hostServers = Optional.of(found);
        return loaded.withHostServers(found);
    }

    /** Every problem on a line of its own, so that one run shows them all. */
    static int report(Shell shell, ConfigException e) {
        for (String problem : e.problems()) {
            shell.error(problem);
        }
        return ExitCode.USAGE;
    }

    private static ConfigOverrides with(ConfigOverrides overrides, String option, @Nullable String argument) {
        return argument == null ? overrides : overrides.with(option, argument);
    }
}
