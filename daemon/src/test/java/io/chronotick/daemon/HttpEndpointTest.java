// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.http.HttpEndpoint;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask for metrics, and what whoever means no good cannot take from the others; over real sockets. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpEndpointTest {
    private static final String GET = "GET /metrics HTTP/1.1\r\n";

    private final List<Socket> sockets = new ArrayList<>();
    private HttpEndpoint endpoint;

    @BeforeEach
    void start() throws IOException {
        PrometheusRegistry registry = new PrometheusRegistry();
        Gauge.builder().name("of_the_test").register(registry).set(42);
        endpoint = start("127.0.0.1", Optional.empty(), registry);
    }

    private static HttpEndpoint start(String address, Optional<String> token, PrometheusRegistry registry)
            throws IOException {
        return HttpEndpoint.start(
                InetAddress.ofLiteral(address), 0, token, Map.of("/metrics", Metrics.handler(registry)));
    }

    @AfterEach
    void stop() throws IOException {
        closeAll();
        endpoint.close();
    }

    private void closeAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    private Socket send(String text) throws IOException {
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), endpoint.port());
        sockets.add(socket);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    /** The whole answer; an empty one if the connection is closed without. */
    private String ask(String head) throws IOException {
        try (Socket socket = send(head + "Connection: close\r\n\r\n")) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            return "";
        }
    }

    private String scrape() throws IOException {
        return ask(GET + "Host: 127.0.0.1:" + endpoint.port() + "\r\n");
    }

    /** While all connections are taken, whoever comes is turned away until the server has closed those that say nothing. */
    private void awaitScrape() throws IOException {
        String answer = scrape();
        while (answer.isEmpty()) {
            answer = scrape();
        }
        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").contains("of_the_test 42.0");
    }

    @Test
    void shouldAnswerWhileRequestsDoNotEnd() throws IOException {
        for (int i = 0; i < 20; i++) {
            send(GET + "Host: local");
            send("");
        }
        assertThat(scrape()).startsWith("HTTP/1.1 200 OK\r\n").contains("of_the_test 42.0");
    }

    @Test
    void shouldCloseWhatDoesNotEnd() throws IOException {
        for (int i = 0; i < 200; i++) {
            try {
                send(i % 2 == 0 ? GET + "Host: local" : "");
            } catch (SocketException e) {
                // turned away
            }
        }
        awaitScrape();
    }

    @Test
    void shouldNotHoldALongHead() throws IOException {
        assertThat(ask(GET + "Host: 127.0.0.1\r\nX-Long: " + "x".repeat(300_000) + "\r\n"))
                .doesNotContain("of_the_test");
        assertThat(ask("GET /metrics?" + "x".repeat(300_000) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"))
                .doesNotContain("of_the_test");
        awaitScrape();
    }

    @Test
    void shouldForgetCallersWhoHaveGone() throws IOException {
        List<LogRecord> said = new CopyOnWriteArrayList<>();
        Handler listener = new Handler() {
            @Override
            public void publish(LogRecord record) {
                said.add(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger libraries = Logger.getLogger("io.prometheus");
        libraries.addHandler(listener);
        try {
            for (int i = 0; i < 500; i++) {
                Socket socket = send(GET + (i % 3 == 0 ? "Host: 127.0.0.1\r\n\r\n" : "Ho"));
                socket.setSoLinger(i % 2 == 0, 0); // every second one in anger
                socket.close();
            }
            awaitScrape();
        } finally {
            libraries.removeHandler(listener);
        }
        assertThat(said).extracting(LogRecord::getMessage).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    Host: localhost:PORT, 200
                    Host: 127.0.0.1, 200
                    Host: LOCALHOST:9090, 200
                    Host: [::1]:PORT, 200
                    Host: localhost~Origin: http://localhost:PORT, 200
                    Host: evil.example.com, 403
                    Host: evil.example.com:PORT, 403
                    Host: localhost.evil.example.com, 403
                    Host: 127.0.0.1.evil.example.com, 403
                    Host:, 403
                    X-Forwarded-Host: localhost, 403
                    Host: localhost~Host: evil.example.com, 403
                    Host: localhost~Origin: http://evil.example.com, 403
                    Host: localhost~Origin: null, 403
                    """)
    void shouldAnswerToItsOwnNamesOnly(String headers, int status) throws IOException {
        String answer = ask(GET + headers.replace("~", "\r\n").replace("PORT", "" + endpoint.port()) + "\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        if (status != 200) {
            assertThat(answer).doesNotContain("of_the_test");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "NONSENSE"})
    void shouldOnlyBeRead(String method) throws IOException {
        assertThat(ask(method + " /metrics HTTP/1.1\r\nHost: localhost\r\nX-Secret: 7\r\n"))
                .startsWith("HTTP/1.1 405 ")
                .contains("Allow: GET, HEAD")
                .doesNotContain("X-Secret");
    }

    @Test
    void shouldAnswerHead() throws IOException {
        assertThat(ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/metrics2", "/metrics/x", "/-/healthy"})
    void shouldHaveNothingElse(String path) throws IOException {
        assertThat(ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n")).startsWith("HTTP/1.1 404 ");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    Host: time.example.com, 401
                    Host: time.example.com~Authorization: Bearer open sesame, 200
                    Host: time.example.com~authorization: bearer open sesame, 200
                    Host: time.example.com~Authorization: Basic cHJvbTpvcGVuIHNlc2FtZQ==, 200
                    Host: time.example.com~Authorization: Basic cHJvbTpvcGVu, 401
                    Host: time.example.com~Authorization: Basic !!!, 401
                    Host: time.example.com~Authorization: open sesame, 401
                    Host: time.example.com~Authorization: Bearer open, 401
                    Host: time.example.com~Authorization:, 401
                    Host: time.example.com~Authorization: Bearer open sesame~Origin: http://evil.example.com, 403
                    Host: time.example.com~Authorization: Bearer open sesame~Origin: http://time.example.com, 200
                    Host: time.example.com~Host: other~Authorization: Bearer open sesame, 403
                    """)
    void shouldAnswerTheNetworkWhereItHasTheToken(String headers, int status) throws IOException {
        PrometheusRegistry registry = new PrometheusRegistry();
        Gauge.builder().name("of_the_test").register(registry).set(42);
        endpoint.close();
        endpoint = start("0.0.0.0", Optional.of("open sesame"), registry);
        String answer = ask(GET + headers.replace("~", "\r\n") + "\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        assertThat(answer.contains("of_the_test")).isEqualTo(status == 200);
        assertThat(answer.toLowerCase(Locale.ROOT).contains("www-authenticate: basic"))
                .isEqualTo(status == 401);
    }
}
