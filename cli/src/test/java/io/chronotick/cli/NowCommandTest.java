// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.TimeZone;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The time in words, in a zone that the test says. */
class NowCommandTest {
    private static final TimeZone ZONE = TimeZone.getTimeZone("Asia/Kathmandu"); // 45 min past the hour

    private static final String WORDS =
            "[MTWFS][a-z]+day, \\d{1,2} [A-Z][a-z]+ \\d{4}, \\d\\d:\\d\\d:\\d\\d \\+05:45 \\(Asia/Kathmandu\\)";

    @TempDir
    Path directory = Path.of("");

    private TestShell shell = new TestShell();
    private final SampleSegment sample =
            new SampleSegment(ProcessHandle.current().pid());

    private int now(boolean forAgent) throws IOException {
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        return run(segment, forAgent);
    }

    private int run(Path segment, boolean forAgent) {
        shell = new TestShell();
        NowCommand command = new NowCommand(shell.shell(), ZONE);
        command.shm = segment.toString();
        command.forAgent = forAgent;
        int exitCode = command.call();
        command.shell.out().flush();
        return exitCode;
    }

    @Test
    void shouldPutTheTimeIntoWords() throws IOException {
        assertThat(now(false)).isZero();
        assertThat(shell.out())
                .matches("Local:      " + WORDS + "\nUTC:        \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z\n"
                        + "Probably:   within ±39\\.\\d+ µs \\(95 %\\)\nCertainly:  within ±\\d+\\.\\d+ (µs|ms)\n");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldTellAnAgentAllInOneLine() throws IOException {
        Instant before = Instant.now();
        assertThat(now(true)).isZero();
        Instant after = Instant.now();
        Matcher line = Pattern.compile(
                        "Current time: (" + WORDS + "), in this machine's time zone; UTC (\\S+Z)\\. Measured"
                                + " against time servers by ChronoTick: probably within ±39\\.\\d+ µs \\(95 %\\), certainly within"
                                + " ±\\d+\\.\\d+ (µs|ms)\\.\n")
                .matcher(shell.out());
        assertThat(line.matches()).as(shell.out()).isTrue();
        // The sample is 23.1 ms ahead of this clock, and the line leaves out fractions.
        Instant said = Instant.parse(line.group(2));
        assertThat(said).isBetween(before.minus(Duration.ofSeconds(1)), after.plusMillis(24));
        ZonedDateTime local = ZonedDateTime.parse(
                line.group(1), DateTimeFormatter.ofPattern("EEEE, d MMMM uuuu, HH:mm:ss xxx '('VV')'", Locale.ENGLISH));
        assertThat(local.toInstant()).isEqualTo(said);
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldGiveTheMarkedSystemTimeWithoutADaemon() {
        Path nothing = directory.resolve("nothing");
        assertThat(run(nothing, true)).isZero();
        assertThat(shell.out())
                .hasLineCount(1)
                .matches(
                        "Current time: " + WORDS
                                + ", in this machine's time zone; UTC \\S+Z\\. This is the system clock, not"
                                + " synchronized by ChronoTick: it may be wrong by any amount\\. Cause: .*chronotick daemon --shm \\S+\\.\n")
                .doesNotContain("certainly");
        assertThat(shell.err()).isEmpty();
        assertThat(run(nothing, false)).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.out())
                .contains("Source:     the system clock, not synchronized: it may be wrong by any amount\n")
                .doesNotContain("Certainly");
        assertThat(shell.err()).contains("chronotick daemon").hasLineCount(1);
    }

    /** Nor a time that the daemon does not vouch for. */
    @Test
    void shouldNotPassAWithdrawnOrOldTimeForAGoodOne() throws IOException {
        sample.bytes.putInt(RecordLayout.FLAGS, 0);
        assertThat(now(true)).isZero();
        assertThat(shell.out()).contains("not synchronized").doesNotContain("certainly");
        assertThat(now(false)).isEqualTo(ExitCode.NOT_MET);

        sample.bytes.putInt(RecordLayout.FLAGS, RecordLayout.FLAG_VALID | RecordLayout.FLAG_WARMUP_COMPLETE);
        sample.bytes.putLong(
                RecordLayout.MONOTONIC_NS, sample.bytes.getLong(RecordLayout.MONOTONIC_NS) - 3_600_000_000_000L);
        assertThat(now(true)).isZero();
        assertThat(shell.out()).contains("not synchronized").doesNotContain("certainly");
        assertThat(now(false)).isEqualTo(ExitCode.EXPIRED);
    }

    /** The server that a host has started may be all that measures. */
    @Test
    void shouldTellTheTimeOfAnAgentsServerWhereThereIsNoDaemon() throws IOException {
        shell.with("CHRONOTICK_SHM", directory.resolve("nothing")).with("XDG_RUNTIME_DIR", directory);
        assertThat(shell.run("now")).isEqualTo(ExitCode.NO_DAEMON);
        sample.writeTo(directory.resolve("chronotick_shm"));
        assertThat(shell.run("now", "--for-agent")).isZero();
        assertThat(shell.out()).contains("certainly within").hasLineCount(1);
        assertThat(shell.run("now")).isZero();
        assertThat(shell.err()).isEmpty();
        assertThat(shell.run("now", "--shm", directory.resolve("nothing").toString()))
                .isEqualTo(ExitCode.NO_DAEMON);
    }

    @Test
    void shouldSayTheSameByEveryWayToIt() throws IOException {
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        assertThat(shell.run("now", "--for-agent", "--shm", segment.toString())).isZero();
        assertThat(shell.out()).startsWith("Current time: ").hasLineCount(1);
        assertThat(shell.run("now", "--for-agent", "--shm", segment.toString(), "-x"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.run("now", "--shm", "")).isEqualTo(ExitCode.USAGE);
    }
}
