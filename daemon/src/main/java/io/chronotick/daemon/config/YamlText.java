// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * From a file to a tree of YAML nodes, or to the reasons why there is none. Only plain YAML is admitted: no aliases, so
 * that a small file cannot stand for a huge one, no tags, and no deep nesting.
 */
final class YamlText {
    // The fullest existing files have some 6 KiB, comments included.
    private static final int LARGEST_FILE = 256 * 1024;
    // Existing files nest four deep. The composer recurses, so a limit keeps it off the end of the stack.
    private static final int DEEPEST = 32;

    private YamlText() {}

    /** The text of a file; empty if it cannot be had, for a reason added to {@code problems}. */
    static Optional<String> read(Path file, List<String> problems) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(LARGEST_FILE + 1);
        } catch (NoSuchFileException e) {
            problems.add(file + ": no such file; name an existing one, or none to run with the defaults");
            return Optional.empty();
        } catch (AccessDeniedException e) {
            problems.add(file + ": permission denied; make it readable for this user");
            return Optional.empty();
        } catch (IOException e) {
            String reason = Files.isDirectory(file) ? "is a directory" : "cannot be read (" + e.getMessage() + ")";
            problems.add(file + ": " + reason + "; name a YAML file");
            return Optional.empty();
        }
        if (bytes.length > LARGEST_FILE) {
            problems.add(
                    file + ": more than " + LARGEST_FILE / 1024 + " KiB, which is no configuration; name another file");
            return Optional.empty();
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            problems.add(file + ": is not UTF-8 text; name a YAML file");
            return Optional.empty();
        }
    }

    /** The root of the one document in a text; empty if there is none, or for a reason added to {@code problems}. */
    static Optional<Node> parse(String text, String name, List<String> problems) {
        String yaml = text.startsWith("\uFEFF") ? text.substring(1) : text; // byte order mark
        LoadSettings settings = LoadSettings.builder()
                .setLabel(name)
                .setAllowDuplicateKeys(true) // reported by KeySet, together with everything else
                .setAllowNonScalarKeys(true) // likewise
                .build();
        List<String> found = new ArrayList<>();
        try {
            checkPlain(new Parse(settings).parseString(yaml), name, found);
            if (found.isEmpty()) {
                return new Compose(settings).composeString(yaml);
            }
        } catch (MarkedYamlEngineException e) {
            String context = e.getContext() == null ? "" : e.getContext() + ", ";
            String place = place(name, e.getProblemMark());
            found.add(oneLine(place + ": not valid YAML: " + context + e.getProblem()));
        } catch (ReaderException unprintable) {
            found.add(unprintable(yaml, name));
        } catch (YamlEngineException e) {
            found.add(oneLine(name + ": not valid YAML: " + e.getMessage()));
        }
        problems.addAll(found);
        return Optional.empty();
    }

    private static void checkPlain(Iterable<Event> events, String name, List<String> problems) {
        int depth = 0;
        int documents = 0;
        for (Event event : events) {
            String place = place(name, event.getStartMark());
            if (event instanceof DocumentStartEvent && ++documents == 2) {
                problems.add(place + ": found a second document, allowed: one; remove the line ---");
            }
            if (event instanceof CollectionStartEvent && ++depth == DEEPEST + 1) {
                problems.add(place + ": nested more than " + DEEPEST + " deep, which no configuration is");
                return;
            }
            if (event instanceof CollectionEndEvent) {
                depth--;
            }
            if (event instanceof AliasEvent) {
                problems.add(place + ": found an alias (*), allowed: plain YAML; write the value out");
            } else if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
                problems.add(place + ": found an anchor (&), allowed: plain YAML; remove it");
            }
            tag(event)
                    .ifPresent(tag -> problems.add(
                            place + ": found the tag " + Nodes.quote(tag) + ", allowed: plain YAML; remove it"));
        }
    }

    /** Says where the first character stands that YAML does not admit; the reader's own count is off after surrogates. */
    private static String unprintable(String yaml, String name) {
        int line = 1;
        int column = 1;
        int index = 0;
        while (index < yaml.length() && StreamReader.isPrintable(yaml.codePointAt(index))) {
            boolean isLineEnd = yaml.charAt(index) == '\n';
            line += isLineEnd ? 1 : 0;
            column = isLineEnd ? 1 : column + 1;
            index = yaml.offsetByCodePoints(index, 1);
        }
        String character = index < yaml.length() ? String.format(" U+%04X", yaml.codePointAt(index)) : "";
        return name + ":" + line + ":" + column + ": found the control character" + character + ", allowed: text";
    }

    private static Optional<String> tag(Event event) {
        if (event instanceof ScalarEvent scalar) {
            return scalar.getTag();
        }
        return event instanceof CollectionStartEvent start ? start.getTag() : Optional.empty();
    }

    private static String place(String name, Optional<Mark> mark) {
        return mark.map(at -> name + ":" + (at.getLine() + 1) + ":" + (at.getColumn() + 1))
                .orElse(name);
    }

    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    }
}
