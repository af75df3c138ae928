// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.PageLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What is printed fits a terminal of 80 columns, and wider or narrower ones that say so. */
class WidthTest {
    private static final int WIDTH = 80;

    private final TestShell shell = new TestShell();

    @TempDir
    private Path directory;

    static Stream<String> commands() {
        List<String> names = new ArrayList<>(List.of(""));
        add(names, "", CommandTree.commandLine(new TestShell().shell()));
        return names.stream();
    }

    private static void add(List<String> names, String path, CommandLine command) {
        command.getSubcommands().forEach((name, sub) -> {
            names.add((path + " " + name).strip());
            add(names, path + " " + name, sub);
        });
    }

    private String[] words(String line) {
        return line.isEmpty() ? new String[0] : line.split(" ");
    }

    private void fits(int width) {
        assertThat(shell.out()).isNotEmpty();
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= width);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpFits(String command) {
        String[] arguments = words((command + " --help").strip());
        assertThat(shell.run(arguments)).isZero();
        fits(WIDTH);
        shell.with("COLUMNS", 100).run(arguments);
        fits(100);
        shell.with("COLUMNS", 60).run(arguments);
        fits(60);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void versionIsToldByAll(String command) {
        assertThat(shell.run(words((command + " -V").strip()))).isZero();
        assertThat(shell.out()).startsWith("chronotick ").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "read",
                "status",
                "sources",
                "sources --drops",
                "doctor",
                "config show",
                "lab simulate --list",
                "lab simulate lan holdover-tcxo",
                "lab replay --cell tcxo/asymlossy --seed 1 --poll 64 --cells",
                "lab trace"
            })
    void tablesFit(String line) throws IOException {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        sample.text(PageLayout.SOURCES + PageLayout.SOURCE_NAME, "a-server-with-a-rather-long-name.example.net:12345");
        for (int i = 0; i < PageLayout.DROP_REASONS; i++) {
            sample.bytes.putInt(PageLayout.SOURCES + PageLayout.SOURCE_DROPS + i * Integer.BYTES, 1_000 + i);
        }
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        shell.with("CHRONOTICK_SHM", segment).run(words(line));
        // Tables and sentences can be broken; what holds a path cannot.
        assertThat(shell.out().lines().filter(text -> !text.contains(segment.toString())))
                .isNotEmpty()
                .allMatch(text -> text.length() <= WIDTH);
    }

    @Test
    void columnsLeftOutAreNamedAndShownOnDemand() throws IOException {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        shell.with("CHRONOTICK_SHM", segment);
        assertThat(shell.run("sources")).isZero();
        assertThat(shell.out())
                .doesNotContain("Jitter  ")
                .containsPattern("Not shown for want of room: .*Jitter")
                .contains("--wide shows all");
        assertThat(shell.run("sources", "--wide")).isZero();
        assertThat(shell.out()).contains("Jitter  ", "kernel").doesNotContain("Not shown");
        assertThat(shell.with("COLUMNS", 200).run("sources")).isZero();
        assertThat(shell.out()).contains("Jitter  ", "kernel").doesNotContain("Not shown");
    }

    @Test
    void textIsBrokenAtWordsAndGoesOnBelowItsColumn() {
        assertThat(Text.wrap("one two three", 8)).containsExactly("one two", "three");
        assertThat(Text.wrap("  lab x    two words more", 17))
                .containsExactly("  lab x    two", "           words", "           more");
        assertThat(Text.wrap("unreachable-from-the-start", 12)).containsExactly("unreachable-", "from-the-", "start");
        assertThat(Text.wrap("", 5)).containsExactly("");
        assertThat(Text.paragraphs("", "a", "b", "", "  c", "  d")).containsExactly("", "a b", "", "  c", "  d");
    }

    @Test
    void nonsenseForAWidthIsEighty() {
        for (String columns : List.of("", "0", "x", "-1", "99999999999")) {
            assertThat(new TestShell().with("COLUMNS", columns).shell().width()).isEqualTo(WIDTH);
        }
    }
}
