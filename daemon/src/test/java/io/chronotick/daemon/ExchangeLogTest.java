// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.MeasuredExchange;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** The log of exchanges: real files, a real full disk, a real chronyd. */
@Isolated("looks at all that is logged")
class ExchangeLogTest {
    private static final long LARGE = 1 << 20;
    private static final Path FULL = Path.of("/dev/full");

    @TempDir
    Path directory;

    private final LogLines said = new LogLines();
    private final List<Throwable> deaths = new CopyOnWriteArrayList<>();

    @AfterEach
    void hushUp() {
        said.close();
        assertThat(deaths).isEmpty();
    }

    private void onDeath(Thread thread, Throwable cause) {
        deaths.add(cause);
    }

    private static ExchangeCsv exchange(int i) {
        long t1 = i * 1_000_000_000L;
        return new ExchangeCsv(
                "server",
                "192.0.2.1",
                new MeasuredExchange(
                        new Exchange(0, t1, t1 + 500, t1 + 500, t1 + 1000, 0, 0, 1e-6),
                        1,
                        LeapIndicator.NONE,
                        StampKind.KERNEL));
    }

    private static void add(Path path, long largest, int from, int to) throws IOException {
        try (ExchangeFile file = new ExchangeFile(path, largest)) {
            for (int i = from; i < to; i++) {
                file.add(exchange(i));
            }
        }
    }

