// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The complete configuration file with all defaults, each key explained. Keys that have no effect stand in comments, so
 * that the file loads without a warning.
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
        section("", "", yaml);
        return yaml.toString();
    }

    private static void section(String path, String indent, StringBuilder yaml) {
        Map<String, Map<String, String>> unused = new LinkedHashMap<>();
        for (String name : ConfigKeys.ALL.children(path)) {
            String childPath = path.isEmpty() ? name : path + "." + name;
            Optional<ConfigKey<?>> key = ConfigKeys.ALL.find(childPath);
            if (path.isEmpty()) {
                yaml.append('\n');
            }
            if (key.isEmpty()) {
                yaml.append(indent)
                        .append(hasEffect(childPath) ? "" : "# ")
                        .append(name)
                        .append(":\n");
                section(childPath, indent + "  ", yaml);
            } else if (key.get().hasEffect()) {
                explain(key.get(), indent, yaml);
                yaml.append(indent)
                        .append(name)
                        .append(": ")
                        .append(key.get().defaultYaml())
                        .append('\n');
            } else {
                unused.computeIfAbsent(key.get().replacement().orElseThrow(), same -> new LinkedHashMap<>())
                        .put(name, key.get().defaultYaml());
            }
        }
        unused.forEach((replacement, keys) -> {
            comment(indent, "No effect here: " + replacement + ".", yaml);
            keys.forEach((name, value) -> yaml.append(indent)
                    .append("# ")
                    .append(name)
                    .append(": ")
                    .append(value)
                    .append('\n'));
        });
    }

    private static boolean hasEffect(String section) {
        return ConfigKeys.ALL.keys().stream()
                .anyMatch(key -> key.hasEffect() && key.path().startsWith(section + "."));
    }

    private static void explain(ConfigKey<?> key, String indent, StringBuilder yaml) {
        comment(indent, key.doc(), yaml);
        comment(indent, "Allowed: " + key.type().allowed() + ".", yaml);
        for (ConfigKey<?> part : key.type().parts().keys()) {
            String value = part.defaultYaml().isEmpty() ? "" : " (default " + part.defaultYaml() + ")";
            comment(indent + "  ", part.name() + ": " + part.doc() + value, yaml);
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
