// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.PageLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopCommandTest {
    /** Runs a command on a terminal of its own, makes that smaller after two frames, and presses Ctrl-C after two more. */
    private static final String TERMINAL = """
            import fcntl, os, pty, signal, struct, sys, termios
            # What a job in the background ignores it hands down, to the JVM, too.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            pid, fd = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            def resize(rows, columns):
                fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
            resize(40, 120)
            text = b''
            resized = 0
            while True:
                try:
                    more = os.read(fd, 65536)
                except OSError:
                    break
                if not more:
                    break
                text += more
                if not resized and text.count(b'\\x1b[J') >= 2:
                    resize(8, 50)
                    resized = text.count(b'\\x1b[J') + 1
                elif resized and text.count(b'\\x1b[J') >= resized + 2 and resized < 1000:
                    resized = 1000
                    os.write(fd, b'\\x03')
            status = os.waitpid(pid, 0)[1]
            sys.stdout.buffer.write(text.replace(b'\\r\\n', b'\\n'))
            sys.exit(os.waitstatus_to_exitcode(status) & 0xff)
            """;

    @TempDir
    Path directory = Path.of("");

    private final TestShell shell = new TestShell();
    private Path segment = Path.of("");

    @BeforeEach
    void write() throws IOException {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        sample.text(PageLayout.SOURCES + PageLayout.SOURCE_NAME, "a-server-with-a-rather-long-name.example.net:12345");
        segment = directory.resolve("segment");
        sample.writeTo(segment);
        shell.with("CHRONOTICK_SHM", segment);
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 50, 79, 80, 132, 300})
    void shouldPrintOneFrameThatFitsInAPipe(int width) {
        assertThat(shell.with("COLUMNS", width).run("top")).as(shell.err()).isZero();
        assertThat(shell.out()).doesNotContain("\u001b").contains("READY", "Offset ", "Bound ▁", "* a-server");
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= width).hasSizeBetween(10, 25);
        assertThat(shell.out().contains("●")).isEqualTo(width >= 79);
    }

    @Test
    void shouldPrintAsManyFramesAsAreAskedFor() {
        assertThat(shell.run("top", "--count", "3", "--interval", "0.05")).isZero();
        assertThat(shell.out().split("Offset ", -1)).hasSize(4);
        assertThat(shell.out()).contains("1σ    ▁▁▁");
    }

    @Test
    void shouldSayThatThereIsNoDaemonAndSoEnd() throws IOException {
        Files.delete(segment);
        assertThat(shell.run("top")).isEqualTo(ExitCode.NO_DAEMON);
        // Wrapped at the width, which falls elsewhere with each name.
        assertThat(shell.out()).containsIgnoringWhitespaces("the daemon is not running");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--interval 0", "--interval 4000", "--count 0", "--count -1"})
    void shouldRefuseWhatIsOutOfRange(String option) {
        String[] words = option.split(" ", -1);
        assertThat(shell.run("top", words[0], words[1])).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains(" is out of range: give ");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldFollowTheSizeOfATerminalAndGiveItBack() throws IOException, InterruptedException {
        Programs.Result result = Programs.run(
                directory,
                Map.of("CHRONOTICK_SHM", segment.toString(), "TERM", "xterm", "NO_COLOR", "1"),
                List.of(
                        "python3",
                        "-c",
                        TERMINAL,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dchronotick.terminal=true",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "top",
                        "--interval",
                        "0.1"));
        // 128 and the number of SIGINT, as of any program that is interrupted.
        assertThat(result.exitCode()).as(result::toString).isEqualTo(130);
        assertThat(result.out()).contains("\u001b[?1049h\u001b[?25l").endsWith("\u001b[?25h\u001b[?1049l");
        List<String> frames = List.of(result.out().split("\u001b\\[H", -1));
        assertThat(frames).hasSizeGreaterThan(4);
        assertThat(frames.get(1).lines()).hasSizeGreaterThan(10).anyMatch(line -> line.length() > 100);
        String last = frames.getLast().replaceAll("\u001b\\[[?0-9]*[a-zA-Z]|\\^C", "");
        assertThat(last.lines()).hasSizeLessThanOrEqualTo(8).allMatch(line -> line.length() <= 50);
    }
}