    private static List<String> lines(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> exchange(i).line()).toList();
    }

    private static List<String> content(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        assertThat(lines.get(0)).isEqualTo(ExchangeCsv.HEADER);
        return lines.subList(1, lines.size());
    }

    @Test
    void shouldGoOnWhereAnEarlierRunHasEnded() throws IOException {
        Path file = directory.resolve("exchanges.csv");
        add(file, LARGE, 0, 3);
        add(file, LARGE, 3, 5);
        assertThat(content(file)).isEqualTo(lines(0, 5));
    }

    @Test
    void shouldEndALineThatACrashHasLeftHalf() throws IOException {
        Path file = directory.resolve("exchanges.csv");
        add(file, LARGE, 0, 2);
        String whole = Files.readString(file);
        Files.writeString(file, whole.substring(0, whole.length() - 20));
        add(file, LARGE, 2, 3);
        List<String> lines = content(file);
        assertThat(lines.get(0)).isEqualTo(exchange(0).line());
        assertThat(ExchangeCsv.parse(lines.get(1))).isEmpty();
        assertThat(lines.get(2)).isEqualTo(exchange(2).line());
    }

    @Test
    void shouldKeepTheNewestTwoFilesAtMost() throws IOException {
        Path file = directory.resolve("exchanges.csv");
        long fourLines =
                ExchangeCsv.HEADER.length() + 1L + 4L * (exchange(10).line().length() + 1);
        add(file, fourLines, 10, 21);
        assertThat(content(directory.resolve("exchanges.csv.1"))).isEqualTo(lines(14, 18));
        assertThat(content(file)).isEqualTo(lines(18, 21));
        assertThat(directory).isDirectoryNotContaining(path -> path.toString().endsWith(".2"));
        assertThat(file.toFile().length()).isLessThanOrEqualTo(fourLines);
    }

    @Test
    void shouldNotTouchAFileOfSomethingElse() throws IOException {
        Path file = Files.writeString(directory.resolve("thesis.txt"), "Chapter one");
        assertThatThrownBy(() -> add(file, LARGE, 0, 1)).hasMessageContaining("something else");
        assertThat(file).hasContent("Chapter one");
    }

    @Test
    void shouldNotWriteOverAnotherWriter() throws IOException {
        Path path = directory.resolve("exchanges.csv");
        try (ExchangeFile first = new ExchangeFile(path, LARGE)) {
            first.add(exchange(0));
            assertThatThrownBy(() -> add(path, LARGE, 5, 6)).hasMessageContaining("another ChronoTick");
            first.add(exchange(1));
        }
        assertThat(content(path)).isEqualTo(lines(0, 2));
    }

    /** Or its lines would follow without a header once there is room. */
    @Test
    void shouldBeginAfreshWhenThereWasNoRoomForTheHeader() throws IOException {
        assumeTrue(Files.exists(FULL), "no /dev/full on this system");
        try (ExchangeFile file = new ExchangeFile(FULL, LARGE)) {
            String full = SystemWords.of(() -> Files.write(FULL, new byte[1]));
            assertThatThrownBy(file::open).hasMessageContaining(full);
            assertThatThrownBy(file::open).hasMessageContaining(full);
        }
    }

    @Test
    void shouldSayOnceThatTheDiskIsFull() {
        assumeTrue(Files.exists(FULL), "no /dev/full on this system");
        try (ExchangeLog log = ExchangeLog.start(FULL, LARGE, this::onDeath)) {
            for (int i = 0; i < 100; i++) {
                log.add(exchange(i));
            }
        }
        assertThat(said.lines())
                .containsExactly("WARN exchange log: /dev/full cannot be written: "
                        + SystemWords.of(() -> Files.write(FULL, new byte[1]))
                        + "; exchanges are not kept until it can (logging.exchanges)");
    }

    @Test
    void shouldSayThatAPipeIsNoFileAndNotWaitForAReader() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (ExchangeLog log = ExchangeLog.start(pipe, LARGE, this::onDeath)) {
            log.add(exchange(0));
            log.add(exchange(1));
        }
        assertThat(said.lines())
                .containsExactly("WARN exchange log: " + pipe
                        + " cannot be written: it is a pipe, and lines are added to files; exchanges are not kept"
                        + " until it can (logging.exchanges)");
    }

    /** As on a network file system whose server is gone: a write does not end. */
    @Test
    void shouldDropCountAndSayOnceWhatADiskThatHangsDoesNotTake() throws Exception {
        Path path = directory.resolve("exchanges.csv");
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        ExchangeFile slow = new ExchangeFile(path, Long.MAX_VALUE) {
            @Override
            void add(ExchangeCsv exchange) throws IOException {
                hanging.countDown();
                try {
                    goesOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.add(exchange);
            }
        };
        int lost = 3;
        try (ExchangeLog log = ExchangeLog.start(path, slow, this::onDeath)) {
            log.add(exchange(0));
            hanging.await();
            for (int i = 1; i <= ExchangeLog.WAITING + lost; i++) {
                log.add(exchange(i));
            }
            assertThat(log.missing()).isEqualTo(lost);
            goesOn.countDown();
            TestDaemon.await("what waits", () -> linesIn(path) == 1 + 1 + ExchangeLog.WAITING);
        }
        assertThat(said.lines())
                .containsExactly(
                        "INFO exchange log: every exchange is kept in " + path,
                        "WARN exchange log: " + path + " takes nothing any more, and " + ExchangeLog.WAITING
                                + " exchanges wait for it; more are not kept until it does (logging.exchanges)",
                        "INFO exchange log: " + path + " can be written again; 3 exchanges are missing in it");
    }

    /** What the recording cannot do without. */
    @Test
    void shouldSayThatTheThreadThatMeasuresHasDied() throws Exception {
        DeadlyLog deadly = new DeadlyLog("chronotick-network");
        try (ExchangeRecorder recorder = ExchangeRecorder.start(
                TestDaemon.config(directory, 1, 0.05, List.of("127.0.0.1:9")), directory.resolve("exchanges.csv"))) {
            TestDaemon.await("its death", () -> hasDied(recorder));
        } finally {
            deadly.close();
        }
    }

    private static boolean hasDied(ExchangeRecorder recorder) {
        try {
            return recorder.count().exchanges() > 0;
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage()).contains("LinkageError: the log is gone");
        }
    }

    @Test
    void shouldGoOnWhenTheFileCanBeWrittenAgain() throws IOException {
        Path later = directory.resolve("later");
        Path file = later.resolve("exchanges.csv");
        try (ExchangeLog log = ExchangeLog.start(file, LARGE, this::onDeath)) {
            log.add(exchange(0));
            log.add(exchange(1));
            TestDaemon.await("the line", () -> !said.lines().isEmpty());
            TestDaemon.await("both to be lost", () -> log.missing() == 2);
            Files.createDirectory(later);
            log.add(exchange(2));
        }
        assertThat(said.lines())
                .containsExactly(
                        "WARN exchange log: " + file
                                + " cannot be written: no such file or directory; exchanges are not kept"
                                + " until it can (logging.exchanges)",
                        "INFO exchange log: " + file + " can be written again; 2 exchanges are missing in it");
        assertThat(content(file)).isEqualTo(lines(2, 3));
    }

    @Test
    void shouldKeepWhatADaemonMeasuresWithARealServer() throws Exception {
        try (RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")))) {
            Path file = directory.resolve("exchanges.csv");
            String yaml = """
                    clock_measurement:
                      ntp: {servers: ["%s"]}
                      timing: {warm_up: {measurement_interval: 0.05}}
                    logging: {exchanges: "%s"}
                    daemon: {shm: "%s"}
                    """.formatted(chronyd.address(), file, directory.resolve("segment"));
            try (Daemon daemon = Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                    .config())) {
                assertThat(daemon.segment()).exists();
                TestDaemon.await("eight exchanges", () -> linesIn(file) > 8);
            }
            List<ExchangeCsv> read = content(file).stream()
                    .map(line -> ExchangeCsv.parse(line).orElseThrow())
                    .toList();
            assertThat(read).hasSizeGreaterThanOrEqualTo(8);
            for (int i = 1; i < read.size(); i++) {
                assertThat(read.get(i).continues(read.get(i - 1))).isTrue();
            }
            assertThat(read.get(0).server()).isEqualTo(chronyd.address());
            assertThat(read.get(0).address()).isEqualTo("127.0.0.1");
            assertThat(read.get(0).measured().stratum()).isEqualTo(8);
        }
    }

    @Test
    void shouldRecordWithoutADaemon() throws Exception {
        try (RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")))) {
            Path file = directory.resolve("exchanges.csv");
            List<ServerConfig> servers = TestDaemon.config(directory, 1, 0.05, List.of(chronyd.address()))
                    .servers();
            ExchangeRecorder recorder = ExchangeRecorder.start(
                    TestDaemon.config(directory, 16, 0.05, List.of("127.0.0.1:9"))
                            .measuring(servers, OptionalDouble.of(1)),
                    file);
            try (recorder) {
                TestDaemon.await("nine exchanges", () -> recorder.count().exchanges() >= 9);
                assertThatThrownBy(() -> ExchangeRecorder.start(
                                TestDaemon.config(directory, 1, 0.05, List.of(chronyd.address())), file))
                        .isInstanceOf(DaemonException.class)
                        .hasMessage(file + " cannot be written: another ChronoTick writes to it");
            }
            ExchangeRecorder.Count count = recorder.count();
            assertThat(count.servers()).isEqualTo(1);
            assertThat(count.longest()).isEqualTo((int) count.exchanges());
            assertThat(content(file)).hasSize((int) count.exchanges());
            assertThat(recorder.failure()).isEmpty();
        }
    }

    private static int linesIn(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file).size() : 0;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
