// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.NtsStatus;
import io.chronotick.client.SourceRow;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.nts.RealNtsServer;
import io.chronotick.daemon.nts.TestAuthority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that believes a real chronyd because it proves who it is. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AuthenticatedDaemonTest {
    @TempDir
    Path directory;

    private Path cookies() {
        return directory.resolve("cookies");
    }

    private DaemonConfig config(int keyPort, Path authority) throws Exception {
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [{host: localhost, nts: true, nts_port: %d, nts_ca: "%s"}]
                    require_authentication: true
                    nts_cookie_file: "%s"
                    timeout_seconds: 0.5
                  timing:
                    warm_up: {measurement_interval: 0.1}
                    normal_operation: {measurement_interval: 1}
                daemon: {shm: "%s"}
                """.formatted(keyPort, authority, cookies(), directory.resolve("segment"));
        return ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config();
    }

    private void await(String what, Predicate<SourceRow> condition) {
        try (ChronoTickReader reader = ChronoTickReader.attach(directory.resolve("segment"))) {
            TestDaemon.await(what, () -> {
                SourceRow row = reader.status().sources().get(0);
                return condition.test(row);
            });
        }
    }

    private static boolean is(SourceRow row, NtsStatus.State state) {
        return row.nts().orElseThrow().state() == state;
    }

    @Test
    void shouldBeAuthenticatedAndStaySoOverRestarts() throws Exception {
        TestAuthority authority = new TestAuthority(directory.resolve("authority"));
        Path certificate = authority.sign("server", "DNS:localhost");
        try (RealNtsServer server = RealNtsServer.start(directory.resolve("chrony"), certificate)) {
            DaemonConfig config = config(server.keyPort(), authority.certificate());
            try (Daemon daemon = Daemon.start(config)) {
                await("authentication", row -> is(row, NtsStatus.State.AUTHENTICATED) && row.accepted() > 4);
                try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
                    TestDaemon.await("an authenticated record", () -> {
                        CorrectionRecord record = new CorrectionRecord();
                        reader.read(record);
                        return record.isValid() && record.isAuthenticated();
                    });
                }
                assertThat(cookies()).doesNotExist();
                // It restarts and knows its cookies no more.
                server.restart(true);
                await("a second key exchange", row -> row.drops().get(SourceRow.DROP_REASONS.indexOf("kiss")) > 0);
                await("new cookies", row -> is(row, NtsStatus.State.AUTHENTICATED));
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cookies())))
                    .isEqualTo("rw-------");
            try (LogLines log = new LogLines();
                    Daemon daemon = Daemon.start(config)) {
                await("authentication", row -> is(row, NtsStatus.State.AUTHENTICATED));
                assertThat(log.lines()).anyMatch(line -> line.contains("NTS cookies of the last run"));
                assertThat(log.lines()).noneMatch(line -> line.contains("its certificate is valid"));
                assertThat(cookies()).doesNotExist();
                assertThat(daemon.failure()).isEmpty();
            }
            Files.setPosixFilePermissions(cookies(), PosixFilePermissions.fromString("rw-r-----"));
            try (LogLines log = new LogLines();
                    Daemon daemon = Daemon.start(config)) {
                await("authentication", row -> is(row, NtsStatus.State.AUTHENTICATED));
                assertThat(log.lines()).anyMatch(line -> line.contains("so its cookies are not used"));
                assertThat(daemon.failure()).isEmpty();
            }
        }
    }

    @Test
    void shouldSayWhatIsWrongAndBelieveNothing() throws Exception {
        TestAuthority authority = new TestAuthority(directory.resolve("authority"));
        TestAuthority foreign = new TestAuthority(directory.resolve("foreign"));
        Path certificate = authority.sign("server", "DNS:localhost");
        try (RealNtsServer server = RealNtsServer.start(directory.resolve("chrony"), certificate);
                LogLines log = new LogLines();
                Daemon daemon = Daemon.start(config(server.keyPort(), foreign.certificate()))) {
            // A server without CPU may end the handshake before its certificate is judged: then at the next attempt.
            await(
                    "the failure",
                    row -> row.nts().orElseThrow().failure().equals(Optional.of(NtsStatus.Failure.UNTRUSTED)));
            try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
                SourceRow row = reader.status().sources().get(0);
                assertThat(row.state()).isEqualTo(SourceRow.State.UNAUTHENTICATED);
                assertThat(row.sent()).isZero();
                assertThat(row.nts().orElseThrow().state()).isEqualTo(NtsStatus.State.FAILED);
                TestDaemon.await(
                        "the reason", () -> reader.status().waitingFor().equals("a first answer: NTS: untrusted"));
                CorrectionRecord record = new CorrectionRecord();
                reader.read(record);
                assertThat(record.isValid()).isFalse();
            }
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("nobody who is trusted here vouches for its certificate"))
                    .singleElement()
                    .asString()
                    .contains("localhost: NTS: ", "nts_ca");
        }
    }
}
