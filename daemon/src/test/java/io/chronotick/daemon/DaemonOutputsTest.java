// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ClockBoundReader;
import io.chronotick.client.ClockBoundReader.Status;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that measures a real chronyd and hands the time on. */
class DaemonOutputsTest {
    @TempDir
    Path directory = Path.of("");

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldBoundTheSystemClockForClockBoundsReadersAndTellThemWhenItEnds() throws Exception {
        Path clockBound = directory.resolve("clockbound");
        try (RealChronyd server = RealChronyd.start(Files.createDirectory(directory.resolve("server")))) {
            DaemonConfig config = ConfigLoader.parse(
                            """
                            clock_measurement:
                              ntp: {servers: ["%s"], timeout_seconds: 0.5}
                              timing:
                                warm_up: {measurement_interval: 0.5}
                                normal_operation: {measurement_interval: 1}
                            daemon: {shm: "%s"}
                            outputs: {clockbound: "%s", ntp_shm: -1, chrony_sock: "%s"}
                            """.formatted(
                                            server.address(),
                                            directory.resolve("shm"),
                                            clockBound,
                                            directory.resolve("nobody.sock")),
                            "test",
                            Map.of(),
                            ConfigOverrides.NONE,
                            64)
                    .config();
            ClockBoundReader reader;
            try (LogLines log = new LogLines();
                    Daemon daemon = Daemon.start(config)) {
                TestDaemon.await("the segment", () -> Files.exists(clockBound));
                reader = ClockBoundReader.attach(clockBound);
                TestDaemon.await("a time", () -> isTold(reader));
                assertThat(reader.status()).isEqualTo(Status.SYNCHRONIZED);
                TimeInterval now = new TimeInterval();
                reader.now(now);
                // The server serves this very clock.
                assertThat(now.boundNanos()).isBetween(1_000L, 500_000_000L);
                assertThat(log.lines()).contains("INFO the time also goes to ClockBound's segment " + clockBound);
                String trouble = "WARN chronyd's socket " + directory.resolve("nobody.sock")
                        + ": no such file; it is tried again every second";
                TestDaemon.await(trouble, () -> log.lines().contains(trouble));
                assertThat(daemon.failure()).isEmpty();
            }
            assertThat(reader.status()).isEqualTo(Status.UNKNOWN);
            assertThat(isTold(reader)).isFalse();
        }
    }

    private static boolean isTold(ClockBoundReader reader) {
        try {
            reader.now(new TimeInterval());
            return true;
        } catch (ChronoTickException e) {
            return false;
        }
    }
}
