// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A configuration without mistakes. Immutable.
 *
 * @param config what the daemon runs with
 * @param warnings one line each: keys that have no effect here and what replaces them
 * @param effective every key that has an effect, and those others that were given, in the order of the sample
 */
public record LoadedConfig(DaemonConfig config, List<String> warnings, List<EffectiveValue> effective) {
    public LoadedConfig {
        warnings = List.copyOf(warnings);
        effective = List.copyOf(effective);
    }

    /**
     * The same, with the servers of this host where the configuration leaves them to it ({@code servers: auto}).
     *
     * @throws ConfigException if these cannot be asked together
     */
    public LoadedConfig withHostServers(HostServers host) throws ConfigException {
        if (!config.servers().isEmpty()) {
            return this;
        }
        List<String> mistakes = Stream.of(
                        ServerRules.tooFewServers(config.minServers(), host.servers()),
                        ServerRules.smearedServers(config.leapSmear(), host.servers()))
                .flatMap(Optional::stream)
                .map(what -> ConfigKeys.SERVERS.path() + ": auto: " + host.describe() + ": " + what)
                .toList();
        if (!mistakes.isEmpty()) {
            throw new ConfigException(mistakes);
        }
        List<String> allWarnings = new ArrayList<>(warnings);
        allWarnings.addAll(host.problems());
        List<EffectiveValue> rows = new ArrayList<>();
        for (EffectiveValue row : effective) {
            rows.add(row);
            if (row.key().equals(ConfigKeys.SERVERS.path())) {
                for (int i = 0; i < host.entries().size(); i++) {
                    HostServers.Entry entry = host.entries().get(i);
                    rows.add(new EffectiveValue(row.key() + "[" + i + "]", entry.describe(), entry.origin(), true));
                }
            }
        }
        return new LoadedConfig(config.withServers(host.servers()), allWarnings, rows);
    }

    /** The effective configuration as aligned columns: key, value, origin. Lines end in a newline. */
    public String table() {
        int keyWidth = "KEY".length();
        int valueWidth = "VALUE".length();
        for (EffectiveValue row : effective) {
            keyWidth = Math.max(keyWidth, row.key().length());
            valueWidth = Math.max(valueWidth, row.value().length());
        }
        String format = "%-" + keyWidth + "s  %-" + valueWidth + "s  %s%n";
        StringBuilder table = new StringBuilder(String.format(format, "KEY", "VALUE", "ORIGIN"));
        for (EffectiveValue row : effective) {
            String origin = row.hasEffect() ? row.origin() : row.origin() + " (no effect)";
            table.append(String.format(format, row.key(), row.value(), origin));
        }
        return table.toString();
    }
}
