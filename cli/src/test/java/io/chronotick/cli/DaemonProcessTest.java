// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon as a process of its own, told what to do by signals, as people and supervisors do. */
@DisabledOnOs(OS.WINDOWS)
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

    private Process daemon(ReferenceServer server) throws IOException {
        Path config = directory.resolve("chronotick.yaml");
        Files.writeString(config, """
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
                config.toString(),
                "--shm",
                segment.toString()));
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
    void shouldSayThatItReadsNoConfigurationAgainAndGoOn() throws IOException, InterruptedException {
        try (ReferenceServer server = server()) {
            Process daemon = daemon(server);
            await("READY", () -> shell.run("status") == ExitCode.OK);
            signal(daemon, "-HUP");
            await("the line", () -> logged("SIGHUP: the configuration is read at the start only"));
            assertThat(daemon.isAlive()).isTrue();
            assertThat(shell.run("status")).isEqualTo(ExitCode.OK);
            signal(daemon, "-TERM");
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).isZero();
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
