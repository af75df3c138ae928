// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.ExpiredException;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon as a process of its own, told what to do by signals, as people and supervisors do. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "signals")
class DaemonProcessTest {
    private static final int SIGHUP = 1;
    private static final int SIGINT = 2;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    private final List<Process> started = new ArrayList<>();
    private final TestShell shell = new TestShell();
    private Path segment = Path.of("");
    private Path log = Path.of("");

    @BeforeEach
    void prepare() {
        segment = directory.resolve("segment");
        log = directory.resolve("log");
        shell.with("CHRONOTICK_SHM", segment);
    }

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    private Process daemon(ReferenceServer server, String... arguments) throws IOException {
        write("""
                clock_measurement:
                  ntp:
                    servers: ["127.0.0.1:%d"]
                  timing:
                    warm_up: {measurement_interval: 0.1}
                """.formatted(server.address().getPort()));
        List<String> command =
                new ArrayList<>(areSignalsIgnored() ? List.of("env", "--default-signal=INT,HUP") : List.of());
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "daemon",
                "--config",
                config().toString(),
                "--shm",
                segment.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        started.add(process);
        return process;
    }

    /**
     * A shell without job control lets what it starts in the background ignore SIGINT, nohup SIGHUP, and that is inherited by all
     * below.
     */
    private static boolean areSignalsIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false; // not Linux
        }
        try (Stream<String> lines = Files.lines(status)) {
            String ignored =
                    lines.filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
            long signals =
                    Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16);
            return (signals & (1L << (SIGINT - 1) | 1L << (SIGHUP - 1))) != 0;
        }
    }

    private static ReferenceServer server() throws IOException {
        HostClocks clocks = HostClocks.system();
        return ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(clocks, 0, 0)).build(), clocks);
    }

    private void await(String what, BooleanSupplier condition) throws IOException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError(
                        "waited two minutes for " + what + "; the daemon's log: " + Files.readString(log));
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-TERM", "-INT"})
    void shouldEndWellWhenToldTo(String signal) throws IOException, InterruptedException {
        try (ReferenceServer server = server()) {
            Process daemon = daemon(server);
            await("READY", () -> shell.run("status") == ExitCode.OK);
            signal(daemon, signal);
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).as(Files.readString(log)).isZero();
            assertThat(segment).doesNotExist();
            assertThat(Files.readString(log)).contains("READY after").contains("stopped; ");
            assertThat(shell.run("status")).isEqualTo(ExitCode.NO_DAEMON);
        }
    }

    @Test
    void shouldReadItsConfigurationAgainAndRefuseAWrongOne() throws IOException, InterruptedException {
        try (ReferenceServer server = server();
                ReferenceServer other = server()) {
            Process daemon = daemon(server);
            await("READY", () -> shell.run("status") == ExitCode.OK);

            write("daemon: {frequenzy: 10, shn: x}");
            signal(daemon, "-HUP");
            await(
                    "the refusal",
                    () -> logged("ERROR the configuration is refused, and all stays as it is: " + config()
                            + ":1:10: daemon.frequenzy: unknown key; did you mean frequency?"));
            assertThat(Files.readString(log)).contains("(and 1 more: chronotick config check)");
            assertThat(shell.run("status")).isEqualTo(ExitCode.OK);

            write("""
                    clock_measurement:
                      ntp:
                        servers: ["127.0.0.1:%d", "127.0.0.1:%d"]
                      timing:
                        warm_up: {measurement_interval: 0.1}
                    daemon: {frequency: 10}
                    logging: {level: DEBUG}
                    """.formatted(server.address().getPort(), other.address().getPort()));
            signal(daemon, "-HUP");
            await(
                    "the other server",
                    () -> shell.run("sources") == ExitCode.OK
                            && shell.out()
                                    .contains("127.0.0.1:" + other.address().getPort()));
            await("the line", () -> logged("WARN  daemon.frequency: 100 -> 10: holds from the next start on"));
            assertThat(Files.readString(log)).contains("servers: 1 kept, 1 added, 0 removed");
            await("the log level", () -> logged(" DEBUG "));
            assertThat(shell.run("status")).isEqualTo(ExitCode.OK);
            signal(daemon, "-TERM");
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).isZero();
        }
    }

    /** Readers at 1000 Hz take no notice of a hundred changes of the servers, some of which leave none of the former ones. */
    @Test
    @Tag("slow")
    void shouldGiveNoInvalidReadingWhileItIsReloadedAHundredTimes() throws IOException, InterruptedException {
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, 250_000_000, 0);
        List<ReferenceServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                servers.add(ReferenceServer.start(
                        ReferenceServerConfig.builder(truth).seed(i).build(), clocks));
            }
            Process daemon = daemon(servers.get(0), "--freq", "1000");
            await("READY", () -> shell.run("status") == ExitCode.OK);
            Readings readings = new Readings(segment, clocks, truth);
            Thread reader = Thread.ofPlatform().start(readings);
            List<List<Integer>> choices =
                    List.of(List.of(0, 1, 2), List.of(3), List.of(2, 3, 4), List.of(0, 1, 2, 3, 4), List.of(1, 4));
            for (int i = 1; i <= 100; i++) {
                List<Integer> choice = choices.get(i % choices.size());
                write("""
                        clock_measurement:
                          ntp:
                            servers: [%s]
                          timing:
                            warm_up: {measurement_interval: 0.1}
                        """.formatted(choice.stream()
                        .map(each ->
                                "\"127.0.0.1:" + servers.get(each).address().getPort() + '"')
                        .collect(Collectors.joining(", "))));
                int reloads = i;
                signal(daemon, "-HUP");
                await("reload " + i, () -> times(" removed\n") == reloads);
            }
            readings.stop = true;
            reader.join();
            assertThat(readings.wrong)
                    .as("of %d readings; the daemon's log: %s", readings.count, Files.readString(log))
                    .isEmpty();
            assertThat(readings.count - readings.expired).isGreaterThan(100);
            assertThat(shell.run("status")).as(shell.out()).isEqualTo(ExitCode.OK);
            signal(daemon, "-TERM");
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            servers.forEach(ReferenceServer::close);
        }
    }

    /** Reads a thousand times a second, and keeps what is no time or does not hold the truth. */
    private static final class Readings implements Runnable {
        final List<String> wrong = new ArrayList<>();
        long count;
        long expired;
        volatile boolean stop;
        private final Path segment;
        private final HostClocks clocks;
        private final Truth truth;

        Readings(Path segment, HostClocks clocks, Truth truth) {
            this.segment = segment;
            this.clocks = clocks;
            this.truth = truth;
        }

        @Override
        public void run() {
            TimeInterval now = new TimeInterval();
            try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
                while (!stop) {
                    long before = truth.truthNanosAt(clocks.rawNanos());
                    try {
                        reader.now(now);
                        long after = truth.truthNanosAt(clocks.rawNanos());
                        if (now.earliestNanos() > after || now.latestNanos() < before) {
                            wrong.add("the truth is not inside");
                        }
                    } catch (ExpiredException e) {
                        expired++; // the writer had no CPU for ten ticks, which no reload can do
                    } catch (ChronoTickException e) {
                        wrong.add(Instant.now() + ": " + e.getMessage());
                    }
                    count++;
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }

    private Path config() {
        return directory.resolve("chronotick.yaml");
    }

    private void write(String yaml) throws IOException {
        Files.writeString(config(), yaml);
    }

    private long times(String text) {
        try {
            return Files.readString(log).split(Pattern.quote(text), -1).length - 1L;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private boolean logged(String text) {
        try {
            return Files.readString(log).contains(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldBeFoundDeadWhenKilledAndBeSucceeded() throws IOException, InterruptedException {
        try (ReferenceServer server = server()) {
            Process killed = daemon(server);
            await("READY", () -> shell.run("status") == ExitCode.OK);
            killed.destroyForcibly().waitFor();

            // At once status says that it is gone, and read how old the record is; in time it expires.
            await("the end to be seen", () -> shell.run("status") == ExitCode.NO_DAEMON);
            assertThat(shell.out()).startsWith("State:           NOT RUNNING");
            assertThat(shell.run("read")).isEqualTo(ExitCode.NO_DAEMON);
            assertThat(shell.out()).contains("Record Age:");
            await("expiry", () -> {
                assertThat(shell.run("read")).isEqualTo(ExitCode.NO_DAEMON);
                return shell.out().contains("Corrected Time:  none");
            });

            Process next = daemon(server);
            await("READY again", () -> shell.run("status") == ExitCode.OK);
            assertThat(Files.readString(log)).contains("taking over");
            signal(next, "-TERM");
            assertThat(next.waitFor(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    /** A file cut short under its mapping, where no other can be made in its place: writing faults. */
    @Test
    void shouldEndWith70AndALineWhenItLosesAThread() throws IOException, InterruptedException {
        Path place = Files.createDirectory(directory.resolve("place"));
        segment = place.resolve("segment");
        shell.with("CHRONOTICK_SHM", segment);
        try (ReferenceServer server = server()) {
            Process daemon = daemon(server);
            await("READY", () -> shell.run("status") == ExitCode.OK);
            Path elsewhere = Files.move(place, directory.resolve("elsewhere"));
            try (FileChannel file = FileChannel.open(elsewhere.resolve("segment"), StandardOpenOption.WRITE)) {
                file.truncate(0);
            }
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            String said = Files.readString(log);
            assertThat(daemon.exitValue()).as(said).isEqualTo(ExitCode.INTERNAL_ERROR);
            List<String> errors =
                    said.lines().filter(line -> line.contains(" ERROR ")).toList();
            assertThat(errors).as(said).hasSize(2);
            assertThat(errors.get(0)).contains(segment + " is lost: " + place + " does not exist");
            assertThat(errors.get(1))
                    .contains(
                            "the writer thread has died: IllegalStateException: the segment was cut short, and no other"
                                    + " can be made; the record is withdrawn and the daemon ends");
            assertThat(said).doesNotContain("\tat ");
        }
    }
}
