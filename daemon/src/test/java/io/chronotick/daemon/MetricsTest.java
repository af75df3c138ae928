// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus sees of a daemon, asked over HTTP. */
class MetricsTest {
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory;

    private Daemon daemon(ReferenceServer server, int port) throws Exception {
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["127.0.0.1:%d"]}
                  timing: {warm_up: {measurement_interval: 0.05}}
                short_term: {model_name: learned}
                daemon: {shm: "%s", http_port: %d}
                """.formatted(server.address().getPort(), directory.resolve("segment" + port), port);
        return Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config());
    }

    private static ReferenceServer server() throws IOException {
        return ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(CLOCKS, 0, 12)).build(), CLOCKS);
    }

    /**
     * A port that stays free for a minute: a connection of it in the state TIME_WAIT keeps the system from giving it to whoever
     * asks for any, and hinders nobody who asks for this one.
     */
    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                Socket client = new Socket(free.getInetAddress(), free.getLocalPort())) {
            free.accept().close(); // who closes first waits
            assertThat(client.getInputStream().read()).isNegative();
            return free.getLocalPort();
        }
    }

    private static String fetch(int port) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                    .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            return response.body();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + metrics));
    }

    @Test
    void shouldShowTheTimeTheServersAndTheLearnedFilter() throws Exception {
        int port = freePort();
        try (ReferenceServer server = server();
                Daemon daemon = daemon(server, port)) {
            assertThat(daemon.segment()).exists();
            TestDaemon.await("READY", () -> value(fetch(port), "chronotick_ready") == 1);
            String metrics = fetch(port);
            String label = "{server=\"127.0.0.1:" + server.address().getPort() + "\"";
            assertThat(value(metrics, "chronotick_valid")).isEqualTo(1);
            assertThat(value(metrics, "chronotick_uncertainty_seconds")).isBetween(1e-9, 0.01);
            assertThat(value(metrics, "chronotick_bound_seconds"))
                    .isGreaterThanOrEqualTo(value(metrics, "chronotick_uncertainty_seconds"));
            assertThat(value(metrics, "chronotick_exchanges_total")).isGreaterThanOrEqualTo(8);
            assertThat(value(metrics, "chronotick_source_exchanges_total" + label + "}"))
                    .isGreaterThanOrEqualTo(8);
            assertThat(value(metrics, "chronotick_source_state" + label + ",state=\"selected\"}"))
                    .isEqualTo(1);
            assertThat(value(metrics, "chronotick_source_state" + label + ",state=\"falseticker\"}"))
                    .isZero();
            String filter = "{forecaster=\"filter\"";
            assertThat(value(metrics, "chronotick_learned_state" + filter + ",state=\"collecting\"}"))
                    .isEqualTo(1);
            assertThat(value(metrics, "chronotick_learned_state" + filter + ",state=\"fused\"}"))
                    .isZero();
            for (String name : List.of("fusion_ratio", "outside_95_ratio", "judged", "quarantines_total")) {
                assertThat(value(metrics, "chronotick_learned_" + name + filter + "}"))
                        .as(name)
                        .isZero();
            }
            assertThat(documented()).isEqualTo(names(metrics));
            String usage = "{covariate=\"cpu_usage\"}";
            TestDaemon.await("the processors' usage", () -> value(fetch(port), "chronotick_covariate" + usage) >= 0);
            assertThat(value(metrics, "chronotick_covariate_weight_ratio" + usage))
                    .isBetween(0.0, 1.0);
        }
    }

    private static ServerSocketChannel bind(int port) throws IOException {
        return ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
    }

    private static int port(ServerSocketChannel socket) {
        return socket.socket().getLocalPort();
    }

    /** The guide names every metric and no other. */
    private static Set<String> documented() throws IOException {
        return names(Files.readString(Path.of("..", "docs", "usage-guide.md")));
    }

    private static Set<String> names(String text) {
        Set<String> names = new TreeSet<>();
        Matcher matcher =
                Pattern.compile("(?m)^(?:\\| `)?(chronotick_[a-z0-9_]+)[`{ ]").matcher(text);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    @Test
    void shouldServeTheTimeWhereThePortIsTaken() throws Exception {
        try (LogLines said = new LogLines();
                ServerSocketChannel taken = bind(0);
                ReferenceServer server = server();
                Daemon daemon = daemon(server, port(taken))) {
            assertThat(daemon.segment()).exists();
            try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
                TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
            }
            assertThat(said.lines())
                    .contains("WARN page and metrics: 127.0.0.1 port " + port(taken)
                            + " cannot be had: "
                            + SystemWords.of(() -> bind(port(taken)).close())
                            + "; there are none (daemon.http_port)");
        }
    }

    @Test
    void shouldNotEvenBeLoadedWhereNobodyWantsThem() throws Exception {
        Path classes = directory.resolve("classes");
        Path log = directory.resolve("log");
        try (ReferenceServer server = server()) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-Xlog:class+load:file=" + classes,
                            "-cp",
                            System.getProperty("java.class.path"),
                            TestDaemon.class.getName(),
                            directory.resolve("segment").toString(),
                            "1",
                            "0.05",
                            "127.0.0.1:" + server.address().getPort())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                TestDaemon.await("READY", () -> read(log).contains("READY after"));
            } finally {
                process.destroy();
                process.onExit().join();
            }
        }
        assertThat(read(classes))
                .contains("io.chronotick.daemon.Daemon")
                .doesNotContain("io.prometheus", "com.sun.net.httpserver", "LivePage", "NotifySocket");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
