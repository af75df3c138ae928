// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.engine.external.ExternalForecasterConfig;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The types of all keys but the list of servers. */
final class ValueTypes {
    // Long because: many small types, each of a few lines.

    private ValueTypes() {}

    /** true or false, and the other spellings of YAML 1.1. */
    record Flag() implements ValueType<Boolean> {
        @Override
        public Optional<Boolean> parse(Node node, String key, Mistakes mistakes) {
            if (Nodes.isTrue(node)) {
                return Optional.of(true);
            }
            if (Nodes.isFalse(node)) {
                return Optional.of(false);
            }
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }

        @Override
        public String allowed() {
            return "true or false";
        }

        @Override
        public Object plain(Boolean value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return Map.of("type", "boolean");
        }
    }

    /** A whole number; 10.0 and 1e1 are whole, as in JSON Schema. */
    record Whole(int min, int max, String unit) implements ValueType<Integer> {
        @Override
        public Optional<Integer> parse(Node node, String key, Mistakes mistakes) {
            Optional<Integer> value = read(node);
            if (value.isEmpty()) {
                mistakes.reject(node, key, allowed());
            }
            return value;
        }

        private Optional<Integer> read(Node node) {
            if (!Nodes.isNumber(node)) {
                return Optional.empty();
            }
            BigDecimal value;
            try {
                value = new BigDecimal(Nodes.text(node));
            } catch (NumberFormatException exponentTooLarge) {
                return Optional.empty();
            }
            // The range comes first: converting 1e999999999 to an integer would need all its digits.
            boolean inRange =
                    value.compareTo(BigDecimal.valueOf(min)) >= 0 && value.compareTo(BigDecimal.valueOf(max)) <= 0;
            boolean whole = value.stripTrailingZeros().scale() <= 0;
            return inRange && whole ? Optional.of(value.intValue()) : Optional.empty();
        }

        @Override
        public String allowed() {
            return "a whole number from " + min + " to " + max + suffix(unit);
        }

