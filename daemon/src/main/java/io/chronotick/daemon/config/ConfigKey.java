// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One key of the configuration and all there is to know about it.
 *
 * @param path names from the root, joined by dots
 * @param defaultYaml the default as it would be written in a file; empty if there is none
 * @param doc what the key means
 * @param replacement why the key has no effect here and what does its work; empty for a key that has an effect
 * @param condition for a key that has an effect only together with others: why it has none with some settings, and what does
 *     its work then; says nothing where it has one
 * @param variable environment variable that overrides the file
 * @param option option of the command line that overrides both
 * @param <T> what a value becomes in Java
 */
record ConfigKey<T>(
        String path,
        ValueType<T> type,
        String defaultYaml,
        String doc,
        Optional<String> replacement,
        Optional<Function<Settings, Optional<String>>> condition,
        Optional<String> variable,
        Optional<String> option) {

    /** Whether it has an effect with any settings. */
    boolean hasEffect() {
        return replacement.isEmpty();
    }

    /** Whether it has an effect with the defaults. */
    boolean hasEffectByDefault() {
        return whyIdle(new Settings()).isEmpty();
    }

    /** Why the key has no effect with these settings; empty if it has. */
    Optional<String> whyIdle(Settings settings) {
        return replacement.or(() -> condition.flatMap(why -> why.apply(settings)));
    }

    /** The default as a value. */
    T defaultValue(int cpus) {
        List<String> problems = new ArrayList<>();
        Optional<T> value = YamlText.parse(defaultYaml, path, problems)
                .flatMap(node -> type.parse(node, path, new Mistakes("default", cpus, problems)));
        return value.filter(good -> problems.isEmpty())
                .orElseThrow(() -> new IllegalStateException(path + ": bad default: " + problems));
    }

    /** The last name of the path. */
    String name() {
        return path.substring(path.lastIndexOf('.') + 1);
    }
}
