// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Output;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.reference.Misbehaviour;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Isolated("changes a system property")
class CommandLineTest {
    private final TestShell shell = new TestShell();

    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldListEveryCommand() {
        assertThat(shell.run("--help")).isZero();
        assertThat(shell.out())
                .contains("daemon", "read", "monitor", "status", "sources", "benchmark", "json", "doctor", "cleanup")
                .contains("query", "demo", "mcp", "config", "completion", "now");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "daemon",
                "read",
                "now",
                "monitor",
                "top",
                "page",
                "status",
                "sources",
                "benchmark",
                "json",
                "doctor",
                "cleanup",
                "query",
                "demo",
                "mcp",
                "config",
                "completion"
            })
    void shouldTeachWithExamples(String command) {
        assertThat(shell.run(command, "--help")).isZero();
        assertThat(shell.out()).contains("Usage: chronotick " + command, "Example");
    }

    /** A lone percent sign in a help text would have picocli warn on the terminal of whoever asks for it. */
    @Test
    void helpTextsAreFormats() {
        assertThat(texts(CommandTree.commandLine(shell.shell())))
                .hasSizeGreaterThan(200)
                .allSatisfy(text -> assertThat(String.format(Locale.ROOT, text)).isNotNull());
    }

    private static List<String> texts(CommandLine command) {
        List<String> texts =
                new ArrayList<>(List.of(command.getCommandSpec().usageMessage().description()));
        Collections.addAll(texts, command.getCommandSpec().usageMessage().footer());
        command.getCommandSpec().args().forEach(arg -> Collections.addAll(texts, arg.description()));
        command.getSubcommands().values().forEach(sub -> texts.addAll(texts(sub)));
        return texts;
    }

    @Test
    void shouldPrintItsVersion() {
        assertThat(shell.run("--version")).isZero();
        assertThat(shell.out()).startsWith("chronotick ").contains("Java");
    }

    @Test
    void shouldSuggestWhatWasMeant() {
        assertThat(shell.run("reed")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err())
                .isEqualTo("chronotick: unknown command 'reed'; did you mean read? (see: chronotick --help)\n");
        assertThat(shell.run("raed")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("did you mean read?").hasLineCount(1);
        assertThat(shell.run("version")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("did you mean --version?").hasLineCount(1);
        assertThat(shell.run("read", "--jsn")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("did you mean --json?").hasLineCount(1);
    }

    @Test
    void shouldSayWhatIsMissingInWordsOfTheCommandLine() {
        assertThat(shell.run("config")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).isEqualTo("chronotick: no command given (see: chronotick config --help)\n");
        assertThat(shell.run("query")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).isEqualTo("chronotick: no SERVER given (see: chronotick query --help)\n");
        assertThat(shell.run("daemon", "--cpu-affinity")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err())
                .isEqualTo("chronotick: option --cpu-affinity needs a value: CPU (see: chronotick daemon --help)\n");
        assertThat(shell.run("read", "--shm")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err())
                .isEqualTo("chronotick: option --shm needs a value: NAME|PATH (see: chronotick read --help)\n");
        assertThat(shell.run("monitor", "-n", "x")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("'x' is not a whole number").hasLineCount(1);
        assertThat(shell.run("monitor", "-i", "x")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("'x' is not a number").hasLineCount(1);
    }

    @Test
    void shouldHelpWhoDoesNotKnowWhatToAsk() {
        assertThat(shell.run("--help")).isZero();
        String help = shell.out();
        assertThat(shell.run()).isEqualTo(ExitCode.USAGE);
        assertThat(shell.out()).isEqualTo(help);
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldSayThatAConfigurationWithoutNameIsNone() {
        assertThat(shell.run("daemon", "--config", "")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--config is empty").hasLineCount(1);
    }

    @Test
    void shouldFailWhenWhatItPrintsIsLost() {
        Output full = new Output(failing("No space left on device"));
        assertThat(Main.run(withOutput(full), "config", "sample")).isEqualTo(ExitCode.OUTPUT_LOST);
        assertThat(shell.err()).isEqualTo("chronotick: cannot write the output: No space left on device\n");
        assertThat(Main.run(withOutput(new Output(failing("Broken pipe"))), "config", "sample"))
                .as("| head has what it wanted")
                .isZero();
    }

    private Shell withOutput(Output output) {
        Shell other = shell.shell();
        return new Shell(output, other.err(), other.environment(), false);
    }

    private static OutputStream failing(String reason) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(reason);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                throw new IOException(reason);
            }
        };
    }

    @Test
    void shouldNameACommandThatWorksHere() {
        assertThat(Shell.hint("start one with: chronotick daemon")).isEqualTo("start one with: chronotick daemon");
        System.setProperty("chronotick.command", "./chronotick");
        try {
            assertThat(Shell.hint("start one with: chronotick daemon; see: chronotick --help"))
                    .isEqualTo("start one with: ./chronotick daemon; see: ./chronotick --help");
            assertThat(Shell.hint("the segment /dev/shm/chronotick shm, ./chronotick read"))
                    .isEqualTo("the segment /dev/shm/chronotick shm, ./chronotick read");
        } finally {
            System.clearProperty("chronotick.command");
        }
    }

    @Test
    void shouldTakeHelpForACommand() {
        assertThat(shell.run("help")).isZero();
        assertThat(shell.out()).contains("Usage: chronotick [-hV] COMMAND");
        assertThat(shell.run("help", "read")).isZero();
        assertThat(shell.out()).contains("Usage: chronotick read");
        assertThat(shell.run("help", "raed")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("did you mean read?").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "read --shm",
                "monitor --interval 0",
                "monitor --interval soon",
                "monitor --count -1",
                "benchmark --iterations 0",
                "query",
                "query --timeout 0 127.0.0.1",
                "query 127.0.0.1:0",
                "demo --duration 1",
                "daemon --freq 0",
                "daemon --freq 5000",
                "daemon --cpu-affinity 99999",
                "daemon --log-level LOUD",
                "daemon --config /nonexistent/chronotick.yaml"
            })
    void shouldExplainWrongUsageInOneLine(String line) {
        assertThat(shell.run(line.split(" "))).isEqualTo(ExitCode.USAGE);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err()).startsWith("chronotick: ").hasLineCount(1);
    }

    @Test
    void shouldUnderstandQuicklyWhatPicocliUnderstands() {
        List<String[]> lines = List.of(
                new String[] {"read"},
                new String[] {"read", "--json"},
                new String[] {"read", "--shm", "x", "--json"},
                new String[] {"read", "--shm=x"},
                new String[] {"now"},
                new String[] {"now", "--for-agent", "--shm", "x"},
                new String[] {"json", "--pretty"},
                new String[] {"status", "--shm", "y"},
                new String[] {"sources", "--drops"});
        for (String[] line : lines) {
            SegmentCommand quick = Objects.requireNonNull(QuickStart.parse(shell.shell(), line));
            CommandLine root = CommandTree.commandLine(shell.shell(), line);
            SegmentCommand slow = (SegmentCommand)
                    root.parseArgs(line).subcommand().commandSpec().userObject();
            assertThat(quick).usingRecursiveComparison().ignoringFields("shell").isEqualTo(slow);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "read --help",
                "read --shm",
                "read --shm --json",
                "read x",
                "read --shm a --shm b",
                "now --for-people",
                "monitor"
            })
    void shouldLeaveToPicocliWhatIsNotPlain(String line) {
        assertThat(QuickStart.parse(shell.shell(), line.split(" "))).isNull();
    }

    @Test
    void shouldNotShowAStackTraceUnlessAsked() {
        assertThat(Main.guard(shell.shell(), () -> {
                    throw new IllegalStateException("broken");
                }))
                .isEqualTo(ExitCode.INTERNAL_ERROR);
        assertThat(shell.err())
                .contains("internal error", "broken", "CHRONOTICK_DEBUG=1")
                .hasLineCount(1);
        shell.with("CHRONOTICK_DEBUG", "1");
        assertThat(Main.guard(shell.shell(), () -> {
                    throw new IllegalStateException("broken");
                }))
                .isEqualTo(ExitCode.INTERNAL_ERROR);
        assertThat(shell.err()).contains("at io.chronotick.cli");
    }

    @Test
    void shouldPrintACompletionScript() {
        assertThat(shell.run("completion")).isZero();
        assertThat(shell.out()).startsWith("#!").contains("benchmark", "--iterations");
    }

    @Test
    void shouldReportEveryMistakeOfAConfiguration() throws IOException {
        Path file = directory.resolve("bad.yaml");
        Files.writeString(file, "daemon:\n  frequency: 0\n  frequenzy: 1\n");
        assertThat(shell.run("config", "check", file.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).hasLineCount(2).contains("bad.yaml:2:", "bad.yaml:3:");
    }

    @Test
    void shouldShowSampleAndSchemaOfTheConfiguration() throws IOException {
        assertThat(shell.run("config", "sample")).isZero();
        Path file = directory.resolve("sample.yaml");
        Files.writeString(file, shell.out());
        assertThat(shell.run("config", "check", file.toString())).isZero();
        assertThat(shell.run("config", "show", "--freq", "10")).isZero();
        assertThat(shell.out()).containsPattern("daemon\n  frequency +10 +option --freq");
        assertThat(shell.run("config", "show", "--freq", "10", "--wide")).isZero();
        assertThat(shell.out()).containsPattern("daemon.frequency +10 +option --freq");
        assertThat(shell.run("config", "schema")).isZero();
        assertThat(shell.out()).startsWith("{");
    }

    @Test
    void shouldReadServersInAllNotations() {
        assertThat(QueryCommand.address("h")).isEqualTo(ServerConfig.of("h", 123));
        assertThat(QueryCommand.address("h:1")).isEqualTo(ServerConfig.of("h", 1));
        assertThat(QueryCommand.address("::1")).isEqualTo(ServerConfig.of("::1", 123));
        assertThat(QueryCommand.address("[::1]")).isEqualTo(ServerConfig.of("::1", 123));
        assertThat(QueryCommand.address("[::1]:65535")).isEqualTo(ServerConfig.of("::1", 65_535));
        for (String bad : List.of("", ":1", "h:", "h:0", "h:65536", "h:x", "[::1", "[::1]x", "[]:1")) {
            assertThatThrownBy(() -> QueryCommand.address(bad)).isInstanceOf(UserException.class);
        }
    }

    @Test
    void shouldQueryAServerAndNameTheOneThatFails() throws IOException {
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, 3_600_000_000_000L, 0);
        try (ReferenceServer good = ReferenceServer.start(
                        ReferenceServerConfig.builder(truth).stratum(2).build(), clocks);
                ReferenceServer bad = ReferenceServer.start(
                        ReferenceServerConfig.builder(truth).build(), clocks)) {
            bad.misbehave(Misbehaviour.KISS_DENY);
            String goodName = "127.0.0.1:" + good.address().getPort();
            String badName = "127.0.0.1:" + bad.address().getPort();
            // Long patience: the machine may be slow, and the answers end the wait anyway.
            assertThat(shell.run("query", "--timeout", "30", goodName, badName)).isZero();
            // An hour ahead; how exactly depends on this machine's load.
            assertThat(shell.out()).containsPattern(goodName + " +127.0.0.1 +2 +\\+(3599\\.9|3600\\.)\\d+ s");
            assertThat(shell.err()).contains(badName, "DENY").hasLineCount(1);
            assertThat(shell.run("query", "--timeout", "30", badName)).isEqualTo(ExitCode.NOT_MET);
        }
    }
}
