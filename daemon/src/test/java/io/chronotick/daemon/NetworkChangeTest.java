// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A daemon and a chronyd, each in a network namespace of its own with a cable between them, which the test pulls. The
 * namespaces belong to processes of this test and go with them. Needs root.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
class NetworkChangeTest {
    private static final String SERVER = "10.99.0.1";

    @TempDir
    Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private NetworkNamespace here;
    private NetworkNamespace there;
    private Path log;

    @BeforeEach
    void lay() throws Exception {
        log = directory.resolve("log");
        here = open(NetworkNamespace.open());
        there = open(NetworkNamespace.open());
        here.ip("link add cable type veth peer name cable netns " + there.pid());
        here.ip("link set lo up");
        here.ip("address add 10.99.0.2/24 dev cable");
        there.ip("link set lo up");
        there.ip("address add " + SERVER + "/24 dev cable");
        there.ip("link set cable up");
    }

    private <T extends AutoCloseable> T open(T resource) {
        opened.add(resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Process start() throws Exception {
        RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")), SERVER, there.in());
        opened.add(chronyd);
        Process daemon = TestDaemon.spawn(here.in(), log, directory.resolve("segment"), 1, 0.1, chronyd.address());
        opened.add(daemon::destroyForcibly);
        return daemon;
    }

    private long accepted() {
        try (ChronoTickReader reader = ChronoTickReader.attach(directory.resolve("segment"))) {
            return reader.status().sources().stream()
                    .mapToLong(SourceRow::accepted)
                    .findFirst()
                    .orElse(0);
        } catch (ChronoTickException e) {
            return 0;
        }
    }

    private void awaitExchanges() {
        long before = accepted();
        TestDaemon.await("four exchanges", () -> accepted() >= before + 4);
    }

    private List<String> log(String part) {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> line.contains(part))
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldGoOnWhenThisHostGetsAnotherAddress() throws Exception {
        here.ip("link set cable up");
        start();
        awaitExchanges();
        here.ip("address delete 10.99.0.2/24 dev cable");
        here.ip("address add 10.99.0.3/24 dev cable");
        awaitExchanges();
        // It is the same server still, and nobody has to know.
        assertThat(log("WARN")).isEmpty();
        assertThat(log(" is " + SERVER)).hasSize(1);
    }

    @Test
    void shouldComeBackAfterTheNetworkWasGone() throws Exception {
        here.ip("link set cable up");
        start();
        awaitExchanges();
        for (int i = 1; i <= 2; i++) {
            int times = i;
            here.ip("link set cable down");
            TestDaemon.await(
                    "the warning",
                    () -> log("requests do not leave this host: network is unreachable")
                                    .size()
                            == times);
            // Several polls later there is still that one line.
            long sent = sent();
            TestDaemon.await("more requests", () -> sent() > sent + 2);
            assertThat(log("WARN").stream().filter(line -> line.contains("leave")))
                    .hasSize(times);
            here.ip("link set cable up");
            TestDaemon.await("the good news", () -> log("requests leave again").size() == times);
            awaitExchanges();
        }
    }

    private long sent() {
        try (ChronoTickReader reader = ChronoTickReader.attach(directory.resolve("segment"))) {
            return reader.status().sources().get(0).sent();
        }
    }

    @Test
    void shouldStartWithoutANetworkAndMeasureOnceThereIsOne() throws Exception {
        start();
        TestDaemon.await(
                "the warning",
                () -> Files.exists(log) && !log("network is unreachable").isEmpty());
        here.ip("link set cable up");
        awaitExchanges();
        // One warning; what the warm-up waits for is another matter.
        assertThat(log("network is unreachable").stream().filter(line -> line.contains(" WARN ")))
                .hasSize(1);
    }

    // --- Addresses of both families, by a name of this test's own ---

    /** The same host in IPv6. */
    private static final String SERVER6 = "fd99::1";

    private Path hosts() {
        return directory.resolve("hosts");
    }

    /** A daemon that asks "server.test", which the hosts file knows, and a chronyd at one of its addresses. */
    private void startByName(String served, String... addresses) throws Exception {
        RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")), served, there.in());
        opened.add(chronyd);
        name(addresses);
        List<String> launcher = here.in("env", "JAVA_TOOL_OPTIONS=-Djdk.net.hosts.file=" + hosts());
        Process daemon = TestDaemon.spawn(
                launcher, log, directory.resolve("segment"), 1, 0.1, "server.test:" + RealChronyd.PORT);
        opened.add(daemon::destroyForcibly);
    }

    private void name(String... addresses) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String address : addresses) {
            text.append(address).append(" server.test\n");
        }
        Path written = directory.resolve("hosts.new");
        Files.writeString(written, text);
        Files.move(written, hosts(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void addSixthVersion() throws Exception {
        here.ip("-6 address add fd99::2/64 dev cable nodad");
        there.ip("-6 address add " + SERVER6 + "/64 dev cable nodad");
    }

    @Test
    void shouldStartOnAHostWithIpv6Only() throws Exception {
        here.ip("address delete 10.99.0.2/24 dev cable");
        addSixthVersion();
        here.ip("link set cable up");
        startByName(SERVER6, SERVER, SERVER6);
        awaitExchanges();
        assertThat(log(" is fd99:0:0:0:0:0:0:1")).hasSize(1);
        assertThat(log(" WARN ")).isEmpty();
    }

    @Test
    void shouldStartOnAHostWithIpv4Only() throws Exception {
        here.ip("link set cable up");
        startByName(SERVER, SERVER6, SERVER);
        awaitExchanges();
        assertThat(log(" is " + SERVER)).hasSize(1);
        assertThat(log(" WARN ")).isEmpty();
    }

    /** Nobody is at the other address: what is sent there is lost without a word. */
    @ParameterizedTest
    @CsvSource({"fd99::1, 10.99.0.9, fd99:0:0:0:0:0:0:1", "10.99.0.1, fd99::9, 10.99.0.1"})
    void shouldStartWithTheFamilyThatWorks(String good, String broken, String shown) throws Exception {
        addSixthVersion();
        here.ip("link set cable up");
        startByName(good, broken, good);
        awaitExchanges();
        assertThat(log(" is " + shown)).isNotEmpty();
        assertThat(log(" WARN ")).isEmpty();
    }

    @Test
    void shouldStartOnceTheNameIsKnown() throws Exception {
        here.ip("link set cable up");
        startByName(SERVER);
        TestDaemon.await(
                "the warning",
                () -> Files.exists(log) && !log("cannot be looked up").isEmpty());
        name(SERVER);
        awaitExchanges();
        assertThat(log("cannot be looked up").stream().filter(line -> line.contains(" WARN ")))
                .hasSize(1);
    }
}