        @Override
        public Object plain(Integer value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "integer", "minimum", min, "maximum", max);
        }
    }

    /** A finite number. */
    record Real(double min, double max, String unit) implements ValueType<Double> {
        @Override
        public Optional<Double> parse(Node node, String key, Mistakes mistakes) {
            // .inf and .nan are no numbers to Nodes; 1e999 is infinite and so out of any range.
            if (Nodes.isNumber(node)) {
                double value = Double.parseDouble(Nodes.text(node));
                if (value >= min && value <= max) {
                    return Optional.of(value);
                }
            }
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }

        @Override
        public String allowed() {
            return "a number from " + number(min) + " to " + number(max) + suffix(unit);
        }

        @Override
        public Object plain(Double value) {
            return number(value);
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "number", "minimum", number(min), "maximum", number(max));
        }

        /** Without exponent and needless digits: 10, 0.0001. */
        private static BigDecimal number(double value) {
            return new BigDecimal(BigDecimal.valueOf(value).stripTrailingZeros().toPlainString());
        }
    }

    /** A number, or "auto" for none. */
    record RealOrAuto(Real real) implements ValueType<OptionalDouble> {
        private static final String AUTO = "auto";

        @Override
        public Optional<OptionalDouble> parse(Node node, String key, Mistakes mistakes) {
            if (Nodes.isText(node)) {
                if (Nodes.text(node).equalsIgnoreCase(AUTO)) {
                    return Optional.of(OptionalDouble.empty());
                }
                mistakes.reject(node, key, allowed());
                return Optional.empty();
            }
            Mistakes own = new Mistakes(mistakes.source(), mistakes.cpus(), new ArrayList<>());
            Optional<Double> value = real.parse(node, key, own);
            if (value.isEmpty()) {
                mistakes.reject(node, key, allowed());
            }
            return value.map(OptionalDouble::of);
        }

        @Override
        public String allowed() {
            return real.allowed() + " or " + AUTO;
        }

        @Override
        public Object plain(OptionalDouble value) {
            return value.isPresent() ? real.plain(value.getAsDouble()) : AUTO;
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("oneOf", List.of(real.schema(), ordered("type", "string", "enum", List.of(AUTO))));
        }
    }

    /** One of a few words, in any case. */
    record Choice<T>(Map<String, T> words) implements ValueType<T> {
        static Choice<String> of(String... words) {
            Map<String, String> same = new LinkedHashMap<>();
            for (String word : words) {
                same.put(word, word);
            }
            return new Choice<>(same);
        }

        @Override
        public Optional<T> parse(Node node, String key, Mistakes mistakes) {
            String text = Nodes.isText(node) ? Nodes.text(node).toLowerCase(Locale.ROOT) : "";
            Optional<T> value = words.entrySet().stream()
                    .filter(word -> word.getKey().toLowerCase(Locale.ROOT).equals(text))
                    .map(Map.Entry::getValue)
                    .findFirst();
            if (value.isEmpty()) {
                mistakes.reject(node, key, allowed());
            }
            return value;
        }

        @Override
        public String allowed() {
            return "one of " + String.join(", ", words.keySet());
        }

        @Override
        public Object plain(T value) {
            return value.toString();
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "string", "enum", List.copyOf(words.keySet()));
        }
    }

    /** Text that is not blank and fits on a line. */
    record Text() implements ValueType<String> {
        @Override
        public Optional<String> parse(Node node, String key, Mistakes mistakes) {
            String text = Nodes.text(node);
            if (Nodes.isText(node) && !text.isBlank() && text.codePoints().noneMatch(Character::isISOControl)) {
                return Optional.of(text);
            }
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }

        @Override
        public String allowed() {
            return "text that is not blank, in quotes if it reads as a number";
        }

        @Override
        public Object plain(String value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "string", "minLength", 1);
        }

        @Override
        public Node fromText(String text) {
            return Nodes.quotedScalar(text);
        }
    }

    /**
     * A file that there may be or not: blank for none.
     *
     * @param none what else says so
     */
    record FilePath(String none) implements ValueType<Optional<Path>> {
        FilePath() {
            this("");
        }

        @Override
        public Optional<Optional<Path>> parse(Node node, String key, Mistakes mistakes) {
            String text = Nodes.text(node);
            if (Nodes.isText(node) && text.codePoints().noneMatch(Character::isISOControl)) {
                try {
                    boolean isNone = text.isBlank() || text.equalsIgnoreCase(none);
                    return Optional.of(isNone ? Optional.empty() : Optional.of(Path.of(text)));
                } catch (InvalidPathException e) {
                    mistakes.report(node, key, "found no name that a file can have here: " + e.getReason());
                    return Optional.empty();
                }
            }
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }

        @Override
        public String allowed() {
            return "the name or path of a file, or " + (none.isEmpty() ? "\"\" for none" : none);
        }

        @Override
        public Object plain(Optional<Path> value) {
            return value.map(Path::toString).orElse(none);
        }

        @Override
        public Map<String, Object> schema() {
            return Map.of("type", "string");
        }

        @Override
        public Node fromText(String text) {
            return Nodes.quotedScalar(text);
        }
    }

    /** An IP address, not the name of one. */
    record Address() implements ValueType<InetAddress> {
        @Override
        public Optional<InetAddress> parse(Node node, String key, Mistakes mistakes) {
            if (Nodes.isText(node)) {
                try {
                    return Optional.of(InetAddress.ofLiteral(Nodes.text(node).strip()));
                } catch (IllegalArgumentException e) {
                    // said below
                }
            }
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }

        @Override
        public String allowed() {
            return "an IPv4 or IPv6 address, the latter in quotes";
        }

        @Override
        public Object plain(InetAddress value) {
            return value.getHostAddress();
        }

        @Override
        public Map<String, Object> schema() {
            return Map.of("type", "string");
        }

        @Override
        public Node fromText(String text) {
            return Nodes.quotedScalar(text);
        }
    }

    /** A list of words. */
    record TextList() implements ValueType<List<String>> {
        private static final Text ITEM = new Text();

        @Override
        public Optional<List<String>> parse(Node node, String key, Mistakes mistakes) {
            if (!(node instanceof SequenceNode sequence)) {
                mistakes.reject(node, key, allowed());
                return Optional.empty();
            }
            List<String> items = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                ITEM.parse(item, key, mistakes).ifPresent(items::add);
            }
            return Optional.of(items);
        }

        @Override
        public String allowed() {
            return "a list of words";
        }

        @Override
        public Object plain(List<String> value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "array", "items", ITEM.schema());
        }
    }

    /** Quantile levels. */
    record Levels() implements ValueType<List<Double>> {
        private static final Real LEVEL = new Real(0, 1, "");

        @Override
        public Optional<List<Double>> parse(Node node, String key, Mistakes mistakes) {
            List<Double> levels = new ArrayList<>();
            if (node instanceof SequenceNode sequence) {
                for (Node item : sequence.getValue()) {
                    if (LEVEL.parse(item, key, mistakes).map(levels::add).isEmpty()) {
                        return Optional.empty();
                    }
                }
            }
            if (!ExternalForecasterConfig.areLevels(levels)) {
                mistakes.reject(node, key, allowed());
                return Optional.empty();
            }
            return Optional.of(levels);
        }

        @Override
        public String allowed() {
            return "a list of ascending numbers between 0 and 1, at least one on each side of 0.5";
        }

        @Override
        public Object plain(List<Double> value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return ordered("type", "array", "items", LEVEL.schema());
        }
    }

    /** Numbers of CPUs of this host, each once, in ascending order; a single one needs no brackets. */
    record CpuList() implements ValueType<List<Integer>> {
        @Override
        public Optional<List<Integer>> parse(Node node, String key, Mistakes mistakes) {
            List<Node> items = node instanceof SequenceNode sequence ? sequence.getValue() : List.of(node);
            Whole number = new Whole(0, mistakes.cpus() - 1, "this host has " + mistakes.cpus() + " CPUs");
            TreeSet<Integer> cpus = new TreeSet<>();
            boolean good = true;
            for (Node item : items) {
                Optional<Integer> cpu = number.parse(item, key, mistakes);
                cpu.ifPresent(cpus::add);
                good &= cpu.isPresent();
            }
            return good ? Optional.of(List.copyOf(cpus)) : Optional.empty();
        }

        @Override
        public String allowed() {
            return "a list of CPU numbers of this host, counted from 0";
        }

        @Override
        public Object plain(List<Integer> value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            Map<String, Object> cpu = ordered("type", "integer", "minimum", 0);
            return ordered("type", List.of("array", "integer"), "items", cpu, "minimum", 0);
        }

        @Override
        public Node fromText(String text) {
            return Nodes.plainList(text);
        }
    }

    /** Whatever existing files hold there: only for keys that have no effect. */
    record Anything() implements ValueType<String> {
        @Override
        public Optional<String> parse(Node node, String key, Mistakes mistakes) {
            KeySet.reportDuplicates(node, key, mistakes);
            return Optional.of(Nodes.render(node));
        }

        @Override
        public String allowed() {
            return "anything";
        }

        @Override
        public Object plain(String value) {
            return value;
        }

        @Override
        public Map<String, Object> schema() {
            return Map.of();
        }
    }

    /** A map in the order in which it is written down. */
    static Map<String, Object> ordered(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return map;
    }

    private static String suffix(String unit) {
        return unit.isEmpty() ? "" : " (" + unit + ")";
    }
}
