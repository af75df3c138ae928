// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.lab.ByzantineReport;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Text;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.lab.simulate.ByzantineFamily;
import io.chronotick.lab.simulate.ByzantineResult;
import io.chronotick.lab.simulate.Findings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
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
                "sources --nts",
                "doctor",
                "config show",
                "lab simulate --list",
                "lab simulate lan holdover-tcxo",
                "lab replay --cell tcxo/asymlossy --seed 1 --poll 64 --cells",
                "lab replay --cell tcxo/asymlossy --seed 1",
                "lab trace",
                "lab simulate --byzantine 1 --count 20"
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

    /** One reading a line, whatever its digits; all of it for who asks. */
    @Test
    void monitorFitsInAPipe() throws IOException {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        sample.bytes.putDouble(RecordLayout.OFFSET_CORRECTION, -0.9999);
        sample.bytes.putDouble(RecordLayout.DRIFT_RATE, 0); // however long it takes until it is read
        sample.bytes.putDouble(RecordLayout.OFFSET_UNCERTAINTY, 1.23456e-4);
        sample.bytes.putFloat(RecordLayout.MAX_ERROR, 0.123456f);
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        shell.with("CHRONOTICK_SHM", segment);
        assertThat(shell.run("monitor", "--count", "3", "--interval", "0.001")).isZero();
        fits(WIDTH);
        assertThat(shell.out())
                .contains("±1σ", "drift, confidence, source; --wide")
                .contains("-999.900 ms");
        assertThat(shell.run("monitor", "--count", "1", "--wide")).isZero();
        assertThat(shell.out()).contains(" ppm", " %", "CPU_MODEL").doesNotContain("Not shown");
        String wide = shell.out().lines().findFirst().orElseThrow();
        assertThat(shell.with("COLUMNS", 112).run("monitor", "--count", "1")).isZero();
        assertThat(shell.out()).startsWith(wide).contains(" ppm");
        fits(112);
    }

    @Test
    void monitorFitsATerminal() throws IOException {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        sample.bytes.putInt(
                RecordLayout.FLAGS,
                RecordLayout.FLAG_VALID | RecordLayout.FLAG_WARMUP_COMPLETE | RecordLayout.FLAG_HOLDOVER);
        sample.text(PageLayout.WAITING_FOR, "an answer: 2 x name not found");
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        shell.with("CHRONOTICK_SHM", segment).onTerminal().run("monitor", "--count", "2", "--interval", "0.001");
        assertThat(shell.out()).contains("HOLDOVER", "getent");
        assertThat(shell.out().lines().map(WidthTest::visible).filter(line -> !line.contains(segment.toString())))
                .allMatch(line -> line.length() <= WIDTH);
    }

    private static String visible(String line) {
        return line.replaceAll("\u001b\\[[?0-9;]*[A-Za-z]", "");
    }

    @Test
    void queryFits() throws Exception {
        HostClocks clocks = HostClocks.system();
        try (ReferenceServer server = ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(clocks, 500_000_000, 0))
                        .build(),
                clocks)) {
            String address = "127.0.0.1:" + server.address().getPort();
            assertThat(shell.run(
                            "query", address, "localhost:" + server.address().getPort()))
                    .isZero();
            assertThat(shell.out()).contains(address, "Offset");
            fits(WIDTH);
        }
    }

    @Test
    void violationsFit() {
        Findings findings = new Findings(10, 1, 5, 6, 0.0123, 5, 10, 10, 10, 10, Double.NaN, 0.001);
        String about =
                "a world of which very much can be said, more than fits, for it has many servers and a long path";
        for (int width : List.of(80, 100)) {
            TestShell terminal = new TestShell().with("COLUMNS", width);
            Shell printed = terminal.shell();
            new ByzantineReport(
                            printed,
                            LongStream.range(0, 30)
                                    .mapToObj(seed -> new ByzantineResult(
                                            seed, ByzantineFamily.values()[0], about, 10, findings, Optional.empty()))
                                    .toList())
                    .print();
            printed.out().flush();
            assertThat(terminal.out()).contains("seed 19 ", "...", "and 10 more");
            assertThat(terminal.out().lines()).allMatch(line -> line.length() <= width);
        }
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
