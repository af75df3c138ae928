// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Shell;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes the manual pages, one for each command, from the same texts as the help. Run when packages are built. */
public final class ManPages {
    /** At this width the help's own line breaks are few. */
    private static final String WIDTH = "100";

    private final StringBuilder page = new StringBuilder();

    private ManPages() {}

    /**
     * Writes.
     *
     * @param arguments a directory that is there, and the date of the pages in seconds since 1970
     * @throws IOException if a page cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        Shell shell = new Shell(nowhere, nowhere, Map.of("COLUMNS", WIDTH), false);
        String date = Instant.ofEpochSecond(Long.parseLong(arguments[1]))
                .atOffset(ZoneOffset.UTC)
                .toLocalDate()
                .toString();
        write(Path.of(arguments[0]), date, CommandTree.commandLine(shell).getCommandSpec());
    }

    private static void write(Path directory, String date, CommandSpec command) throws IOException {
        Files.writeString(directory.resolve(name(command) + ".1"), new ManPages().render(command, date));
        for (CommandSpec sub : subcommands(command)) {
            write(directory, date, sub);
        }
    }

    private static List<CommandSpec> subcommands(CommandSpec command) {
        return command.subcommands().values().stream()
                .map(line -> line.getCommandSpec())
                .distinct()
                .collect(Collectors.toList());
    }

    private static String name(CommandSpec command) {
        return command.qualifiedName("-");
    }

    private static String description(CommandSpec command) {
        return String.join(" ", command.usageMessage().description());
    }

    private String render(CommandSpec command, String date) {
        String version = CommandTree.Version.program();
        page.append(".TH \"%s\" 1 \"%s\" \"chronotick %s\" \"ChronoTick\"\n"
                .formatted(escaped(name(command).toUpperCase(Locale.ROOT)), date, escaped(version)));
        section("NAME");
        // One line, and what follows a colon is not for a list of pages.
        text(name(command) + " - " + description(command).replaceAll("\\.$", ""));
        section("SYNOPSIS");
        synopsis(command);
        section("DESCRIPTION");
        text(description(command));
        List<String> footer = new ArrayList<>();
        for (String line : command.usageMessage().footer()) {
            footer.addAll(List.of(line.split("\n|%n", -1)));
        }
        int examples = firstHeading(footer);
        paragraphs(footer.subList(0, examples));
        section("OPTIONS");
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            term("\\fI" + escaped(parameter.paramLabel()) + "\\fR", String.join(" ", parameter.description()));
        }
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                term(names(option), String.join(" ", option.description()));
            }
        }
        if (!command.subcommands().isEmpty()) {
            section("COMMANDS");
            subcommands(command).forEach(sub -> term("\\fB" + escaped(name(sub)) + "\\fR(1)", description(sub)));
        }
        paragraphs(footer.subList(examples, footer.size()));
        section("SEE ALSO");
        CommandSpec parent = command.parent();
        Stream<CommandSpec> others = parent == null ? subcommands(command).stream() : Stream.of(parent);
        page.append(others.map(other -> "\\fB" + escaped(name(other)) + "\\fR(1)")
                        .collect(Collectors.joining(",\n")))
                .append('\n');
        return page.toString();
    }

    private void synopsis(CommandSpec command) {
        page.append("\\fB").append(escaped(command.qualifiedName())).append("\\fR [\\fIOPTION\\fR]...");
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            page.append(parameter.required() ? " \\fI" : " [\\fI")
                    .append(escaped(parameter.paramLabel()))
                    .append(parameter.required() ? "\\fR" : "\\fR]");
        }
        page.append(command.subcommands().isEmpty() ? "\n" : " \\fICOMMAND\\fR\n");
    }

    private static String names(OptionSpec option) {
        String names = Stream.of(option.names())
                .map(name -> "\\fB" + escaped(name) + "\\fR")
                .collect(Collectors.joining(", "));
        return option.arity().max() == 0 ? names : names + "=\\fI" + escaped(option.paramLabel()) + "\\fR";
    }

    /** Where the examples, or whatever has a heading, begin. */
    private static int firstHeading(List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            if (isHeading(lines.get(i)) || lines.get(i).startsWith("Exit code")) {
                return i;
            }
        }
        return lines.size();
    }

    private static boolean isHeading(String line) {
        return line.matches("[A-Z][a-z ]+:");
    }

    /** Of the help's footer: headings, examples as they stand, and text that flows. */
    private void paragraphs(List<String> lines) {
        boolean verbatim = false;
        for (String line : lines) {
            boolean indented = line.startsWith("  ");
            if (verbatim != indented) {
                page.append(indented ? ".PP\n.nf\n" : ".fi\n");
                verbatim = indented;
            }
            if (line.isBlank()) {
                page.append(".PP\n");
            } else if (isHeading(line)) {
                section(line.replace(":", "").toUpperCase(Locale.ROOT));
            } else if (line.startsWith("Exit code")) {
                section("EXIT STATUS");
                text(line.replaceAll("^Exit codes?: ", ""));
            } else {
                text(line);
            }
        }
        if (verbatim) {
            page.append(".fi\n");
        }
    }

    private void section(String title) {
        page.append(".SH ").append(title).append('\n');
    }

    private void term(String head, String text) {
        page.append(".TP\n").append(head).append('\n');
        text(text);
    }

    private void text(String text) {
        page.append(escaped(text)).append('\n');
    }

    /** A hyphen as it is typed, and no line that begins like a request. */
    private static String escaped(String text) {
        String line = text.replace("\\", "\\e").replace("-", "\\-");
        return line.startsWith(".") || line.startsWith("'") ? "\\&" + line : line;
    }
}
