// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** MCP servers as hosts start them, several at a time and without a daemon: one measures, all tell the time. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OwnDaemonTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory = Path.of("");

    private final List<Process> processes = new ArrayList<>();
    private Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);

    /** Where a daemon of the host would publish. */
    private Path preferred() {
        return directory.resolve("preferred");
    }

    /** Where the processes of this user do. */
    private Path shared() {
        return directory.resolve("chronotick_shm");
    }

    @BeforeEach
    void begin() {
        truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    private ReferenceServer server() throws IOException {
        return ReferenceServer.start(ReferenceServerConfig.builder(truth).build(), CLOCKS);
    }

    private static String configuration(String server) {
        return "clock_measurement: {ntp: {servers: [\"" + server
                + "\"]}, timing: {warm_up: {measurement_interval: 0.1}}}\n";
    }

    private static String configuration(ReferenceServer server) {
        return configuration("127.0.0.1:" + server.address().getPort());
    }

    private Process start(String configuration) throws IOException {
        Path config = directory.resolve("config.yaml");
        // Not again what is there: a process that is starting would find the file empty for a moment, and take the
        // defaults.
        if (!Files.exists(config) || !Files.readString(config).equals(configuration)) {
            Files.writeString(config, configuration);
        }
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "mcp",
                "--shm",
                preferred().toString());
        builder.environment().put("XDG_RUNTIME_DIR", directory.toString());
        builder.environment().put("CHRONOTICK_CONFIG", config.toString());
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private static JsonNode call(Process process, String tool) throws IOException {
        Writer writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(("{`jsonrpc`:`2.0`,`id`:1,`method`:`tools/call`,`params`:{`name`:`" + tool
                        + "`,`_meta`:{`io.modelcontextprotocol/protocolVersion`:`2026-07-28`,"
                        + "`io.modelcontextprotocol/clientCapabilities`:{}}}}\n")
                .replace('`', '"'));
        writer.flush();
        return JSON.readTree(Objects.requireNonNull(
                        process.inputReader(StandardCharsets.UTF_8).readLine(), "the server has ended"))
                .get("result");
    }

    private static boolean isTimeKnown(Process process) {
        try {
            JsonNode result = call(process, "get_time");
            return result.at("/structuredContent/synchronized").asBoolean();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(10_000_000); // the class has a time limit
        }
    }

    /** Of the process that measures; 0 if none has a time. */
    private static long writer(Path segment) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            return reading.refusal() == null && reading.isWriterAlive()
                    ? reading.record().writerPid()
                    : 0;
        } catch (ChronoTickException e) {
            return 0;
        }
    }

    @Test
    void shouldMeasureInOneProcessAndGoOnInAnotherWhenThatIsKilled() throws Exception {
        try (ReferenceServer server = server()) {
            List<Process> running = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                running.add(start(configuration(server)));
            }
            for (Process process : running) {
                await(() -> isTimeKnown(process));
            }
            long first = writer(shared());
            assertThat(running).extracting(Process::pid).contains(first);
            running.removeIf(process -> process.pid() == first);
            ProcessHandle.of(first).orElseThrow().destroyForcibly();
            await(() -> writer(shared()) != first && writer(shared()) != 0);
            assertThat(running).extracting(Process::pid).contains(writer(shared()));
            for (Process process : running) {
                await(() -> isTimeKnown(process));
            }
        }
    }

    @Test
    void shouldLeaveTheMeasuringToADaemonThatComes() throws Exception {
        try (ReferenceServer server = server()) {
            Process process = start(configuration(server));
            await(() -> isTimeKnown(process));
            try (Daemon daemon = Daemon.start(ConfigLoader.parse(
                            configuration(server) + "daemon: {shm: \"" + preferred() + "\"}\n",
                            "test",
                            Map.of(),
                            ConfigOverrides.NONE,
                            64)
                    .config())) {
                await(() -> !Files.exists(shared()));
                assertThat(daemon.segment()).exists();
                assertThat(isTimeKnown(process)).isTrue();
                assertThat(call(process, "get_daemon_status")
                                .at("/structuredContent/status")
                                .asText())
                        .isEqualTo("ready");
            }
            await(() -> writer(shared()) == process.pid()); // it is needed again
        }
    }

    @Test
    void shouldGiveTheSystemClockMarkedAsSuchWhereNoServerAnswers() throws Exception {
        Process process = start(configuration("127.0.0.1:1"));
        JsonNode result = call(process, "get_time");
        assertThat(result.at("/isError").asBoolean()).isFalse();
        JsonNode time = result.at("/structuredContent");
        assertThat(time.at("/synchronized").asBoolean(true)).isFalse();
        assertThat(time.at("/source").asText()).isEqualTo("SYSTEM_CLOCK");
        assertThat(time.at("/is_valid").asBoolean(true)).isFalse();
        assertThat(time.has("earliest")).isFalse();
        assertThat(time.has("max_error")).isFalse();
        assertThat(time.has("time_uncertainty")).isFalse();
        assertThat(result.at("/content/0/text").asText()).contains("NOT SYNCHRONIZED");
        process.outputWriter().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(process.errorReader().lines()).isEmpty();
        assertThat(shared()).doesNotExist();
    }

    @Test
    void shouldEndOnASignalAndTakeItsSegmentAlong() throws Exception {
        Process process = start(configuration("127.0.0.1:1"));
        await(() -> Files.exists(shared()));
        process.toHandle().destroy(); // SIGTERM
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(shared()).doesNotExist();
    }

    /** Where a daemon has the time it is no matter; where none has, the tools go on and stderr says why. */
    @Test
    void shouldNotEndForAMistakeInTheConfiguration() throws Exception {
        Process process = start("clock_measurement: {ntp: {servers: 7}}\n");
        JsonNode time = call(process, "get_time").at("/structuredContent");
        assertThat(time.at("/source").asText()).isEqualTo("SYSTEM_CLOCK");
        assertThat(process.errorReader().readLine()).contains("config.yaml:1", "clock_measurement.ntp.servers");
        assertThat(shared()).doesNotExist();
        process.outputWriter().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void shouldShareTheSegmentOfTheUser() {
        assertThat(OwnSegment.of(Map.of("XDG_RUNTIME_DIR", directory.toString())))
                .isEqualTo(shared());
        for (String directory : List.of("", "relative", "/nowhere/at/all")) {
            Path segment = OwnSegment.of(Map.of("XDG_RUNTIME_DIR", directory));
            assertThat(segment.getParent())
                    .isEqualTo(ChronoTickReader.resolve("x").getParent());
            assertThat(segment.getFileName().toString()).startsWith("chronotick_shm_");
        }
    }
}
