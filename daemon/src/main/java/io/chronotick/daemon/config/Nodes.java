// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** What a YAML node is to a configuration. Types are decided by the key, not by YAML's own guess at the text. */
final class Nodes {
    // YAML 1.2 knows true and false; files written for YAML 1.1 readers hold the rest.
    private static final Set<String> TRUE = Set.of("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON");
    private static final Set<String> FALSE = Set.of("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF");
    private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");
    private static final Pattern NUMBER = Pattern.compile("[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final int LONGEST_QUOTE = 40;

    private Nodes() {}

    static boolean isNull(Node node) {
        return isPlain(node, NULL);
    }

    static boolean isTrue(Node node) {
        return isPlain(node, TRUE);
    }

    static boolean isFalse(Node node) {
        return isPlain(node, FALSE);
    }

    static boolean isNumber(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.isPlain()
                && NUMBER.matcher(scalar.getValue()).matches();
    }

    /** Whether the node is text: quoted, or plain and nothing else. */
    static boolean isText(Node node) {
        return node instanceof ScalarNode && !isNull(node) && !isTrue(node) && !isFalse(node) && !isNumber(node);
    }

    static String text(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    /** Whether a text looks like the name of a key. */
    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** The line a node begins on, counted from 1; 0 if it does not come from a file. */
    static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    /** The value of an environment variable or an option: it has no place in a file. */
    static Node plainScalar(String text) {
        return new ScalarNode(Tag.STR, text, ScalarStyle.PLAIN);
    }

    static Node quotedScalar(String text) {
        return new ScalarNode(Tag.STR, text, ScalarStyle.DOUBLE_QUOTED);
    }

    /** A list separated by commas or white space. */
    static Node plainList(String text) {
        List<Node> items = new ArrayList<>();
        for (String item : text.strip().split("[,\\s]+", -1)) {
            items.add(plainScalar(item));
        }
        return new SequenceNode(Tag.SEQ, items, FlowStyle.FLOW);
    }

    /** What was found, for a message of one line. */
    static String describe(Node node) {
        if (node instanceof MappingNode) {
            return "a map";
        }
        if (node instanceof SequenceNode sequence) {
            return sequence.getValue().isEmpty() ? "an empty list" : "a list";
        }
        if (isNull(node)) {
            return "nothing";
        }
        return isText(node) ? "the text " + quote(text(node)) : text(node);
    }

    /** Quotes what an operator wrote, shortened, and without anything a terminal would obey. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints()
                .limit(LONGEST_QUOTE)
                .forEach(c -> quoted.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
        if (text.codePointCount(0, text.length()) > LONGEST_QUOTE) {
            quoted.append("...");
        }
        return quoted.append('"').toString();
    }

    /** A value in YAML's flow style, on one line. */
    static String render(Node node) {
        if (node instanceof MappingNode mapping) {
            List<String> entries = new ArrayList<>();
            for (NodeTuple entry : mapping.getValue()) {
                entries.add(render(entry.getKeyNode()) + ": " + render(entry.getValueNode()));
            }
            return "{" + String.join(", ", entries) + "}";
        }
        if (node instanceof SequenceNode sequence) {
            return "["
                    + String.join(
                            ", ",
                            sequence.getValue().stream().map(Nodes::render).toList()) + "]";
        }
        return quoteIfControl(text(node));
    }

    private static String quoteIfControl(String text) {
        return text.codePoints().anyMatch(Character::isISOControl) ? quote(text) : text;
    }

    private static boolean isPlain(Node node, Set<String> texts) {
        return node instanceof ScalarNode scalar && scalar.isPlain() && texts.contains(scalar.getValue());
    }
}
