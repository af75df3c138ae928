// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/** What a model needs beside its name: anything in an existing file, these keys for a model from an ONNX file, path for the learned filter. */
record ModelParams() implements ValueType<String> {
    private static final KeySet KEYS = new KeySet();
    private static final ConfigKey<String> PATH = KEYS.key(
            "path",
            new ValueTypes.Text(),
            "",
            "The ONNX file (required), or the weights of the learned filter (safetensors; without it those that come with it),"
                    + " from the directory the daemon is started in.");
    private static final ConfigKey<String> INPUT = KEYS.key(
            "input", new ValueTypes.Text(), "", "Name of the input that takes the context; without it the only one.");
    private static final ConfigKey<String> OUTPUT = KEYS.key(
            "output", new ValueTypes.Text(), "", "Name of the output that holds the quantiles; without it the first.");
    private static final ConfigKey<List<Double>> QUANTILES = KEYS.key(
            "quantiles",
            new ValueTypes.Levels(),
            "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]",
            "Which quantiles it answers.");
    private static final ConfigKey<Integer> CONTEXT = KEYS.key(
            "context",
            new ValueTypes.Whole(2, 1_000_000, "samples"),
            "",
            "Samples it is shown, instead of context_length.");
    private static final ConfigKey<Double> HORIZON = KEYS.key(
            "horizon",
            new ValueTypes.Real(0.1, 86_400, "s"),
            "",
            "How far ahead it forecasts, s, instead of prediction_horizon.");

    /** The model's own part of a configuration. */
    record Onnx(
            Path file,
            Optional<String> input,
            Optional<String> output,
            List<Double> quantiles,
            Optional<Integer> context,
            Optional<Double> horizon) {}

    @Override
    public Optional<String> parse(Node node, String key, Mistakes mistakes) {
        KeySet.reportDuplicates(node, key, mistakes);
        return Optional.of(Nodes.render(node));
    }

    /** Reads the keys of a model from an ONNX file; empty if something is wrong, which has then been reported. */
    static Optional<Onnx> onnx(Node node, String key, Mistakes mistakes) {
        Settings settings = new Settings();
        int before = mistakes.lines().size();
        if (node instanceof MappingNode map) {
            KEYS.read(map, "", key, mistakes, settings);
        }
        Optional<String> path = settings.given(PATH);
        if (path.isEmpty() && mistakes.lines().size() == before) {
            mistakes.report(
                    node,
                    key,
                    "found no path, allowed with model_name: onnx: a map with path and, where needed, "
                            + KEYS.names("").replace("path, ", ""));
        }
        if (mistakes.lines().size() > before) {
            return Optional.empty();
        }
        return Optional.of(new Onnx(
                Path.of(path.orElseThrow()),
                settings.given(INPUT),
                settings.given(OUTPUT),
                settings.given(QUANTILES).orElseGet(() -> QUANTILES.defaultValue(1)),
                settings.given(CONTEXT),
                settings.given(HORIZON)));
    }

    /** Reads the keys that the learned filter has; empty for the weights that come with it. */
    static Optional<Path> weights(Node node, String key, Mistakes mistakes) {
        Settings settings = new Settings();
        if (node instanceof MappingNode map) {
            KEYS.read(map, "", key, mistakes, settings);
        }
        for (ConfigKey<?> other : KEYS.keys()) {
            if (!other.equals(PATH) && settings.find(other).isPresent()) {
                mistakes.report(
                        node, key, "found " + other.name() + ", allowed with model_name: learned: a map with path");
            }
        }
        return settings.given(PATH).map(Path::of);
    }

    @Override
    public String allowed() {
        return "a map with " + KEYS.names("");
    }

    @Override
    public Object plain(String value) {
        return value;
    }

    /** Files hold much else there for models that are named here without effect. */
    @Override
    public Map<String, Object> schema() {
        return Map.of();
    }

    @Override
    public KeySet parts() {
        return KEYS;
    }
}
