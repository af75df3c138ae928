// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.nts.KeyExchangeFailure;
import io.chronotick.engine.nts.NtsReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against the servers that there are: Debian's chrony and ntpsec. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class NtsServersTest {
    private static final long LIMIT = 10_000_000_000L;
    /** Debian does not install it beside chrony: .ci/run unpacks it there. */
    private static final Path NTPD = Path.of("/opt/ntpsec/usr/sbin/ntpd");

    @TempDir
    Path directory;

    private TestAuthority authority() throws Exception {
        return new TestAuthority(directory.resolve("authority"));
    }

    private RealNtsServer chronyd(TestAuthority authority) throws Exception {
        return RealNtsServer.start(directory.resolve("chrony"), authority.sign("server", "DNS:localhost,IP:127.0.0.1"));
    }

    @Test
    void tenThousandExchangesWithChronyNeedOneKeyExchange() throws Exception {
        TestAuthority authority = authority();
        try (RealNtsServer server = chronyd(authority);
                NtsSession session = new NtsSession(server.keyExchange(authority.certificate()))) {
            session.run(10_000, 0.1);
            assertThat(session.keyExchanges).isEqualTo(1);
            assertThat(session.accepted).isBetween(8_500, 9_500);
            assertThat(session.drops(DropReason.UNAUTHENTICATED)).isZero();
            assertThat(session.drops(DropReason.KISS)).isZero();
            assertThat(session.association().nts().orElseThrow().report().cookies())
                    .isBetween(5, 8);
        }
    }

    @Test
    void nothingOfAChangedReplyIsTakenIn() throws Exception {
        TestAuthority authority = authority();
        try (RealNtsServer server = chronyd(authority);
                NtsSession session = new NtsSession(server.keyExchange(authority.certificate()))) {
            byte[] reply = session.answer(session.request()).orElseThrow();
            for (int bit = 0; bit < 8 * reply.length; bit++) {
                reply[bit / 8] ^= (byte) (1 << bit % 8);
                assertThat(session.take(reply)).as("bit %d", bit).isFalse();
                reply[bit / 8] ^= (byte) (1 << bit % 8);
            }
            assertThat(session.association().nts().orElseThrow().report().cookies())
                    .isEqualTo(7);
            assertThat(session.take(reply)).isTrue();
            assertThat(session.association().nts().orElseThrow().report().cookies())
                    .isEqualTo(8);
        }
    }

    @Test
    void aRestartThatLosesTheKeysCostsOneKeyExchange() throws Exception {
        TestAuthority authority = authority();
        try (RealNtsServer server = chronyd(authority);
                NtsSession session = new NtsSession(server.keyExchange(authority.certificate()))) {
            session.run(10, 0);
            assertThat(session.accepted).isEqualTo(10);
            server.restart(true);
            session.run(10, 0);
            assertThat(session.keyExchanges).isEqualTo(2);
            assertThat(session.drops(DropReason.KISS)).isEqualTo(1);
            assertThat(session.accepted).isEqualTo(19);
        }
    }

    @Test
    void aServerThatTurnsNtsOffIsNotBelieved() throws Exception {
        TestAuthority authority = authority();
        try (RealNtsServer server = chronyd(authority);
                NtsSession session = new NtsSession(server.keyExchange(authority.certificate()))) {
            session.run(10, 0);
            server.restart(false);
            assertThatThrownBy(() -> session.run(20, 0))
                    .isInstanceOfSatisfying(
                            KeyExchangeException.class,
                            e -> assertThat(e.failure()).isEqualTo(KeyExchangeFailure.REFUSED));
            assertThat(session.accepted).isEqualTo(10);
            assertThat(session.association().nts().orElseThrow().report().state())
                    .isNotEqualTo(NtsReport.State.AUTHENTICATED);
            server.restart(true);
            session.run(20, 0);
            assertThat(session.accepted).isBetween(28, 30);
        }
    }

    private void assertFails(KeyExchange exchange, Instant now, KeyExchangeFailure failure, String... message) {
        assertThatThrownBy(() -> exchange.run(0, now, LIMIT))
                .isInstanceOfSatisfying(
                        KeyExchangeException.class,
                        e -> assertThat(e.failure()).as(e.getMessage()).isEqualTo(failure))
                .message()
                .contains(message)
                .doesNotContain("\n");
    }

    @Test
    void certificatesAreJudgedByTheTimeThatIsGiven() throws Exception {
        TestAuthority authority = authority();
        try (RealNtsServer server = chronyd(authority)) {
            KeyExchange exchange = server.keyExchange(authority.certificate());
            Instant now = Instant.now();
            assertThat(exchange.run(0, now, LIMIT).keys().cookies()).hasSize(8);
            assertFails(
                    exchange,
                    now.plus(Duration.ofDays(11)),
                    KeyExchangeFailure.EXPIRED,
                    "has expired",
                    "set the system clock");
            assertFails(
                    exchange,
                    now.minus(Duration.ofDays(1)),
                    KeyExchangeFailure.NOT_YET_VALID,
                    "not valid yet",
                    "set the system clock");
        }
    }

    @Test
    void aCertificateHasToBeThisHostsAndOfAnAuthorityThatIsTrusted() throws Exception {
        TestAuthority authority = authority();
        TestAuthority foreign = new TestAuthority(directory.resolve("foreign"));
        Path other = authority.sign("other", "DNS:other.example");
        try (RealNtsServer server = RealNtsServer.start(directory.resolve("chrony"), other)) {
            KeyExchange exchange = server.keyExchange(authority.certificate());
            assertFails(exchange, Instant.now(), KeyExchangeFailure.WRONG_HOST, "not this host's", "give the name");
            KeyExchange distrusted = server.keyExchange(foreign.certificate());
            assertFails(distrusted, Instant.now(), KeyExchangeFailure.UNTRUSTED, "vouches", "nts_ca");
            KeyExchange publicly = new KeyExchange("localhost", server.keyPort(), Optional.empty(), 123);
            assertFails(publicly, Instant.now(), KeyExchangeFailure.UNTRUSTED, "vouches", "nts_ca");
            // One that is trusted for its own sake has to be this host's all the same.
            assertFails(server.keyExchange(other), Instant.now(), KeyExchangeFailure.WRONG_HOST, "not this host's");
        }
    }

    /** It listens on the ports of NTP and NTS only: in a network of its own, with who asks it. Needs root. */
    @Test
    void ntpsecIsUnderstoodToo() throws Exception {
        boolean possible = Files.isExecutable(NTPD)
                && Files.isExecutable(Path.of("/usr/bin/unshare"))
                && Files.isExecutable(Path.of("/usr/bin/setpriv"))
                && "root".equals(System.getProperty("user.name"));
        if (System.getenv("CI") != null) {
            assertThat(possible)
                    .as("continuous integration needs root, unshare, setpriv and ntpsec")
                    .isTrue();
        }
        assumeTrue(
                possible, "needs root, unshare, setpriv, openssl and an ntpd of NTPsec in /opt/ntpsec (see .ci/run)");
        TestAuthority authority = authority();
        Path certificate = authority.sign("server", "IP:127.0.0.1");
        Path config = directory.resolve("ntp.conf");
        Files.write(
                config,
                List.of(
                        "nts enable",
                        "nts cert " + certificate,
                        "nts key " + TestAuthority.key(certificate),
                        "nts cookie " + directory.resolve("cookies"),
                        "restrict 127.0.0.1", // by default it drops what comes fast
                        "tos orphan 5 orphanwait 1"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        // The kernel refuses it the clock. The shell ends it with the client.
        String script = "ip link set lo up; setpriv --bounding-set -sys_time --inh-caps -sys_time " + NTPD + " -n -l "
                + directory.resolve("log") + " -p " + directory.resolve("pid") + " -c " + config + " & server=$!; "
                + "trap 'kill $server; wait $server' EXIT; " + java
                + " -XX:+UseSerialGC -Xmx64m -cp \"$1\" " + NtsSession.class.getName() + " 127.0.0.1 4460 "
                + authority.certificate() + " 10000";
        Process process = new ProcessBuilder(
                        "unshare", "--net", "sh", "-c", script, "sh", System.getProperty("java.class.path"))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("said").toFile())
                .start();
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
        assertThat(Files.readString(directory.resolve("said")))
                .as(Files.readString(directory.resolve("log")))
                .matches("(?s).*accepted 9[89]\\d\\d key exchanges 1 unauthenticated 0\\s*");
    }
}
