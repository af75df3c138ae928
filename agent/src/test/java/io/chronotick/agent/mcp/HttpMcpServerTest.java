// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.SampleSegment;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Over real sockets. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class HttpMcpServerTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String NOTHING = "";

    @TempDir
    Path directory = Path.of("");

    private final HttpClient http = HttpClient.newHttpClient();
    private @Nullable HttpMcpServer started;

    @BeforeEach
    void start() throws IOException {
        new SampleSegment().publish(directory.resolve("segment"));
        start(Optional.empty());
    }

    private void start(Optional<String> token) throws IOException {
        started = HttpMcpServer.start(
                new ChronoTickTools(directory.resolve("segment")),
                "test",
                new HttpMcpServer.Options("127.0.0.1", 0, token, List.of("time.example.net")));
    }

    @AfterEach
    void stop() {
        server().close();
    }

    private HttpMcpServer server() {
        return Objects.requireNonNull(started);
    }

    private HttpRequest post(String body, String... headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(server().uri())
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        return headers.length == 0 ? builder.build() : builder.headers(headers).build();
    }

    private HttpResponse<String> send(String body, String... headers) throws IOException, InterruptedException {
        return http.send(post(body, headers), HttpResponse.BodyHandlers.ofString());
    }

    private static String request(int id, String method, String params) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}";
    }

    private static String call(int id, String tool, String arguments) {
        return request(id, "tools/call", "{\"name\":\"" + tool + "\",\"arguments\":" + arguments + "}");
    }

    private static String initialization(String version) {
        return request(
                0,
                "initialize",
                "{\"protocolVersion\":\"" + version
                        + "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}");
    }

    /** Returns the session. */
    private String initialize() throws IOException, InterruptedException {
        HttpResponse<String> answer = send(initialization("2025-11-25"));
        String session = answer.headers().firstValue("Mcp-Session-Id").orElseThrow();
        send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", "Mcp-Session-Id", session);
        return session;
    }

    /** The messages of an event stream. */
    private static List<JsonNode> messages(String body) {
        return body.lines()
                .filter(line -> line.startsWith("data:"))
                .map(line -> JSON.readTree(line.substring("data:".length())))
                .toList();
    }

    private void assertLives() throws IOException, InterruptedException {
        HttpResponse<String> answer = send(call(99, "get_time", "{}"), "Mcp-Session-Id", initialize());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(messages(answer.body())
                        .get(0)
                        .at("/result/structuredContent/is_valid")
                        .asBoolean())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"2025-11-25", "2025-06-18", "2025-03-26"})
    void shouldSpeakTheVersionThatIsAskedFor(String version) throws Exception {
        HttpResponse<String> answer = send(initialization(version));
        assertThat(JSON.readTree(answer.body()).at("/result/protocolVersion").asString())
                .isEqualTo(version);
    }

    /** The SDK's own client checks every message against the specification. */
    @Test
    void shouldServeAnMcpClient() {
        try (McpSyncClient client = McpClient.sync(
                        HttpClientStreamableHttpTransport.builder(server().uri().toString())
                                .build())
                .build()) {
            client.initialize();
            assertThat(client.listTools().tools()).hasSize(7);
            McpSchema.CallToolResult result = client.callTool(McpSchema.CallToolRequest.builder("get_time")
                    .arguments(Map.of("timezone", "Europe/Berlin"))
                    .build());
            assertThat(result.isError()).isFalse();
            assertThat(result.structuredContent().toString()).contains("local_time_iso=2025-03-13T16:3");
            assertThat(client.listResources().resources()).hasSize(2);
        }
    }

    @Test
    void shouldAnswerAThousandCallsAtOnce() throws Exception {
        String session = initialize();
        // Both ends are in this process, whose descriptors are limited.
        long descriptors = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class)
                .getMaxFileDescriptorCount();
        int callers = (int) Math.min(1000, descriptors / 3);
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            answers.add(http.sendAsync(
                    post(call(i, "get_time", "{}"), "Mcp-Session-Id", session), HttpResponse.BodyHandlers.ofString()));
        }
        for (int i = 0; i < callers; i++) {
            HttpResponse<String> answer = answers.get(i).get(100, TimeUnit.SECONDS);
            assertThat(answer.statusCode()).isEqualTo(200);
            List<JsonNode> messages = messages(answer.body());
            assertThat(messages).hasSize(1);
            assertThat(messages.get(0).at("/id").asInt()).isEqualTo(i);
            assertThat(messages.get(0).at("/result/structuredContent/is_valid").asBoolean())
                    .isTrue();
        }
    }

    @Test
    void shouldAnswerWhileManyCallsWait() throws Exception {
        String session = initialize();
        List<CompletableFuture<HttpResponse<String>>> waits = new ArrayList<>();
        String forever = "{\"corrected_time\":\"2025-03-13T16:00:00Z\",\"max_wait_seconds\":3600}";
        for (int i = 0; i < 40; i++) {
            waits.add(http.sendAsync(
                    post(call(i, "wait_until", forever), "Mcp-Session-Id", session),
                    HttpResponse.BodyHandlers.ofString()));
        }
        assertLives();
        assertThat(waits).noneMatch(CompletableFuture::isDone);
        while (!waits.isEmpty()) {
            for (int i = 0; i < 40; i++) {
                send(
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + i
                                + "}}",
                        "Mcp-Session-Id",
                        session);
            }
            waits.removeIf(CompletableFuture::isDone); // a cancellation may come before its call
        }
    }

    @Test
    void shouldReportProgressAndNotAnswerWhatWasCancelled() throws Exception {
        String session = initialize();
        HttpResponse<Stream<String>> wait = http.send(
                post(
                        request(
                                7,
                                "tools/call",
                                "{\"name\":\"wait_until\",\"_meta\":{\"progressToken\":1},\"arguments\":{\"corrected_time\":"
                                        + "\"2025-03-13T16:00:00Z\",\"max_wait_seconds\":3600}}"),
                        "Mcp-Session-Id",
                        session),
                HttpResponse.BodyHandlers.ofLines());
        List<String> methods = new ArrayList<>();
        List<CompletableFuture<HttpResponse<Void>>> cancellations = new ArrayList<>();
        wait.body().filter(line -> line.startsWith("data:")).forEach(line -> {
            methods.add(JSON.readTree(line.substring(5)).at("/method").asString(NOTHING));
            if (methods.size() == 2) {
                cancellations.add(http.sendAsync(
                        post(
                                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}",
                                "Mcp-Session-Id",
                                session),
                        HttpResponse.BodyHandlers.discarding()));
            }
        });
        // The stream has ended, and held no answer.
        assertThat(methods).hasSizeGreaterThanOrEqualTo(2).containsOnly("notifications/progress");
        assertThat(cancellations.get(0).join().statusCode()).isEqualTo(202);
        assertLives();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "not JSON | -32700",
                "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:{`name`:`get_time`,`arguments`:{`timezone`:NaN}}} | -32700",
                "[{`jsonrpc`:`2.0`,`id`:7,`method`:`ping`}] | -32600",
                "{} | -32600",
                "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`} | -32602",
                "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:{`name`:`get_thyme`}} | -32602",
                "{`jsonrpc`:`2.0`,`id`:7,`method`:`initialize`,`params`:{}} | -32602",
                "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/list`} | -32600", // no session yet
            })
    void shouldAnswerWhatIsNoProperRequest(String body, int code) throws Exception {
        HttpResponse<String> answer = send(body.replace('`', '"'));
        assertThat(answer.statusCode()).isEqualTo(code == -32602 ? 200 : 400);
        assertThat(JSON.readTree(answer.body()).at("/error/code").asInt()).isEqualTo(code);
        assertThat(answer.body()).doesNotContain("stackTrace");
        assertLives();
    }

    @Test
    void shouldSurviveLongMessagesAndUnknownMethodsAndSessions() throws Exception {
        String session = initialize();
        HttpResponse<String> answer =
                send(call(7, "get_time", "{\"timezone\":\"" + "x".repeat(30_000) + "\"}"), "Mcp-Session-Id", session);
        assertThat(messages(answer.body()).get(0).at("/result/isError").asBoolean())
                .isTrue();
        assertThat(answer.body()).contains("30000 characters").hasSizeLessThan(1000);
        assertThat(send("\"" + "x".repeat(Limits.MAX_BODY_BYTES) + "\"").statusCode())
                .isEqualTo(413);
        answer = send(request(8, "nonsense", "{}"), "Mcp-Session-Id", session);
        assertThat(messages(answer.body()).get(0).at("/error/code").asInt()).isEqualTo(-32601);
        answer = send(request(9, "tools/list", "{}"), "Mcp-Session-Id", "nobody");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(JSON.readTree(answer.body()).at("/error/message").asString()).contains("nobody");
        assertThat(answer.body()).doesNotContain("stackTrace");
        answer = send(request(9, "tools/list", "{}"), "Mcp-Session-Id", session, "MCP-Protocol-Version", "1999-01-01");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertLives();
    }

    /** By hand, since no HTTP client lets a caller lie about the Host. */
    private String statusFor(String headers) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server().uri().getPort())) {
            String body = initialization("2025-11-25");
            String text = "POST /mcp HTTP/1.1\r\n"
                    + headers.replace("PORT", "" + server().uri().getPort())
                    + "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: "
                    + body.length() + "\r\nConnection: close\r\n\r\n" + body;
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8).split(" ", 3)[1];
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'Host: localhost:PORT', 200",
        "'Host: 127.0.0.1:PORT', 200",
        "'Host: time.example.net:PORT', 200",
        "'Host: localhost:PORT\r\nOrigin: http://localhost:6274', 200",
        "'Host: LOCALHOST', 200",
        "'Host: [::1]:PORT', 200",
        "'Host: localhost:PORT\r\nOrigin: http://[::1]:PORT', 200",
        "'Host: evil.example.com', 403",
        "'Host: 127.0.0.2', 403",
        "'Host: ', 400",
        "'Host: localhost:PORT\r\nHost: evil.example.com', 400",
        "'X-Forwarded-Host: localhost', 400",
        "'Host: localhost:PORT\r\nOrigin: http://localhost\r\nOrigin: http://evil.example.com', 403",
        "'Host: localhost:PORT\r\nOrigin: file://localhost', 403",
        "'Host: localhost:PORT\r\nOrigin: http://localhost@evil.example.com', 403",
        "'Host: localhost.evil.example.com:PORT', 403",
        "'Host: localhost:PORT\r\nOrigin: http://evil.example.com', 403",
        "'Host: localhost:PORT\r\nOrigin: null', 403",
    })
    void shouldAnswerToItsOwnNamesOnly(String headers, String status) throws IOException {
        assertThat(statusFor(headers.replace("\\r\\n", "\r\n"))).isEqualTo(status);
    }

    @Test
    void shouldWantItsTokenIfItHasOne() throws Exception {
        stop();
        start(Optional.of("secret"));
        HttpResponse<String> answer = send(initialization("2025-11-25"));
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(send(initialization("2025-11-25"), "Authorization", "Bearer secrez")
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(initialization("2025-11-25"), "Authorization", "Bearer secret")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void shouldSayThatThePortIsTaken() {
        assertThatThrownBy(() -> HttpMcpServer.start(
                        new ChronoTickTools(directory.resolve("segment")),
                        "test",
                        new HttpMcpServer.Options("127.0.0.1", server().uri().getPort(), Optional.empty(), List.of())))
                .isInstanceOf(IOException.class);
    }
}
