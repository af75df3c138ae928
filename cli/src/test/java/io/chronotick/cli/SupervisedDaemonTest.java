// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The daemon under a service manager that does as systemd does with Type=notify and WatchdogSec=. */
@EnabledOnOs(OS.LINUX)
class SupervisedDaemonTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    private final TestShell shell = new TestShell();
    private final List<Process> started = new ArrayList<>();
    private Path log = Path.of("");
    private Path told = Path.of("");

    @BeforeEach
    void prepare() throws IOException {
        log = directory.resolve("log");
        told = Files.createFile(directory.resolve("told"));
        shell.with("CHRONOTICK_SHM", directory.resolve("segment"));
    }

    @AfterEach
    void end() {
        started.forEach(manager -> {
            manager.descendants().forEach(ProcessHandle::destroyForcibly);
            manager.destroyForcibly();
        });
    }

    private Process manage(double patienceSeconds, ReferenceServer server) throws IOException {
        Path config = directory.resolve("chronotick.yaml");
        Files.writeString(config, """
                clock_measurement:
                  ntp:
                    servers: ["127.0.0.1:%d"]
                  timing:
                    warm_up: {measurement_interval: 0.1}
                """.formatted(server.address().getPort()));
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0",
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
                directory.resolve("segment").toString());
        Process manager = new ProcessBuilder(
                        ServiceManager.of(directory.resolve("notify"), patienceSeconds, told, command))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        started.add(manager);
        return manager;
    }

    private static ReferenceServer server() throws IOException {
        HostClocks clocks = HostClocks.system();
        return ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(clocks, 0, 0)).build(), clocks);
    }

    private List<String> told() {
        try {
            return Files.readAllLines(told);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private long times(String message) {
        return told().stream().filter(line -> line.startsWith(message)).count();
    }

    private void await(String what, BooleanSupplier condition) throws IOException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited two minutes for " + what + "; the manager was told " + told()
                        + ", the daemon's log: " + Files.readString(log));
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    @Test
    void shouldTellOfItsStartItsStatesAndItsEnd() throws IOException, InterruptedException {
        try (ReferenceServer server = server()) {
            Process manager = manage(120, server);
            await("the state", () -> times("STATUS=READY: 1 of 1 servers agree") == 1);
            assertThat(told().getFirst()).startsWith("READY=1 | STATUS=");
            assertThat(times("READY=1")).isEqualTo(1);
            reload(manager);
            await("the reload", () -> times("RELOADING=1 | MONOTONIC_USEC=") == 1 && times("READY=1") == 2);
            manager.destroy();
            assertThat(manager.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(told()).endsWith("STOPPING=1 | STATUS=READY: 1 of 1 servers agree", "manager: exit code 0");
        }
    }

    @Test
    @Tag("slow")
    void shouldBeStartedAgainWhenAThreadWasStoppedInTheDebugger()
            throws IOException, IllegalConnectorArgumentsException {
        try (ReferenceServer server = server()) {
            manage(8, server);
            await("READY", () -> shell.run("status") == ExitCode.OK);
            await("a sign of life", () -> times("WATCHDOG=1") > 0);
            assertThat(times("manager: no sign of life")).isZero();

            VirtualMachine daemon = attach();
            daemon.allThreads().stream()
                    .filter(thread -> thread.name().equals("chronotick-writer"))
                    .forEach(ThreadReference::suspend);
            await("the alarm", () -> times("manager: no sign of life") == 1);
            await("READY again", () -> times("READY=1") == 2 && shell.run("status") == ExitCode.OK);
            assertThat(Files.readString(log)).contains("taking over");
        }
    }

    private static void reload(Process manager) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-HUP", String.valueOf(manager.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private VirtualMachine attach() throws IOException, IllegalConnectorArgumentsException {
        Matcher port = Pattern.compile("Listening for transport dt_socket at address: (\\d+)")
                .matcher(Files.readString(log));
        assertThat(port.find()).isTrue();
        AttachingConnector connector = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(each -> each.transport().name().equals("dt_socket"))
                .findFirst()
                .orElseThrow();
        Map<String, Connector.Argument> arguments = connector.defaultArguments();
        Objects.requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
        Objects.requireNonNull(arguments.get("port")).setValue(port.group(1));
        return connector.attach(arguments);
    }
}
