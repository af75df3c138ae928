// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.DaemonException;
import io.chronotick.daemon.Supervisor;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.EffectiveValue;
import io.chronotick.daemon.config.LoadedConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a running daemon go on with what its configuration says now: other servers, another log level. The rest holds from the start to the
 * end; what has changed of it is said. A configuration with a mistake is refused, and all stays as it was. Thread-safe.
 */
final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final String SERVERS = "clock_measurement.ntp.servers";
    private static final String LOG_LEVEL = "logging.level";

    /** Reads the configuration as at the start: the same file, environment and options. */
    interface Source {
        LoadedConfig load() throws ConfigException;
    }

    private final Source source;
    private final LoadedConfig atStart;
    private @Nullable Daemon daemon;
    private Optional<Supervisor> supervisor = Optional.empty();

    /** @param atStart what the daemon is, or will be, started with */
    Reload(Source source, LoadedConfig atStart) {
        this.source = source;
        this.atStart = atStart;
    }

    /** The daemon is running from now on. */
    synchronized void of(Daemon running, Optional<Supervisor> told) {
        daemon = running;
        supervisor = told;
    }

    /** On a thread of the virtual machine's own. */
    @SuppressWarnings("UnusedMethod") // found by its name
    synchronized void onSignal(Object signal) {
        Daemon running = daemon;
        if (running == null) {
            LOG.warn("{}: the daemon is still starting; nothing is read again", signal);
            return;
        }
        LOG.info("{}: reading the configuration again", signal);
        supervisor.ifPresent(Supervisor::reloading);
        try {
            reload(running);
        } finally {
            supervisor.ifPresent(Supervisor::reloaded);
        }
    }

    private void reload(Daemon running) {
        try {
            LoadedConfig loaded = source.load();
            running.reload(loaded.config());
            Logging.setLevel(loaded.config().logLevel());
            loaded.warnings().stream()
                    .filter(warning -> !atStart.warnings().contains(warning))
                    .forEach(LOG::warn);
            changes(atStart, loaded).forEach(LOG::warn);
        } catch (ConfigException e) {
            refuse(e.problems());
        } catch (DaemonException e) {
            refuse(List.of(String.valueOf(e.getMessage())));
        }
    }

    private static void refuse(List<String> problems) {
        LOG.error(
                "the configuration is refused, and all stays as it is: {}{}",
                problems.getFirst(),
                problems.size() == 1 ? "" : " (and " + (problems.size() - 1) + " more: chronotick config check)");
    }

    /** What would be different if the daemon were started now, a line for each key that only a start makes hold. */
    static List<String> changes(LoadedConfig atStart, LoadedConfig now) {
        Map<String, String> before = values(atStart);
        Map<String, String> after = values(now);
        return after.keySet().stream()
                .filter(key -> !String.valueOf(after.get(key)).equals(before.get(key)))
                .map(key -> key + ": " + before.getOrDefault(key, "-") + " -> " + after.get(key)
                        + ": holds from the next start on")
                .toList();
    }

    private static Map<String, String> values(LoadedConfig loaded) {
        Map<String, String> values = new LinkedHashMap<>();
        for (EffectiveValue row : loaded.effective()) {
            if (row.hasEffect() && !row.key().startsWith(SERVERS) && !row.key().equals(LOG_LEVEL)) {
                values.put(row.key(), row.value());
            }
        }
        return values;
    }
}
