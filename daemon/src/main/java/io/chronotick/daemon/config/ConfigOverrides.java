// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the command line says, as text, so that an option is held to the same rules as the key it overrides. Immutable.
 *
 * @param options option name with its dashes (the names {@code config show} gives as origin) to its argument; several
 *     arguments are separated by spaces or commas
 */
public record ConfigOverrides(Map<String, String> options) {
    /** No option given. */
    public static final ConfigOverrides NONE = new ConfigOverrides(Map.of());

    public ConfigOverrides {
        options = Map.copyOf(options);
    }

    /** These overrides and one more. */
    public ConfigOverrides with(String option, String argument) {
        Map<String, String> all = new LinkedHashMap<>(options);
        all.put(option, argument);
        return new ConfigOverrides(all);
    }
}
