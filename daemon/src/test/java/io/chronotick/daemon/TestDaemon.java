// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import ch.qos.logback.classic.LoggerContext;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;

/** Daemons for tests: in this process, or in one of their own that can be killed and stopped. */
final class TestDaemon {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);

    private TestDaemon() {}

    static DaemonConfig config(Path segment, double pollSeconds, double burstSeconds, List<String> servers)
            throws Exception {
        return config(segment, String.valueOf(pollSeconds), String.valueOf(burstSeconds), servers);
    }

    /** @param poll s, or auto */
    private static DaemonConfig config(Path segment, String poll, String burst, List<String> servers) throws Exception {
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [%s]
                    timeout_seconds: 0.5
                  timing:
                    warm_up: {measurement_interval: %s}
                    normal_operation: {measurement_interval: %s}
                daemon: {shm: "%s"}
                """.formatted(
                String.join(", ", servers.stream().map(s -> '"' + s + '"').toList()), burst, poll, segment);
        return ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config();
    }

    /** A daemon in its own process: {@code segment poll burst server...}. */
    public static void main(String[] args) throws Exception {
        List<String> servers = List.of(args).subList(3, args.length);
        DaemonConfig config = config(Path.of(args[0]), args[1], args[2], servers);
        Daemon daemon = Daemon.start(config);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(daemon)));
        if (daemon.await().isPresent()) {
            end(daemon);
            Runtime.getRuntime().halt(70);
        }
    }

    /** With all that it has logged: that is written by a thread which the end of the process does not wait for. */
    private static void end(Daemon daemon) {
        daemon.close();
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }

    static Process spawn(Path log, Path segment, double pollSeconds, double burstSeconds, String server)
            throws IOException {
        return spawn(List.of(), log, segment, pollSeconds, burstSeconds, server);
    }

    /** In a process that another program starts. */
    static Process spawn(
            List<String> launcher, Path log, Path segment, double pollSeconds, double burstSeconds, String server)
            throws IOException {
        return spawn(launcher, log, segment, String.valueOf(pollSeconds), String.valueOf(burstSeconds), server);
    }

    /** With the polls that it has by default. */
    static Process spawnWithDefaultPolls(List<String> launcher, Path log, Path segment, String server)
            throws IOException {
        return spawn(launcher, log, segment, "auto", "1", server);
    }

    private static Process spawn(
            List<String> launcher, Path log, Path segment, String poll, String burst, String server)
            throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                TestDaemon.class.getName(),
                segment.toString(),
                poll,
                burst,
                server));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** Whether a reader gets the time of a daemon that has warmed up. */
    static boolean isReady(ChronoTickReader reader) {
        try {
            CorrectionRecord record = new CorrectionRecord();
            reader.read(record);
            return record.isValid() && record.isWarmupComplete();
        } catch (ChronoTickException e) {
            return false;
        }
    }

    /** Waits, by looking, for something that another thread or process does. */
    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("waited three minutes for " + what);
            }
            Thread.onSpinWait();
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }
}
