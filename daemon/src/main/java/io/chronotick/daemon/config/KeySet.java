// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The keys a map may hold, filled once while its owner's class is initialized and not changed afterwards. */
final class KeySet {
    private final Map<String, ConfigKey<?>> byPath = new LinkedHashMap<>();

    /** Adds a key that has an effect. */
    <T> ConfigKey<T> key(String path, ValueType<T> type, String defaultYaml, String doc) {
        return add(new ConfigKey<>(
                path, type, defaultYaml, doc, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()));
    }

    /** Adds a key that has an effect and that an environment variable overrides. */
    <T> ConfigKey<T> key(String path, ValueType<T> type, String defaultYaml, String doc, String variable) {
        return add(new ConfigKey<>(
                path,
                type,
                defaultYaml,
                doc,
                Optional.empty(),
                Optional.empty(),
                Optional.of(variable),
                Optional.empty()));
    }

    /** Adds a key that has an effect and that an environment variable and an option override. */
    <T> ConfigKey<T> key(
            String path, ValueType<T> type, String defaultYaml, String doc, String variable, String option) {
        return add(new ConfigKey<>(
                path,
                type,
                defaultYaml,
                doc,
                Optional.empty(),
                Optional.empty(),
                Optional.of(variable),
                Optional.of(option)));
    }

    /**
     * Adds a key that has an effect together with certain others.
     *
     * @param whyIdle why it has none with some settings; keys that share what it says share one warning
     */
    <T> ConfigKey<T> conditional(
            String path,
            ValueType<T> type,
            String defaultYaml,
            String doc,
            Function<Settings, Optional<String>> whyIdle) {
        return add(new ConfigKey<>(
                path,
                type,
                defaultYaml,
                doc,
                Optional.empty(),
                Optional.of(whyIdle),
                Optional.empty(),
                Optional.empty()));
    }

    /**
     * Adds a key that existing files hold and that has no effect here.
     *
     * @param replacement why, and what does its work; keys that share it share one warning
     */
    void unused(String path, ValueType<?> type, String defaultYaml, String replacement) {
        add(new ConfigKey<>(
                path,
                type,
                defaultYaml,
                "",
                Optional.of(replacement),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
    }

    private <T> ConfigKey<T> add(ConfigKey<T> key) {
        if (byPath.put(key.path(), key) != null) {
            throw new IllegalStateException("declared twice: " + key.path());
        }
        return key;
    }

    /** All keys in the order of their declaration. */
    List<ConfigKey<?>> keys() {
        return List.copyOf(byPath.values());
    }

    /** The names that may stand in the section at {@code path}, keys and sections, in order; "" is the root. */
    Set<String> children(String path) {
        String prefix = path.isEmpty() ? "" : path + ".";
        Set<String> names = new LinkedHashSet<>();
        for (String key : byPath.keySet()) {
            if (key.startsWith(prefix)) {
                names.add(key.substring(prefix.length()).split("\\.", 2)[0]);
            }
        }
        return names;
    }

    /** {@link #children} for a message. */
    String names(String path) {
        return String.join(", ", children(path));
    }

    /** The key at a path, if it is not a section or unknown. */
    Optional<ConfigKey<?>> find(String path) {
        return Optional.ofNullable(byPath.get(path));
    }

    /**
     * Reads a map and what is below it, reporting everything that is wrong.
     *
     * @param path the section the map stands for, "" for the root
     * @param shownPrefix what goes before the path in messages, for a map that is itself an element of a list
     */
    void read(MappingNode map, String path, String shownPrefix, Mistakes mistakes, Settings settings) {
        Map<String, Integer> firstLines = new HashMap<>();
        for (NodeTuple entry : map.getValue()) {
            Node keyNode = entry.getKeyNode();
            Node value = entry.getValueNode();
            if (!(keyNode instanceof ScalarNode)) {
                String section = join(shownPrefix, path);
                mistakes.reject(keyNode, section.isEmpty() ? "the file" : section, "keys that are plain names");
                continue;
            }
            String name = Nodes.text(keyNode);
            String childPath = join(path, name);
            String shown = join(join(shownPrefix, path), Nodes.isName(name) ? name : Nodes.quote(name));
            if (reportDuplicate(keyNode, shown, firstLines, mistakes)) {
                continue;
            }
            ConfigKey<?> key = byPath.get(childPath);
            // A name with a dot in it would be taken for a path.
            if (!Nodes.isName(name) || (key == null && children(childPath).isEmpty())) {
                reportUnknown(keyNode, path, shown, mistakes);
            } else if (key != null) {
                readValue(key, Nodes.line(keyNode), value, shown, mistakes, settings);
            } else if (value instanceof MappingNode section) {
                read(section, childPath, shownPrefix, mistakes, settings);
            } else if (!Nodes.isNull(value)) { // a section whose lines are all commented out
                mistakes.reject(value, shown, "a map with " + names(childPath));
            }
        }
    }

    private static String join(String path, String name) {
        return path.isEmpty() || name.isEmpty() ? path + name : path + "." + name;
    }

    private static <T> void readValue(
            ConfigKey<T> key, int line, Node value, String shown, Mistakes mistakes, Settings settings) {
        key.type()
                .parse(value, shown, mistakes)
                .ifPresent(parsed -> settings.put(key, parsed, value, line, mistakes.source() + ":" + line));
    }

    private static boolean reportDuplicate(
            Node keyNode, String shown, Map<String, Integer> firstLines, Mistakes mistakes) {
        int line = Nodes.line(keyNode);
        Integer first = firstLines.putIfAbsent(Nodes.text(keyNode), line);
        if (first != null) {
            mistakes.report(keyNode, shown, "found a second time, allowed: once; the first is on line " + first);
        }
        return first != null;
    }

    /** Reports keys that stand twice in a map whose keys are not known. */
    static void reportDuplicates(Node node, String shown, Mistakes mistakes) {
        if (node instanceof MappingNode map) {
            Map<String, Integer> firstLines = new HashMap<>();
            for (NodeTuple entry : map.getValue()) {
                String name = Nodes.text(entry.getKeyNode());
                String child = join(shown, Nodes.isName(name) ? name : Nodes.quote(name));
                reportDuplicate(entry.getKeyNode(), child, firstLines, mistakes);
                reportDuplicates(entry.getValueNode(), child, mistakes);
            }
        } else if (node instanceof SequenceNode sequence) {
            sequence.getValue().forEach(item -> reportDuplicates(item, shown, mistakes));
        }
    }

    private void reportUnknown(Node keyNode, String path, String shown, Mistakes mistakes) {
        String hint = meant(Nodes.text(keyNode), path)
                .map(key -> "; did you mean " + key + "?")
                .orElse(".");
        mistakes.report(keyNode, shown, "unknown key" + hint + " Allowed here: " + names(path));
    }

    /** What an unknown name was probably meant to be: a neighbour misspelt, or a key of another section. */
    private Optional<String> meant(String name, String path) {
        Optional<String> neighbour = Spelling.nearest(name, children(path));
        if (neighbour.isPresent()) {
            return neighbour;
        }
        List<String> elsewhere = new ArrayList<>();
        for (String key : byPath.keySet()) {
            if (key.endsWith("." + name)) {
                elsewhere.add(key);
            }
        }
        return elsewhere.size() == 1 ? Optional.of(elsewhere.get(0)) : Optional.empty();
    }
}
