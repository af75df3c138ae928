// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clocks, the sockets, the file and its lock that macOS and Windows get, put together here: {@code -Dchronotick.portable=true}. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class PortableDaemonTest {
    private static final HostClocks CLOCKS = HostClocks.system();
    private static final List<String> PORTABLE = List.of("env", "JAVA_TOOL_OPTIONS=-Dchronotick.portable=true");

    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldMeasurePublishGuardItsSegmentAndEnd() throws Exception {
        Path segment = directory.resolve("segment");
        Path log = directory.resolve("log");
        Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
        try (ReferenceServer server =
                ReferenceServer.start(ReferenceServerConfig.builder(truth).build(), CLOCKS)) {
            String address = "127.0.0.1:" + server.address().getPort();
            Process daemon = TestDaemon.spawn(PORTABLE, log, segment, 1, 0.1, address);
            try {
                TestDaemon.await("the segment", () -> Files.exists(segment) || !daemon.isAlive());
                assertThat(daemon.isAlive()).as(Files.readString(log)).isTrue();
                try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
                    TestDaemon.await("READY", () -> TestDaemon.isReady(reader) || !daemon.isAlive());
                    TimeInterval now = new TimeInterval();
                    for (int i = 0; i < 1000; i++) {
                        long before = truth.truthNanosAt(CLOCKS.rawNanos());
                        reader.now(now);
                        long after = truth.truthNanosAt(CLOCKS.rawNanos());
                        assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
                        assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
                    }
                }
                Path otherLog = directory.resolve("other");
                Process other = TestDaemon.spawn(PORTABLE, otherLog, segment, 1, 0.1, address);
                assertThat(other.waitFor(1, TimeUnit.MINUTES)).isTrue();
                assertThat(Files.readString(otherLog)).contains("another daemon");
                daemon.destroy();
                assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
                assertThat(segment).doesNotExist();
                assertThat(Files.readString(log)).contains("user-space timestamps");
            } finally {
                daemon.destroyForcibly().waitFor();
            }
        }
    }
}
