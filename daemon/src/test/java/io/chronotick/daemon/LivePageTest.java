// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the page is made of, asked over HTTP of a daemon that runs. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LivePageTest {
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private ReferenceServer server;
    private Daemon daemon;

    @BeforeEach
    void start() throws Exception {
        server = ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(CLOCKS, 23_100_000, 12))
                        .build(),
                CLOCKS);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["127.0.0.1:%d"]}
                  timing: {warm_up: {measurement_interval: 0.05}}
                daemon: {shm: "%s", http_port: %d}
                """.formatted(server.address().getPort(), directory.resolve("segment"), port);
        daemon = Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config());
    }

    @AfterEach
    void stop() {
        daemon.close();
        server.close();
        client.close();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(daemon.page().orElseThrow()).resolve(path))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private Stream<String> samples() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(daemon.page().orElseThrow()).resolve("samples"))
                .build();
        HttpResponse<Stream<String>> response = client.send(request, HttpResponse.BodyHandlers.ofLines());
        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
        return response.body().filter(line -> line.startsWith("data: "));
    }

    private static double number(String json, String name) {
        Matcher matcher = Pattern.compile('"' + name + "\":([^,}]+)").matcher(json);
        assertThat(matcher.find()).as(name + " in " + json).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    /** A sample is of one of the records that another reader has seen at the time. */
    @Test
    void shouldSendTheNumbersOfTheRecordEachSecond() throws Exception {
        try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment());
                Stream<String> samples = samples()) {
            TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
            Set<Double> drifts = ConcurrentHashMap.newKeySet();
            Thread other = Thread.ofPlatform().start(() -> {
                CorrectionRecord record = new CorrectionRecord();
                while (!Thread.currentThread().isInterrupted()) {
                    reader.read(record);
                    drifts.add(record.driftRate());
                    LockSupport.parkNanos(1_000_000);
                }
            });
            Iterator<String> each = samples.iterator();
            String sample = each.next();
            while (!sample.contains("\"state\":\"READY\"") || !drifts.contains(number(sample, "drift"))) {
                sample = each.next();
            }
            other.interrupt();
            other.join();
            CorrectionRecord after = new CorrectionRecord();
            reader.read(after);
            assertThat(number(sample, "measurements")).isBetween(8.0, (double) after.measurementCount());
            assertThat(number(sample, "time"))
                    .isBetween(after.correctedTimestamp() - 60, after.correctedTimestamp() + 1);
            assertThat(number(sample, "bound")).isBetween(1e-6, 1e-3);
            assertThat(number(sample, "offset")).isBetween(0.0231, 0.0251);
            assertThat(sample).contains("\"source\":\"" + after.source() + '"').contains("\"state\":\"selected\"");
        }
        String history = get("history").body();
        assertThat(history).contains("is asked\"]").contains("agrees with the majority\"]");
        assertThat(number(
                        history.replace("\"exchanges\":[[", "\"first\":")
                                .replaceAll("\"first\":\"[^\"]*\",", "\"first\":"),
                        "first"))
                .isBetween(-1.0, 1.0);
    }

    @Test
    void shouldLetNothingInFromElsewhere() throws Exception {
        for (String path : List.of("", "page.css", "page.js", "uplot.css", "uplot.js", "icon.svg")) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
                    .doesNotContain("unsafe");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(response.body()
                            .replace("http://www.w3.org/2000/svg", "")
                            .replace("https://github.com/leeoniya/uPlot", ""))
                    .as(path)
                    .doesNotContain("http://", "https://");
        }
        assertThat(get("").body()).doesNotContain("style=", "onclick", "<style").contains("<title>ChronoTick</title>");
        assertThat(get("other").statusCode()).isEqualTo(404);
    }
}
