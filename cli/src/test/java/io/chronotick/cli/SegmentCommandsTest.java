// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.client.SourceRow;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SegmentCommandsTest {
    /** Larger than any process id of Linux (2^22). */
    private static final int NO_PROCESS = 1 << 30;

    private static final long HOUR_NANOS = 3_600_000_000_000L;

    @TempDir
    Path directory;

    private Path segment = Path.of("");
    private TestShell shell = new TestShell();
    private SampleSegment sample = new SampleSegment(0);

    @BeforeEach
    void prepare() {
        segment = directory.resolve("segment");
        shell = new TestShell().with("CHRONOTICK_SHM", segment);
        sample = new SampleSegment(ProcessHandle.current().pid());
        // The machine may be slow: a record a few seconds old still has to count as that of a running daemon.
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
    }

    private int run(String... arguments) throws IOException {
        sample.writeTo(segment);
        return shell.run(arguments);
    }

    private void flags(int flags) {
        sample.bytes.putInt(RecordLayout.FLAGS, flags);
    }

    private void expire() {
        long mono = sample.bytes.getLong(RecordLayout.MONOTONIC_NS);
        sample.bytes.putLong(RecordLayout.MONOTONIC_NS, mono - HOUR_NANOS);
    }

    @Test
    void shouldPrintEveryLineOfRead() throws IOException {
        assertThat(run("read")).isZero();
        assertThat(shell.out().lines().map(line -> line.substring(0, line.indexOf(':'))))
                .containsExactly(
                        "Corrected Time",
                        "System Time",
                        "Offset",
                        "Drift Rate",
                        "Uncertainty",
                        "Bound",
                        "Earliest",
                        "Latest",
                        "Confidence",
                        "Source",
                        "Valid",
                        "NTP Ready",
                        "Models Ready");
        assertThat(shell.out())
                .containsPattern(
                        "Corrected Time: +\\d+\\.\\d{9} s +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z\n")
                .contains("+12.0000 ppm", "98.0 %", "CPU_MODEL", "(1σ)");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldEmitJsonThatItsSchemaDescribes() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        assertThat(run("json", "--pretty")).isZero();
        JsonNode json = mapper.readTree(shell.out());
        assertThat(run("json", "--schema")).isZero();
        JsonNode schema = mapper.readTree(shell.out());
        assertThat(names(json)).isEqualTo(names(schema.get("properties")));
        List<String> required = new ArrayList<>();
        schema.get("required").forEach(name -> required.add(name.asText()));
        assertThat(required).isEqualTo(names(json));
        assertThat(json.get("corrected_time_ns").isTextual()).isTrue();
        long corrected = json.get("corrected_time_ns").asLong();
        assertThat(json.get("earliest_ns").asLong()).isLessThan(corrected);
        assertThat(json.get("latest_ns").asLong()).isGreaterThan(corrected);
        assertThat(json.get("corrected_time").asDouble()).isEqualTo(corrected / 1e9);
        assertThat(json.get("confidence").asText()).isEqualTo("0.98");
        assertThat(json.get("source").asText()).isEqualTo("CPU_MODEL");
        assertThat(json.get("measurement_count").asInt()).isEqualTo(40);
        assertThat(json.get("is_valid").asBoolean()).isTrue();
    }

    @Test
    void shouldPrintTheSameJsonFieldsForReadJson() throws IOException {
        assertThat(run("read", "--json")).isZero();
        assertThat(shell.out().lines()).hasSize(1);
        assertThat(shell.out()).startsWith("{\"corrected_time\":").endsWith("}\n");
    }

    @Test
    void shouldWriteNullForWhatIsNotANumber() throws IOException {
        sample.bytes.putDouble(RecordLayout.DAEMON_UPTIME, Double.NaN);
        sample.bytes.putFloat(RecordLayout.AVERAGE_LATENCY_MS, Float.POSITIVE_INFINITY);
        assertThat(run("json")).isZero();
        JsonNode json = new ObjectMapper().readTree(shell.out());
        assertThat(json.get("daemon_uptime").isNull()).isTrue();
        assertThat(json.get("average_latency_ms").isNull()).isTrue();
    }

    @Test
    void shouldSayExpiredWhileTheWriterLives() throws IOException {
        expire();
        assertThat(run("read")).isEqualTo(ExitCode.EXPIRED);
        assertThat(shell.out()).contains("Corrected Time:  none", "Valid:           no", "Record Age:");
        assertThat(shell.err()).contains("expired").hasLineCount(1);
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("State:           EXPIRED");
        assertThat(run("json")).isEqualTo(ExitCode.EXPIRED);
        assertThat(new ObjectMapper()
                        .readTree(shell.out())
                        .get("corrected_time_ns")
                        .isNull())
                .isTrue();
    }

    @Test
    void shouldSayNoDaemonWhenTheWriterIsGone() throws IOException {
        sample.bytes.putInt(RecordLayout.WRITER_PID, NO_PROCESS);
        expire();
        assertThat(run("read")).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.err()).contains("gone").hasLineCount(1);
        assertThat(run("status")).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.out()).startsWith("State:           NOT RUNNING");
    }

    @Test
    void shouldStillShowTheTimeWhenTheWriterHasJustDied() throws IOException {
        sample.bytes.putInt(RecordLayout.WRITER_PID, NO_PROCESS);
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 1000);
        // Older than three ticks, valid for another hour.
        long mono = sample.bytes.getLong(RecordLayout.MONOTONIC_NS);
        sample.bytes.putLong(RecordLayout.MONOTONIC_NS, mono - 1_000_000_000L);
        double anchor = sample.bytes.getDouble(RecordLayout.SYSTEM_TIMESTAMP);
        sample.bytes.putDouble(RecordLayout.VALID_UNTIL, anchor + 3600);
        assertThat(run("read")).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.out()).contains("Valid:           yes", "Record Age:");
        assertThat(shell.err()).contains("is gone").hasLineCount(1);
    }

    @Test
    void shouldSayNoDaemonWithoutSegment() {
        for (String command : List.of("read", "json", "sources", "benchmark")) {
            assertThat(shell.run(command)).isEqualTo(ExitCode.NO_DAEMON);
            assertThat(shell.out()).isEmpty();
            assertThat(shell.err())
                    .contains("no segment at " + segment, "chronotick daemon")
                    .hasLineCount(1);
        }
        assertThat(shell.run("status")).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.out()).isEqualTo("State:           NOT RUNNING\n");
    }

    @Test
    void shouldRefuseAFileThatIsNoSegment() throws IOException {
        Files.writeString(segment, "hello");
        assertThat(shell.run("read")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).hasLineCount(1);
        assertThat(shell.run("cleanup")).isEqualTo(ExitCode.NOT_MET);
        assertThat(segment).exists();
    }

    @Test
    void shouldTellReadyFromWarmingUpAndHoldover() throws IOException {
        assertThat(run("status")).isZero();
        assertThat(shell.out())
                .startsWith("State:           READY\n")
                .contains("Measurements:    40", segment.toString());
        flags(RecordLayout.FLAG_VALID | RecordLayout.FLAG_WARMUP_COMPLETE | RecordLayout.FLAG_HOLDOVER);
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("State:           HOLDOVER\n");
        flags(0);
        sample.bytes.putFloat(PageLayout.WARMUP_PROGRESS, 0.5f);
        sample.text(PageLayout.WAITING_FOR, "4 more exchanges");
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("State:           WARMING UP 50 %\nWaiting For:     4 more exchanges\n");
        assertThat(shell.err())
                .startsWith("chronotick: waiting for 4 more exchanges: wait")
                .hasLineCount(1);
        assertThat(run("read")).isEqualTo(ExitCode.NOT_MET);
    }

    @Test
    void shouldSayWarmingUpBeforeTheFirstMeasurement() throws IOException {
        knowsNothing(sample);
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("State:           WARMING UP");
        assertThat(run("read")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err()).contains("is measuring").hasLineCount(1);
        assertThat(shell.out()).contains("Offset:          not known yet").doesNotContain("±");
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("Offset:          not known yet").doesNotContain("±-");
    }

    /** The daemon says what it waits for after the warm-up, too: then it has taken its time back. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "answers from 2 more servers | remove those that are gone from clock_measurement.ntp.servers, and have the daemon read that: kill -HUP",
                "servers to agree on a move of 0.300 s, or a restart | and have the daemon read that: kill -HUP",
                "an answer from one more server | chronotick sources",
                "servers that agree | chronotick query",
                "servers or local clock have jumped: is it to stay? | wait some minutes",
                "step of 3.000 s > max_step: restart if it is right | restart the daemon"
            })
    void shouldSayWithdrawnWithReasonAndRemedy(String reason, String remedy) throws IOException {
        flags(RecordLayout.FLAG_WARMUP_COMPLETE | RecordLayout.FLAG_NTP_READY);
        sample.text(PageLayout.WAITING_FOR, reason);
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out())
                .startsWith("State:           WITHDRAWN\nWaiting For:     " + reason + "\n")
                .doesNotContain("EXPIRED");
        assertThat(shell.err()).contains("withdrawn", reason, remedy).hasLineCount(1);
        assertThat(run("read")).isEqualTo(ExitCode.EXPIRED);
        assertThat(shell.err()).contains("withdrawn", reason, remedy).hasLineCount(1);
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out().replaceAll("\\s+", " "))
                .contains(
                        "✓ Daemon runs",
                        "✗ Time can be read (WITHDRAWN) waits for " + reason,
                        remedy,
                        "1 check fails.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a first answer: 4 x name not found | DNS",
                "a first answer: 2 x network is unreachable | ip route",
                "a first answer: connection refused | host and port",
                "a first answer: 1 x clock not read | the daemon's log says why the clock of this machine is not used",
                "a first answer: 3 x no answer | no answer to 88 packets: check that UDP port 123 is open"
            })
    void shouldSayWhyNobodyAnswers(String reason, String remedy) throws IOException {
        knowsNothing(sample);
        sample.text(PageLayout.WAITING_FOR, reason);
        sample.bytes.putFloat(PageLayout.WARMUP_PROGRESS, 0);
        for (int i = 0; i < 2; i++) {
            sample.bytes.putInt(PageLayout.SOURCES + i * PageLayout.SOURCE_SIZE + PageLayout.SOURCE_ACCEPTED, 0);
        }
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("State:           WARMING UP 0 %\nWaiting For:     " + reason + "\n");
        assertThat(shell.err()).contains(reason, remedy).hasLineCount(1);
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out().replaceAll("\\s+", " "))
                .contains("✗ Warm-up complete (0 %) waits for " + reason, remedy, "1 check fails.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "an answer: 2 x name not found | DNS",
                "an answer: 2 x network is unreachable | ip route",
                "an answer: 2 x connection refused | host and port",
                "an answer: 2 x no answer | no answer to 88 packets: check that UDP port 123 is open"
            })
    void shouldSayWhyNobodyAnswersAnyMore(String reason, String remedy) throws IOException {
        flags(RecordLayout.FLAG_VALID | RecordLayout.FLAG_WARMUP_COMPLETE | RecordLayout.FLAG_HOLDOVER);
        sample.text(PageLayout.WAITING_FOR, reason);
        run("status");
        assertThat(shell.out()).startsWith("State:           HOLDOVER\nWaiting For:     " + reason + "\n");
        assertThat(shell.err()).contains(reason, remedy).hasLineCount(1);
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out().replaceAll("\\s+", " "))
                .contains("✗ Status is READY (HOLDOVER) waits for " + reason + ": ", remedy);
    }

    @Test
    void shouldNotWaitForAFirstAnswerOnceThereIsOne() throws IOException {
        knowsNothing(sample);
        sample.text(PageLayout.WAITING_FOR, "a first answer from a server");
        assertThat(run("status")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("Waiting For:     more answers\n", "1 of 2 selected");
    }

    @Test
    void shouldReportADeadDaemonOnce() throws IOException {
        sample.bytes.putInt(RecordLayout.WRITER_PID, NO_PROCESS);
        expire();
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("✗ Daemon runs", "1 check fails.").containsOnlyOnce("✗");
        Files.delete(segment);
        assertThat(shell.run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("✗ Daemon runs", "1 check fails.").containsOnlyOnce("✗");
    }

    /** A busy machine: the record at hand is late, and the next one comes. */
    @Test
    void shouldNotCallALateDaemonStopped() throws Exception {
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 1000);
        long mono = sample.bytes.getLong(RecordLayout.MONOTONIC_NS);
        sample.bytes.putLong(RecordLayout.MONOTONIC_NS, mono - 5_000_000_000L);
        sample.writeTo(segment);
        CompletableFuture<Void> next = CompletableFuture.runAsync(
                this::publishNow, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));
        shell.run("doctor");
        assertThat(shell.out()).contains("✓ Daemon runs");
        next.join();
    }

    private void publishNow() {
        try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            ByteBuffer now = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            file.write(now.putLong(0, System.nanoTime()), RecordLayout.MONOTONIC_NS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldListTheServersAndTheirDrops() throws IOException {
        assertThat(run("sources", "--wide")).isZero();
        assertThat(shell.out())
                .containsPattern("\\* +ntp1.example.net +selected +2 +377 +16 s +\\+400.000 µs")
                .containsPattern("x +ntp2.example.net:1123 +falseticker");
        assertThat(run("sources", "--drops")).isZero();
        assertThat(shell.out()).containsPattern("ntp1.example.net +44 +40 +3 +3 late");
    }

    private void source(int index, String mapped, int port, int trouble, int unanswered) {
        int row = PageLayout.SOURCES + index * PageLayout.SOURCE_SIZE;
        sample.bytes.put(row + PageLayout.SOURCE_ADDRESS, HexFormat.of().parseHex(mapped));
        sample.bytes.putShort(row + PageLayout.SOURCE_PORT, (short) port);
        sample.bytes.put(row + PageLayout.SOURCE_TROUBLE, (byte) trouble);
        sample.bytes.put(row + PageLayout.SOURCE_UNANSWERED, (byte) unanswered);
    }

    /** It is no server, and cannot be asked as one. */
    @Test
    void shouldNotAskAClockOfThisMachineOverTheNetwork() throws IOException {
        knowsNothing(sample);
        int row = PageLayout.SOURCES;
        sample.bytes.put(row + PageLayout.SOURCE_NAME, new byte[PageLayout.SOURCE_NAME_SIZE]);
        sample.text(row + PageLayout.SOURCE_NAME, "/dev/ptp0");
        sample.bytes.put(row + PageLayout.SOURCE_REACH, (byte) 0);
        sample.bytes.putFloat(PageLayout.WARMUP_PROGRESS, 0);
        source(0, "0".repeat(32), 0, SourceRow.Trouble.CLOCK_UNREADABLE.code(), 0);
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("1 check fails.").doesNotContain("/dev/ptp0");
        run("sources");
        assertThat(shell.out()).contains("\n/dev/ptp0: this clock of the host is not used");
    }

    private static final String IPV6 = "20010db8000000000000000000000005";
    private static final String IPV4 = "00000000000000000000ffffc0000201";

    @Test
    void shouldSayWhereAServerIsAskedUnlessItsNameDoes() throws IOException {
        source(0, IPV6, 123, 0, 0);
        source(1, IPV4, 1123, 0, 0);
        run("sources");
        assertThat(shell.out())
                .contains("\nntp1.example.net is 2001:db8::5\n")
                .contains("\nntp2.example.net:1123 (192.0.2.1): its time is +80.000 ms ±50.000 µs from that\n")
                .contains("    of the majority (falseticker)\n");
        // As an operator may write it.
        sample = new SampleSegment(ProcessHandle.current().pid());
        int row = PageLayout.SOURCES;
        sample.bytes.put(row + PageLayout.SOURCE_NAME, new byte[PageLayout.SOURCE_NAME_SIZE]);
        sample.text(row + PageLayout.SOURCE_NAME, "[2001:db8::5]:1123");
        source(0, IPV6, 1123, 0, 0);
        run("sources");
        assertThat(shell.out()).doesNotContain("2001:db8::5]:1123 is", "2001:db8::5]:1123 (");
        // The name of a server of which only the key exchange has a name.
        source(0, IPV4, 11_123, 0, 0);
        run("sources");
        assertThat(shell.out()).contains("[2001:db8::5]:1123 is 192.0.2.1 port 11123\n");
    }

    @ParameterizedTest
    @EnumSource(SourceRow.Trouble.class)
    void shouldHaveWordsForEachTroubleThatFit(SourceRow.Trouble trouble) throws IOException {
        source(0, IPV6, 123, trouble.code(), 12);
        run("sources");
        assertThat(shell.out()).contains("\nntp1.example.net (2001:db8::5): ");
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= 80);
        run("sources", "--wide");
        assertThat(shell.out().lines().filter(line -> line.startsWith("ntp1.example.net (")))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NO_ANSWER | 12 | no answer to 12 packets; check the address, and whether UDP port 123 is open outbound",
                "NO_ANSWER | 1 | no answer to 1 packet; check the address",
                "NO_ANSWER | 255 | no answer to more than 254 packets; check",
                "CONNECTION_REFUSED | 3 | no answer to 3 packets; connection refused: no NTP server listens there",
                "RATE_LIMITED | 0 | has asked for fewer requests (kiss code RATE); is asked every 16 s now",
                "DENIED | 0 | refuses to serve this machine (kiss code DENY or RSTR); asked again after an hour",
                "UNSYNCHRONIZED | 0 | is not synchronized itself (stratum 2)",
                "ROOT_DISTANCE | 0 | is 4.000 ms away from its reference clock (root distance), more than 3 s",
                "NAME_NOT_FOUND | 0 | name not found; check it",
                "NETWORK_UNREACHABLE | 0 | network is unreachable: requests do not leave"
            })
    void shouldSayWhatIsWrongWithAServersAnswers(SourceRow.Trouble trouble, int unanswered, String words)
            throws IOException {
        source(0, IPV4, 123, trouble.code(), unanswered);
        run("sources");
        assertThat(shell.out().replaceAll("\\s+", " ")).contains(" ntp1.example.net (192.0.2.1): " + words);
    }

    @Test
    void shouldListTheServersAsJson() throws IOException {
        source(0, IPV6, 123, SourceRow.Trouble.NO_ANSWER.code(), 12);
        assertThat(run("sources", "--json")).isZero();
        JsonNode json = new ObjectMapper().readTree(shell.out());
        assertThat(json).hasSize(2);
        assertThat(json.get(0).get("name").asText()).isEqualTo("ntp1.example.net");
        assertThat(json.get(0).get("address").asText()).isEqualTo("2001:db8::5");
        assertThat(json.get(0).get("port").asInt()).isEqualTo(123);
        assertThat(json.get(0).get("trouble").asText()).startsWith("no answer to 12 packets");
        assertThat(json.get(0).get("trouble_code").asText()).isEqualTo("no_answer");
        assertThat(json.get(0).get("offset").asDouble()).isEqualTo(0.4e-3);
        assertThat(json.get(1).get("address").isNull()).isTrue();
        assertThat(json.get(1).get("state").asText()).isEqualTo("falseticker");
        assertThat(json.get(1).get("trouble").asText()).startsWith("its time is +80.000 ms");
        assertThat(json.get(1).get("trouble_code").isNull()).isTrue();
        sample.bytes.putInt(PageLayout.SOURCE_COUNT, 0);
        run("sources", "--json");
        assertThat(shell.out()).isEqualTo("[]\n");
    }

    @Test
    void shouldMonitorOneLineAReadingInAPipe() throws IOException {
        assertThat(run("monitor", "--interval", "0.001", "--count", "3")).isZero();
        assertThat(shell.out().lines().filter(line -> !line.startsWith("#"))).hasSize(3);
        assertThat(shell.out()).doesNotContain("\u001b");
    }

    @Test
    void shouldGiveTheTerminalBackAfterMonitoring() throws IOException {
        shell.onTerminal();
        assertThat(run("monitor", "--interval", "0.001", "--count", "2")).isZero();
        assertThat(shell.out()).startsWith("\u001b[?1049h").endsWith("\u001b[?1049l");
    }

    @Test
    void shouldMonitorUntilTheDaemonComes() {
        assertThat(shell.run("monitor", "--interval", "0.001", "--count", "2")).isEqualTo(ExitCode.NO_DAEMON);
        assertThat(shell.out()).contains("# no segment");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void shouldCleanUpOnlyWhatADeadDaemonLeft() throws Exception {
        assertThat(shell.run("cleanup")).isZero();
        assertThat(shell.out()).startsWith("nothing to remove");
        ClockDomain here = HostClocks.system().domain();
        try (SegmentFile living = SegmentFile.claim(segment, here)) {
            living.buffer().put(0, sample.bytes.array());
            // The daemon lives, in a container: its process id says nothing here, and how old its record is neither.
            living.buffer().putInt(RecordLayout.WRITER_PID, NO_PROCESS);
            assertThat(shell.run("cleanup")).isEqualTo(ExitCode.NOT_MET);
            assertThat(shell.err()).contains("running daemon").hasLineCount(1);
            assertThat(segment).exists();
        }
        // Dead, and its process id is that of somebody who lives.
        assertThat(run("cleanup")).isZero();
        assertThat(shell.out()).isEqualTo("removed " + segment + "\n");
        assertThat(segment).doesNotExist();
    }

    @Test
    void shouldAdviseByTheClaimAndNotByTheProcessId() throws Exception {
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 100);
        expire();
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).containsPattern("✗ Daemon runs .*\n    start it with");
        Files.delete(segment);
        try (SegmentFile stopped =
                SegmentFile.claim(segment, HostClocks.system().domain())) {
            stopped.buffer().put(0, sample.bytes.array());
            stopped.buffer().putInt(RecordLayout.WRITER_PID, 1);
            assertThat(shell.run("doctor")).isEqualTo(ExitCode.NOT_MET);
            assertThat(shell.out())
                    .containsPattern(
                            "✗ Daemon runs .*\n    it lives and has not written for [^✓]*process 1 where it runs")
                    .doesNotContain("kill");
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // has other permissions
    void shouldRefuseASegmentOfNobodyTrustedOrOfOtherClocksInALine() throws IOException {
        run("read");
        Files.setPosixFilePermissions(segment, PosixFilePermissions.fromString("rw-rw-rw-"));
        for (String command : List.of("read", "status", "json", "sources")) {
            assertThat(shell.run(command)).as(command).isEqualTo(ExitCode.USAGE);
            assertThat(shell.err()).contains("mode 0666").hasLineCount(1);
        }
        sample.bytes.putLong(PageLayout.BOOT_ID, 1);
        for (String command : List.of("read", "status", "json", "sources")) {
            assertThat(run(command)).as(command).isEqualTo(ExitCode.USAGE);
            assertThat(shell.err()).contains("another boot").hasLineCount(1);
        }
        assertThat(shell.run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("another boot");
        assertThat(shell.run("cleanup")).isZero();
    }

    @Test
    void shouldNameTheRemedyOfEachFailedCheck() throws IOException {
        sample.bytes.putInt(RecordLayout.MEASUREMENT_COUNT, 3);
        sample.bytes.putFloat(RecordLayout.CONFIDENCE, 0.5f);
        assertThat(run("doctor")).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out())
                .contains("✓ Daemon runs", "✓ Status is READY")
                .contains("✗ More than 30 NTP measurements (3)\n    wait")
                .contains("✗ Confidence above 90 % (50.0 %)\n    wait");
    }

    @Test
    void shouldBenchmarkBesideTheRival() throws IOException {
        assertThat(run("benchmark", "--iterations", "1000")).isZero();
        assertThat(shell.out())
                .contains("Shared memory, 1 000 reads", "Rating:", "Unix-domain socket", "times quicker");
    }

    @Test
    void shouldColourOnATerminalUnlessToldNotTo() throws IOException {
        assertThat(run("status")).isZero();
        assertThat(shell.out()).doesNotContain("\u001b");
        shell.onTerminal();
        assertThat(run("status")).isZero();
        assertThat(shell.out()).contains("\u001b[32mREADY");
        shell.with("NO_COLOR", "1");
        assertThat(run("status")).isZero();
        assertThat(shell.out()).doesNotContain("\u001b");
    }

    /** As a daemon leaves it that has heard of no server yet. */
    static void knowsNothing(SampleSegment sample) {
        sample.bytes
                .putDouble(RecordLayout.OFFSET_CORRECTION, 0)
                .putDouble(RecordLayout.DRIFT_RATE, 0)
                .putDouble(RecordLayout.OFFSET_UNCERTAINTY, Double.POSITIVE_INFINITY)
                .putDouble(RecordLayout.DRIFT_UNCERTAINTY, Double.POSITIVE_INFINITY)
                .putDouble(RecordLayout.VALID_UNTIL, sample.bytes.getDouble(RecordLayout.SYSTEM_TIMESTAMP))
                .putFloat(RecordLayout.CONFIDENCE, 0)
                .putInt(RecordLayout.FLAGS, 0)
                .putInt(RecordLayout.SOURCE, 0)
                .putInt(RecordLayout.MEASUREMENT_COUNT, 0)
                .putDouble(RecordLayout.LAST_NTP_SYNC, 0)
                .putFloat(RecordLayout.MAX_ERROR, Float.POSITIVE_INFINITY);
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
