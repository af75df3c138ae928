// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The complete configuration file with all defaults, each key explained. Keys that have no effect stand in comments, so
 * that the file loads without a warning; so do those that have one only together with others.
 */
public final class ConfigSample {
    private static final int WIDTH = 100;

    private ConfigSample() {}

    /** The sample as YAML text, ending in a newline. */
    public static String yaml() {
        StringBuilder yaml = new StringBuilder();
        comment(
                "",
                "ChronoTick configuration. Every key may be left out and then has the value shown here. An option"
                        + " counts more than the environment, that more than this file.",
                yaml);
        for (String name : ConfigKeys.ALL.children("")) {
            yaml.append('\n');
            entry(name, "", new HashSet<>(), yaml);
        }
        return yaml.toString();
    }

    /** Writes a key or a section; {@code told} holds the replacements that have been explained in this section. */
    private static void entry(String path, String indent, Set<String> told, StringBuilder yaml) {
        Optional<ConfigKey<?>> key = ConfigKeys.ALL.find(path);
        String start = indent + (hasEffect(path) ? "" : "# ") + path.substring(path.lastIndexOf('.') + 1) + ": ";
        if (key.isPresent()) {
            explain(key.get(), indent, told, yaml);
            yaml.append(start).append(key.get().defaultYaml()).append('\n');
            return;
        }
        yaml.append(start.stripTrailing()).append('\n');
        for (String name : ConfigKeys.ALL.children(path)) {
            entry(path + "." + name, indent + "  ", told, yaml);
        }
    }

    private static boolean hasEffect(String path) {
        return ConfigKeys.ALL.keys().stream()
                .anyMatch(key -> key.hasEffectByDefault() && (key.path() + ".").startsWith(path + "."));
    }

    private static void explain(ConfigKey<?> key, String indent, Set<String> told, StringBuilder yaml) {
        if (!key.hasEffect()) {
            key.replacement()
                    .filter(told::add)
                    .ifPresent(replacement -> comment(indent, "No effect here: " + replacement + ".", yaml));
            return;
        }
        comment(indent, key.doc(), yaml);
        comment(indent, "Allowed: " + key.type().allowed() + ".", yaml);
        for (ConfigKey<?> part : key.type().parts().keys()) {
            String value = part.defaultYaml().isEmpty() ? "" : " (default " + part.defaultYaml() + ")";
            comment(indent, "- " + part.name() + ": " + part.doc() + value, yaml);
        }
        key.variable().ifPresent(variable -> {
            String option = key.option().map(name -> ", option " + name).orElse("");
            comment(indent, "Environment " + variable + option + ".", yaml);
        });
    }

    /** Comment lines of at most {@link #WIDTH} columns where words allow it. */
    private static void comment(String indent, String text, StringBuilder yaml) {
        String start = indent + "# ";
        StringBuilder line = new StringBuilder(start);
        for (String word : text.split(" ", -1)) {
            if (line.length() > start.length() && line.length() + 1 + word.length() > WIDTH) {
                yaml.append(line).append('\n');
                line = new StringBuilder(start);
            }
            line.append(line.length() > start.length() ? " " : "").append(word);
        }
        yaml.append(line).append('\n');
    }
}
