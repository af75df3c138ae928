// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A daemon in a process of its own, on a segment of its own, with three servers on loopback whose time is half a second from
 * this machine's.
 */
final class LiveDaemon implements AutoCloseable {
    private static final double OFFSET_SECONDS = 0.5;

    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final List<ReferenceServer> servers = new ArrayList<>();
    private final List<ReferenceServer> running = new ArrayList<>();
    private final Path segment;
    private final Path log;
    private final Process process;

    /** Starts it in a directory, with further arguments, and waits until it is READY and a model speaks. */
    LiveDaemon(Path directory, String... arguments) throws IOException {
        segment = directory.resolve("segment");
        log = directory.resolve("daemon.log");
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, Math.round(OFFSET_SECONDS * 1e9), 0);
        for (int i = 0; i < 3; i++) {
            servers.add(ReferenceServer.start(
                    ReferenceServerConfig.builder(truth).stratum(1).seed(i).build(), clocks));
        }
        running.addAll(servers);
        Path config = directory.resolve("daemon.yaml");
        Files.writeString(config, """
                clock_measurement:
                  ntp:
                    servers: [%s]
                  timing:
                    warm_up: {measurement_interval: 0.2}
                    normal_operation: {measurement_interval: 1}
                """.formatted(serverList()));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "daemon",
                "--config",
                config.toString(),
                "--shm",
                segment.toString()));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        awaitReady();
    }

    Path segment() {
        return segment;
    }

    /** As CHRONOTICK_SERVERS takes it. */
    String serverList() {
        return String.join(",", addresses());
    }

    List<String> addresses() {
        return servers.stream()
                .map(server -> "127.0.0.1:" + server.address().getPort())
                .collect(Collectors.toList());
    }

    /** One of the three goes; returns its address. */
    String stopServer(int index) {
        running.remove(servers.get(index));
        servers.get(index).close();
        return addresses().get(index);
    }

    /** Waits until the daemon says so of itself. */
    void await(String what, Predicate<StatusPage> condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            while (!condition.test(reader.status())) {
                if (System.nanoTime() - deadline > 0) {
                    throw new AssertionError(what + ", not after two minutes: " + Files.readString(log));
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
    }

    private void awaitReady() throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!isReady()) {
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                close();
                throw new AssertionError("the daemon was not READY after two minutes: " + Files.readString(log));
            }
            LockSupport.parkNanos(50_000_000);
        }
    }

    private boolean isReady() {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            return reading.state() == Reading.State.READY && reading.record().isModelsReady();
        } catch (ChronoTickException e) {
            return false; // not there or not written yet
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
        running.forEach(ReferenceServer::close);
    }
}
