// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The JSON Schema of the configuration file (draft 2020-12), with which an editor completes and checks it. */
public final class ConfigSchema {
    private ConfigSchema() {}

    /** The schema as JSON text, ending in a newline. */
    public static String json() {
        Map<String, Object> schema = ValueTypes.ordered(
                "$schema", "https://json-schema.org/draft/2020-12/schema", "title", "ChronoTick configuration");
        schema.putAll(object(ConfigKeys.ALL, ""));
        StringBuilder json = new StringBuilder();
        write(schema, "", json);
        return json.append('\n').toString();
    }

    /** The schema of the section at {@code path}; "" is the root. */
    static Map<String, Object> object(KeySet keys, String path) {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (String name : keys.children(path)) {
            String childPath = path.isEmpty() ? name : path + "." + name;
            properties.put(
                    name, keys.find(childPath).map(ConfigSchema::property).orElseGet(() -> section(keys, childPath)));
        }
        return ValueTypes.ordered("type", "object", "additionalProperties", false, "properties", properties);
    }

    private static Map<String, Object> section(KeySet keys, String path) {
        Map<String, Object> section = object(keys, path);
        section.put("type", List.of("object", "null")); // all its lines commented out
        return section;
    }

    private static <T> Map<String, Object> property(ConfigKey<T> key) {
        Map<String, Object> property = new LinkedHashMap<>();
        property.put(
                "description",
                key.replacement().map(why -> "No effect here: " + why + ".").orElse(key.doc()));
        key.replacement().ifPresent(why -> property.put("deprecated", true));
        Map<String, Object> type = key.type().schema();
        property.putAll(type);
        // What may be anything is shown as text, which need not be the JSON of it.
        if (!key.defaultYaml().isEmpty() && !type.isEmpty()) {
            property.put("default", key.type().plain(key.defaultValue(1)));
        }
        return property;
    }

    private static void write(Object value, String indent, StringBuilder json) {
        if (value instanceof Map<?, ?> map) {
            List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
            json.append('{');
            for (int i = 0; i < entries.size(); i++) {
                json.append(i == 0 ? "\n" : ",\n").append(indent).append("  ");
                write(entries.get(i).getKey(), indent, json);
                json.append(": ");
                write(entries.get(i).getValue(), indent + "  ", json);
            }
            json.append(entries.isEmpty() ? "}" : "\n" + indent + "}");
        } else if (value instanceof List<?> list) {
            json.append('[');
            for (int i = 0; i < list.size(); i++) {
                json.append(i == 0 ? "" : ", ");
                write(list.get(i), indent, json);
            }
            json.append(']');
        } else if (value instanceof Number || value instanceof Boolean) {
            json.append(value);
        } else {
            writeString(value.toString(), json);
        }
    }

    private static void writeString(String text, StringBuilder json) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
