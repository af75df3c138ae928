// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.lab.LabException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A map of a scenario file. Every key that is asked for is a key that is allowed; {@link #end} complains of any other. Errors
 * name file, line and column.
 */
final class YamlMap {
    private final String file;
    private final String where;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Set<String> allowed = new TreeSet<>();

    private YamlMap(String file, Node node) {
        this.file = file;
        this.where = place(file, node);
        if (!(node instanceof MappingNode map)) {
            throw new LabException(where + ": expected keys with values here");
        }
        for (NodeTuple tuple : map.getValue()) {
            values.put(text(tuple.getKeyNode()), tuple.getValueNode());
        }
    }

    /** The root of a text. */
    static YamlMap parse(String text, String file) {
        try {
            LoadSettings settings = LoadSettings.builder().setLabel(file).build();
            Node root = new Compose(settings)
                    .composeString(text)
                    .orElseThrow(
                            () -> new LabException(file + " is empty: a scenario says at least 'for' and 'servers'"));
            return new YamlMap(file, root);
        } catch (YamlEngineException e) {
            throw new LabException(file + " is not valid YAML: "
                    + String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip());
        }
    }

    private static String place(String file, Node node) {
        return node.getStartMark()
                .map(mark -> file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
                .orElse(file);
    }

    private String text(Node node) {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw new LabException(place(file, node) + ": expected one value here");
    }

    private Optional<Node> find(String key) {
        allowed.add(key);
        return Optional.ofNullable(values.get(key));
    }

    LabException problem(String key, String problem) {
        Node node = values.get(key);
        return new LabException((node == null ? where : place(file, node)) + ": " + key + ": " + problem);
    }

    boolean has(String key) {
        return find(key).isPresent();
    }

    // --- Values ---

    OptionalDouble number(String key, Quantity quantity, double low, double high) {
        Optional<Node> node = find(key);
        if (node.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(inRange(key, text(node.get()), quantity, low, high));
    }

    double number(String key, Quantity quantity, double low, double high, double otherwise) {
        return number(key, quantity, low, high).orElse(otherwise);
    }

    double required(String key, Quantity quantity, double low, double high) {
        return number(key, quantity, low, high)
                .orElseThrow(() -> problem(key, "is missing; give it as " + quantity.examples()));
    }

    private double inRange(String key, String text, Quantity quantity, double low, double high) {
        OptionalDouble value = quantity.parse(text);
        if (value.isEmpty()) {
            throw problem(key, "'" + text + "' cannot be understood; write it as " + quantity.examples());
        }
        if (!(value.getAsDouble() >= low && value.getAsDouble() <= high)) {
            throw problem(
                    key,
                    "'" + text + "' is out of range; allowed are " + quantity.format(low) + " to "
                            + quantity.format(high));
        }
        return value.getAsDouble();
    }

    /** {@code 93 %..97 %}, or one value that is the largest or the smallest allowed. */
    Optional<Limits.Range> range(String key, Quantity quantity, boolean oneIsLargest) {
        Optional<Node> node = find(key);
        if (node.isEmpty()) {
            return Optional.empty();
        }
        double most = Double.MAX_VALUE;
        String text = text(node.get());
        int dots = text.indexOf("..");
        if (dots >= 0) {
            return Optional.of(new Limits.Range(
                    inRange(key, text.substring(0, dots), quantity, -most, most),
                    inRange(key, text.substring(dots + 2), quantity, -most, most)));
        }
        double value = inRange(key, text, quantity, -most, most);
        return Optional.of(
                oneIsLargest
                        ? new Limits.Range(Double.NEGATIVE_INFINITY, value)
                        : new Limits.Range(value, Double.POSITIVE_INFINITY));
    }

    boolean flag(String key, boolean otherwise) {
        String text = find(key).map(this::text).orElse(Boolean.toString(otherwise));
        if (!text.equals("true") && !text.equals("false")) {
            throw problem(key, "'" + text + "' is neither true nor false");
        }
        return text.equals("true");
    }

    Optional<String> text(String key) {
        return find(key).map(this::text);
    }

    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        find(key).ifPresent(node -> items(node).forEach(item -> texts.add(text(item))));
        return texts;
    }

    Optional<YamlMap> map(String key) {
        return find(key).map(node -> new YamlMap(file, node));
    }

    /** A list of maps, or one map that stands for a list of one. */
    List<YamlMap> maps(String key) {
        List<YamlMap> maps = new ArrayList<>();
        find(key).ifPresent(node -> items(node).forEach(item -> maps.add(new YamlMap(file, item))));
        return maps;
    }

    private static List<Node> items(Node node) {
        return node instanceof SequenceNode sequence ? sequence.getValue() : List.of(node);
    }

    /** All keys have been asked for. */
    void end() {
        for (Map.Entry<String, Node> entry : values.entrySet()) {
            if (!allowed.contains(entry.getKey())) {
                throw new LabException(place(file, entry.getValue()) + ": unknown key '" + entry.getKey()
                        + "'; known here are " + String.join(", ", allowed));
            }
        }
    }
}
