// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import io.chronotick.client.ChronoTickReader;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/**
 * What a command has of the world around it: where it prints, its environment, and whether a person is looking.
 *
 * @param out results; buffered, flushed when the command ends or a person has to see them
 * @param err errors and notes
 * @param terminal whether {@code out} is a terminal
 */
public record Shell(PrintStream out, PrintStream err, Map<String, String> environment, boolean terminal) {
    /** Names the segment where no option does. */
    public static final String SEGMENT_VARIABLE = "CHRONOTICK_SHM";

    private static final int USUAL_WIDTH = 80;

    /** Narrower ones are taken for nonsense, as of a terminal that does not know its size (0). */
    private static final int LEAST_WIDTH = 40;

    /** The streams of this process, in UTF-8 whatever the locale says: JSON demands it, and all units are spelt in it. */
    public static Shell ofProcess() {
        return new Shell(
                new Output(new FileOutputStream(FileDescriptor.out)),
                stream(FileDescriptor.err),
                System.getenv(),
                // The launcher knows at no cost; System.console() would load a good many classes to find out.
                Boolean.getBoolean("chronotick.terminal"));
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor)), false, StandardCharsets.UTF_8);
    }

    /** Columns of the screen: what COLUMNS says, which the launcher sets on a terminal, else {@value #USUAL_WIDTH}. */
    public int width() {
        try {
            int columns = Integer.parseInt(environment.getOrDefault("COLUMNS", ""));
            return columns < LEAST_WIDTH ? USUAL_WIDTH : columns;
        } catch (NumberFormatException e) {
            return USUAL_WIDTH; // there is none, or nonsense
        }
    }

    /** Whether to colour: never in a pipe, nor where the user has asked for none (no-color.org). */
    public boolean colours() {
        return terminal
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM"));
    }

    /**
     * The segment a command works on.
     *
     * @param option what the user has given as --shm, if anything
     */
    public Path segment(@Nullable String option) {
        String configured = option != null ? option : environment.getOrDefault(SEGMENT_VARIABLE, "");
        if (configured.isBlank()) {
            if (option != null) {
                throw new UserException(
                        ExitCode.USAGE, "--shm is empty: give the name of a segment or the path of its file");
            }
            return ChronoTickReader.defaultSegment();
        }
        try {
            return ChronoTickReader.resolve(configured);
        } catch (InvalidPathException e) {
            throw new UserException(ExitCode.USAGE, "--shm: " + e.getMessage());
        }
    }

    /** A text with commands that work where it is read: in a checkout the program is ./chronotick, say. */
    public static String hint(String text) {
        // As the launcher was called; see there.
        String program = System.getProperty("chronotick.command", "chronotick");
        return program.equals("chronotick")
                ? text
                : text.replaceAll("(?<![\\w./-])chronotick (?=[a-z]+\\b|--)", Matcher.quoteReplacement(program) + " ");
    }

    public void line(String text) {
        out.append(text).append('\n');
    }

    /** One line on stderr, named after the program as is the custom. */
    public void error(String message) {
        out.flush();
        err.append("chronotick: ").append(hint(message)).append('\n');
        err.flush();
    }
}
