// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/** The values that some source gave. Not thread-safe. */
final class Settings {
    private final Map<ConfigKey<?>, Setting> byKey = new LinkedHashMap<>();

    /**
     * One value.
     *
     * @param value what the key's type made of it
     * @param node where the value stood
     * @param line line of its key in the file, counted from 1; 0 if it does not come from a file
     * @param origin for the operator, as in {@link EffectiveValue#origin}
     */
    record Setting(Object value, Node node, int line, String origin) {}

    <T> void put(ConfigKey<T> key, T value, Node node, int line, String origin) {
        byKey.put(key, new Setting(value, node, line, origin));
    }

    /** Gives a key its default. */
    <T> void putDefault(ConfigKey<T> key, int cpus) {
        put(key, key.defaultValue(cpus), Nodes.plainScalar(key.defaultYaml()), 0, "default");
    }

    Optional<Setting> find(ConfigKey<?> key) {
        return Optional.ofNullable(byKey.get(key));
    }

    /** The value given for a key. */
    @SuppressWarnings("unchecked") // put() admits only values of the key's type
    <T> Optional<T> given(ConfigKey<T> key) {
        return find(key).map(setting -> (T) setting.value());
    }

    /** The value of a key that is known to have one. */
    <T> T get(ConfigKey<T> key) {
        return given(key).orElseThrow(() -> new IllegalStateException(key.path()));
    }
}
