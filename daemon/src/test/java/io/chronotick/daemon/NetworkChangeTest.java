// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    private Process here;
    private Process there;
    private Path log;

    @BeforeEach
    void lay() throws Exception {
        boolean possible = TestUser.isRoot()
                && Files.isExecutable(Path.of("/usr/bin/unshare"))
                && (Files.isExecutable(Path.of("/usr/sbin/ip")) || Files.isExecutable(Path.of("/sbin/ip")));
        if (System.getenv("CI") != null) {
            assertThat(possible)
                    .as("continuous integration needs root, unshare and ip (iproute2)")
                    .isTrue();
        }
        assumeTrue(possible, "needs root, unshare and ip (iproute2)");
        log = directory.resolve("log");
        here = namespace();
        there = namespace();
        ip(here, "link add cable type veth peer name cable netns " + there.pid());
        ip(here, "link set lo up");
        ip(here, "address add 10.99.0.2/24 dev cable");
        ip(there, "link set lo up");
        ip(there, "address add " + SERVER + "/24 dev cable");
        ip(there, "link set cable up");
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Process namespace() throws IOException {
        Process holder = new ProcessBuilder("unshare", "--net", "sleep", "3600").start();
        opened.add(holder::destroyForcibly);
        TestDaemon.await(
                "the namespace",
                () -> !network(holder.pid())
                        .equals(network(ProcessHandle.current().pid())));
        return holder;
    }

    private static Optional<Path> network(long pid) {
        try {
            return Optional.of(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net")));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<String> in(Process namespace, String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net", "--target", String.valueOf(namespace.pid())));
        all.addAll(List.of(command));
        return all;
    }

    private static void ip(Process namespace, String command) throws Exception {
        List<String> words = new ArrayList<>(List.of("ip"));
        words.addAll(List.of(command.split(" ")));
        Process process = new ProcessBuilder(in(namespace, words.toArray(String[]::new)))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("ip %s: %s", command, said).isZero();
    }

    private Process start() throws Exception {
        RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")), SERVER, in(there));
        opened.add(chronyd);
        Process daemon = TestDaemon.spawn(in(here), log, directory.resolve("segment"), 1, 0.1, chronyd.address());
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
        ip(here, "link set cable up");
        start();
        awaitExchanges();
        ip(here, "address delete 10.99.0.2/24 dev cable");
        ip(here, "address add 10.99.0.3/24 dev cable");
        awaitExchanges();
        // It is the same server still, and nobody has to know.
        assertThat(log("WARN")).isEmpty();
        assertThat(log(" is " + SERVER)).hasSize(1);
    }

    @Test
    void shouldComeBackAfterTheNetworkWasGone() throws Exception {
        ip(here, "link set cable up");
        start();
        awaitExchanges();
        for (int i = 1; i <= 2; i++) {
            int times = i;
            ip(here, "link set cable down");
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
            ip(here, "link set cable up");
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
        ip(here, "link set cable up");
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
        RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")), served, in(there));
        opened.add(chronyd);
        name(addresses);
        List<String> launcher = in(here, "env", "JAVA_TOOL_OPTIONS=-Djdk.net.hosts.file=" + hosts());
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
        ip(here, "-6 address add fd99::2/64 dev cable nodad");
        ip(there, "-6 address add " + SERVER6 + "/64 dev cable nodad");
    }

    @Test
    void shouldStartOnAHostWithIpv6Only() throws Exception {
        ip(here, "address delete 10.99.0.2/24 dev cable");
        addSixthVersion();
        ip(here, "link set cable up");
        startByName(SERVER6, SERVER, SERVER6);
        awaitExchanges();
        assertThat(log(" is fd99:0:0:0:0:0:0:1")).hasSize(1);
        assertThat(log(" WARN ")).isEmpty();
    }

    @Test
    void shouldStartOnAHostWithIpv4Only() throws Exception {
        ip(here, "link set cable up");
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
        ip(here, "link set cable up");
        startByName(good, broken, good);
        awaitExchanges();
        assertThat(log(" is " + shown)).isNotEmpty();
        assertThat(log(" WARN ")).isEmpty();
    }

    @Test
    void shouldStartOnceTheNameIsKnown() throws Exception {
        ip(here, "link set cable up");
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
