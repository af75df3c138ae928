// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm packages, installed from their tarballs in an empty home. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the packages are built by scripts for bash")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class NpmPackagesIT {
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    static Path directory = Path.of("");

    private EmptyHome home;
    private Path installation = Path.of("");
    private final List<Process> processes = new ArrayList<>();

    @BeforeAll
    void install() throws IOException, InterruptedException {
        Packages packages = Packages.all();
        home = new EmptyHome(directory);
        installation = Files.createDirectory(directory.resolve("project"));
        home.run(
                        installation,
                        "npm",
                        "install",
                        "--offline",
                        "--no-audit",
                        "--no-fund",
                        packages.made("chronotick-\\d.*\\.tgz").toString(),
                        packages.made("chronotick-runtime-.*\\.tgz").toString())
                .check();
    }

    @AfterEach
    void stop() throws InterruptedException {
        Programs.kill(processes);
    }

    @Test
    void shouldTellTheTimeOfADaemon() throws IOException, InterruptedException {
        try (LiveDaemon daemon = new LiveDaemon(Files.createDirectory(directory.resolve("daemon")))) {
            String segment = daemon.segment().toString();
            Programs.Result version = home.run(installation, "npx", "chronotick", "--version");
            assertThat(version.check().out()).startsWith("chronotick " + Packages.version() + " (Java 25");
            assertThat(version.err()).isEmpty();
            home.assertTellsTheTime(installation, "npx", "chronotick", "mcp", "--no-embedded", "--shm", segment);
            String script = "import { Reader } from 'chronotick'; console.log(typeof Reader)";
            assertThat(home.run(installation, "node", "--input-type=module", "-e", script)
                            .check()
                            .out())
                    .isEqualTo("function\n");
            // Both caches are taken: where one does not fit, the JVM would not start now.
            String program =
                    installation.resolve("node_modules/.bin/chronotick").toString();
            home.set("JDK_JAVA_OPTIONS", "-XX:AOTMode=on");
            home.run(installation, program, "read", "--shm", segment).check();
            home.run(installation, program, "mcp", "--print-config").check();
            home.unset("JDK_JAVA_OPTIONS");
        }
        // Nothing else is written to the home of a user who owns the installation.
        assertThat(home.path().resolve(".cache")).doesNotExist();
    }

    /** Ten hosts start one each. The answers are counted where they are asked for: never more than the one asks. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void shouldMeasureInOneOfTenAndInAnotherWhenThatIsKilled(double lossProbability) throws Exception {
        boolean answers = lossProbability < 1;
        Path runtime = Files.createDirectory(directory.resolve(answers ? "answered" : "silent"));
        Path config = runtime.resolve("config.yaml");
        Path shared = runtime.resolve("chronotick_shm");
        try (ReferenceServer server = ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(CLOCKS, 23_100_000, 12))
                        .lossProbability(lossProbability)
                        .build(),
                CLOCKS)) {
            Files.writeString(
                    config,
                    "clock_measurement: {ntp: {servers: [\"127.0.0.1:"
                            + server.address().getPort() + "\"]}}\n");
            home.set("XDG_RUNTIME_DIR", runtime.toString());
            home.set("CHRONOTICK_CONFIG", config.toString());
            for (int i = 0; i < 10; i++) {
                processes.add(home.start(
                        installation,
                        runtime.resolve("err" + i),
                        "npx",
                        "chronotick",
                        "mcp",
                        "--shm",
                        runtime.resolve("no-daemon").toString()));
            }
            for (Process process : processes) {
                EmptyHome.initialize(process);
            }
            for (Process process : processes) {
                awaitTime(process, answers);
            }
            await(() -> writer(shared) != 0);
            long first = writer(shared);
            assertOneAsks(server, 0, shared);

            int one = IntStream.range(0, 10)
                    .filter(i -> processes.get(i).descendants().anyMatch(child -> child.pid() == first))
                    .findFirst()
                    .orElseThrow();
            long before = server.received();
            ProcessHandle.of(first).orElseThrow().destroyForcibly();
            await(() -> writer(shared) != first && writer(shared) != 0);
            assertOneAsks(server, before, shared);
            for (int i = 0; i < processes.size(); i++) {
                if (i != one) {
                    awaitTime(processes.get(i), answers);
                    EmptyHome.end(processes.get(i));
                    assertThat(runtime.resolve("err" + i)).isEmptyFile();
                }
            }
            assertThat(shared).doesNotExist();
        }
    }

    private static void awaitTime(Process process, boolean answers) throws IOException {
        JsonNode time = EmptyHome.getTime(process).get("structuredContent");
        if (!answers) {
            assertThat(time.at("/synchronized").asBoolean(true)).isFalse();
            assertThat(time.at("/source").asText()).isEqualTo("SYSTEM_CLOCK");
        }
        while (answers && !time.at("/synchronized").asBoolean()) {
            LockSupport.parkNanos(50_000_000); // the class has a time limit
            time = EmptyHome.getTime(process).get("structuredContent");
        }
    }

    /**
     * What has arrived is no more than what the one that measures has sent, as its page says some pages later: the page is written from
     * counts that are a little older.
     */
    private static void assertOneAsks(ReferenceServer server, long before, Path segment) {
        await(() -> server.received() > before);
        long received = server.received() - before;
        long newest = CLOCKS.monotonicNanos();
        for (int i = 0; i < 3; i++) {
            long last = newest;
            await(() ->
                    page(segment).filter(page -> page.pageMonotonicNs() > last).isPresent());
            newest = page(segment).orElseThrow().pageMonotonicNs();
        }
        assertThat(received)
                .isLessThanOrEqualTo(
                        page(segment).orElseThrow().sources().get(0).sent());
    }

    private static Optional<StatusPage> page(Path segment) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            return Optional.of(reader.status());
        } catch (ChronoTickException e) {
            return Optional.empty();
        }
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(10_000_000); // the class has a time limit
        }
    }

    /** The process that measures; 0 if there is none. */
    private static long writer(Path segment) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            return reading.isWriterAlive() ? reading.record().writerPid() : 0;
        } catch (ChronoTickException e) {
            return 0;
        }
    }
}
