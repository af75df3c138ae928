// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.SampleSegment;
import io.chronotick.agent.Tool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Requests of the revision without sessions, on streams and over HTTP, alone and among those of the earlier revisions. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StatelessProtocolTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String META = "`io.modelcontextprotocol/protocolVersion`:`2026-07-28`,"
            + "`io.modelcontextprotocol/clientInfo`:{`name`:`test`,`version`:`1`},"
            + "`io.modelcontextprotocol/clientCapabilities`:{}";

    @TempDir
    Path directory = Path.of("");

    private Path segment() {
        return directory.resolve("segment");
    }

    /** A request with the given fields of its _meta and further params; ` stands for ". */
    private static String request(int id, String method, String meta, String params) {
        return ("{`jsonrpc`:`2.0`,`id`:" + id + ",`method`:`" + method + "`,`params`:{`_meta`:{" + meta + "}"
                        + (params.isEmpty() ? "" : "," + params) + "}}")
                .replace('`', '"');
    }

    private static String request(int id, String method, String params) {
        return request(id, method, META, params);
    }

    private static String call(int id, String tool, String arguments) {
        return request(id, "tools/call", "`name`:`" + tool + "`,`arguments`:" + arguments);
    }

    private static void assertComplete(JsonNode result) {
        assertThat(result.at("/resultType").asString()).isEqualTo("complete");
        JsonNode server = result.at("/_meta").get("io.modelcontextprotocol/serverInfo");
        assertThat(server.at("/name").asString()).isEqualTo("chronotick");
        assertThat(server.at("/version").asString()).isEqualTo("test");
    }

    private static void assertCacheable(JsonNode result) {
        assertThat(result.at("/ttlMs").asLong(-1)).isNotNegative();
        assertThat(result.at("/cacheScope").asString()).isIn("public", "private");
    }

    private static int code(JsonNode answer) {
        return answer.at("/error/code").asInt();
    }

    @Nested
    class OnStreams {
        private final PipedOutputStream toServer = new PipedOutputStream();
        private final PipedInputStream fromServer = new PipedInputStream(1 << 20);
        private final BufferedReader lines =
                new BufferedReader(new InputStreamReader(fromServer, StandardCharsets.UTF_8));
        private @Nullable Thread started;

        @BeforeEach
        void start() throws IOException {
            PipedInputStream in = new PipedInputStream(toServer, 1 << 20);
            PipedOutputStream out = new PipedOutputStream(fromServer);
            Thread server = new Thread(() -> {
                try (out) {
                    StdioMcpServer.serve(new ChronoTickTools(segment()), "test", in, out);
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            server.start();
            started = server;
        }

        @AfterEach
        void stop() throws IOException, InterruptedException {
            toServer.close();
            Objects.requireNonNull(started).join();
        }

        private void send(String line) throws IOException {
            toServer.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            toServer.flush();
        }

        private JsonNode receive() throws IOException {
            return JSON.readTree(Objects.requireNonNull(lines.readLine()));
        }

        private JsonNode ask(String line) throws IOException {
            send(line);
            return receive();
        }

        @Test
        void shouldTellWhatItIsBeforeAnythingElse() throws IOException {
            JsonNode answer = ask(request(1, "server/discover", ""));
            JsonNode result = answer.at("/result");
            assertThat(answer.at("/id").asInt()).isEqualTo(1);
            assertComplete(result);
            assertCacheable(result);
            assertThat(result.at("/supportedVersions/0").asString()).isEqualTo("2026-07-28");
            assertThat(result.at("/supportedVersions").valueStream().map(JsonNode::asString))
                    .contains("2025-11-25");
            assertThat(result.at("/capabilities").propertyNames()).containsExactlyInAnyOrder("tools", "resources");
            assertThat(result.at("/instructions").asString()).contains("get_time");
        }

        @Test
        void shouldListWhatTheEarlierRevisionsList() throws IOException {
            JsonNode tools = ask(request(1, "tools/list", "")).at("/result");
            assertComplete(tools);
            assertCacheable(tools);
            JsonNode resources = ask(request(2, "resources/list", "")).at("/result");
            assertComplete(resources);
            assertCacheable(resources);
            JsonNode templates = ask(request(3, "resources/templates/list", "")).at("/result");
            assertComplete(templates);
            assertCacheable(templates);
            assertThat(templates.at("/resourceTemplates").isEmpty()).isTrue();

            initialize();
            assertThat(tools.at("/tools"))
                    .isEqualTo(ask(withoutMeta(4, "tools/list")).at("/result/tools"));
            assertThat(resources.at("/resources").valueStream())
                    .containsExactlyInAnyOrderElementsOf(ask(withoutMeta(5, "resources/list"))
                            .at("/result/resources")
                            .valueStream()
                            .toList());
        }

        private String withoutMeta(int id, String method) {
            return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\"}";
        }

        private void initialize() throws IOException {
            ask(
                    "{`jsonrpc`:`2.0`,`id`:0,`method`:`initialize`,`params`:{`protocolVersion`:`2025-11-25`,`capabilities`:{},`clientInfo`:{`name`:`t`,`version`:`1`}}}"
                            .replace('`', '"'));
            send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        }

        @Test
        void shouldCallEveryTool() throws IOException {
            new SampleSegment().publish(segment());
            Map<String, String> arguments = new LinkedHashMap<>();
            arguments.put("get_time", "{`timezone`:`Europe/Berlin`}");
            arguments.put("get_current_time", "{}");
            arguments.put("convert_time", "{`time`:0,`target_timezone`:`Asia/Tokyo`}");
            arguments.put("get_daemon_status", "{}");
            arguments.put("get_time_with_future_uncertainty", "{`future_seconds`:60}");
            arguments.put("wait_until", "{`corrected_time`:0}");
            arguments.put(
                    "compare_timestamps", "{`first`:{`time`:1,`uncertainty`:0},`second`:{`time`:2,`uncertainty`:0}}");
            assertThat(arguments.keySet())
                    .containsAll(Arrays.stream(Tool.values()).map(Tool::id).toList());
            for (Map.Entry<String, String> tool : arguments.entrySet()) {
                JsonNode result = ask(call(3, tool.getKey(), tool.getValue())).at("/result");
                assertComplete(result);
                assertThat(result.at("/isError").asBoolean(true))
                        .as(tool.getKey())
                        .isFalse();
                assertThat(result.at("/content/0/type").asString()).isEqualTo("text");
                assertThat(result.at("/content/0/text").asString()).isNotBlank();
                assertThat(result.at("/structuredContent").isObject()).isTrue();
            }
            JsonNode wrong =
                    ask(call(4, "get_time", "{`timezone`:`Nowhere/City`}")).at("/result");
            assertComplete(wrong);
            assertThat(wrong.at("/isError").asBoolean()).isTrue();
            assertThat(wrong.at("/content/0/text").asString()).contains("Nowhere/City");
        }

        @Test
        void shouldReadResources() throws IOException {
            JsonNode none = ask(request(1, "resources/read", "`uri`:`chronotick://record`"));
            assertThat(code(none)).isEqualTo(-32603);
            assertThat(none.at("/error/message").asString()).contains("chronotick daemon");
            new SampleSegment().publish(segment());
            for (String uri : List.of("chronotick://record", "chronotick://status")) {
                JsonNode result =
                        ask(request(2, "resources/read", "`uri`:`" + uri + "`")).at("/result");
                assertComplete(result);
                assertThat(result.at("/ttlMs").asLong(-1)).isZero();
                assertThat(result.at("/contents/0/uri").asString()).isEqualTo(uri);
                assertThat(JSON.readTree(result.at("/contents/0/text").asString())
                                .isObject())
                        .isTrue();
            }
            JsonNode unknown = ask(request(3, "resources/read", "`uri`:`chronotick://moon`"));
            assertThat(code(unknown)).isEqualTo(-32602);
            assertThat(unknown.at("/error/data/uri").asString()).isEqualTo("chronotick://moon");
        }

        /** Of the earlier revisions, of capabilities that are not offered, or of none. */
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "initialize",
                    "ping",
                    "logging/setLevel",
                    "prompts/list",
                    "completion/complete",
                    "subscriptions/listen",
                    "nonsense"
                })
        void shouldNotKnowOtherMethods(String method) throws IOException {
            assertThat(code(ask(request(1, method, "")))).isEqualTo(-32601);
        }

        @ParameterizedTest
        @ValueSource(strings = {"server/discover", "prompts/list", "nonsense"})
        void shouldNotKnowMethodsThatNeedNoSessionInASession(String method) throws IOException {
            assertThat(code(ask(withoutMeta(1, method)))).isEqualTo(-32601);
            initialize();
            assertThat(code(ask(withoutMeta(2, method)))).isEqualTo(-32601);
        }

        @Test
        void shouldNameItsVersionsToWhoeverAsksForAnother() throws IOException {
            for (String method : List.of("server/discover", "tools/list", "nonsense")) {
                JsonNode answer = ask(request(1, method, META.replace("2026-07-28", "1900-01-01"), ""));
                assertThat(code(answer)).isEqualTo(-32022);
                assertThat(answer.at("/error/data/requested").asString()).isEqualTo("1900-01-01");
                assertThat(answer.at("/error/data/supported/0").asString()).isEqualTo("2026-07-28");
            }
            // Known, but not in a request.
            assertThat(code(ask(request(1, "tools/list", META.replace("2026-07-28", "2025-11-25"), ""))))
                    .isEqualTo(-32022);
        }

        @Test
        void shouldRefuseWhatDoesNotDescribeItselfProperly() throws IOException {
            String version = "`io.modelcontextprotocol/protocolVersion`:";
            String capabilities = "`io.modelcontextprotocol/clientCapabilities`:";
            for (String meta : List.of(
                    version + "`2026-07-28`",
                    version + "`2026-07-28`," + capabilities + "7",
                    version + "7," + capabilities + "{}",
                    version + "null," + capabilities + "{}",
                    META + ",`io.modelcontextprotocol/clientInfo`:[]")) {
                JsonNode answer = ask(request(1, "tools/list", meta, ""));
                assertThat(code(answer)).as(meta).isEqualTo(-32602);
                assertThat(answer.at("/error/message").asString()).contains("io.modelcontextprotocol/");
            }
            assertThat(code(ask(request(1, "tools/call", "`name`:`get_thyme`"))))
                    .isEqualTo(-32602);
            assertThat(code(ask(request(1, "tools/call", "`name`:`get_time`,`arguments`:[]"))))
                    .isEqualTo(-32602);
            assertThat(code(ask(request(1, "tools/call", "")))).isEqualTo(-32602);
            assertThat(code(ask(request(1, "resources/read", "")))).isEqualTo(-32602);
            assertThat(code(ask(request(1, "tools/list", "`cursor`:`x`")))).isEqualTo(-32602);
        }

        @Test
        void shouldReportProgressAndCancelAWaitAmongRequestsOfASession() throws IOException {
            new SampleSegment().publish(segment());
            initialize();
            double now = ask(call(1, "get_time", "{}"))
                    .at("/result/structuredContent/corrected_time")
                    .asDouble();
            send(request(
                    2,
                    "tools/call",
                    META + ",`progressToken`:`p`",
                    "`name`:`wait_until`,`arguments`:{`corrected_time`:" + (now + 1800) + ",`max_wait_seconds`:3600}"));
            JsonNode progress = receive();
            assertThat(progress.at("/method").asString()).isEqualTo("notifications/progress");
            assertThat(progress.at("/params/progressToken").asString()).isEqualTo("p");
            assertThat(progress.at("/params/total").asDouble()).isBetween(1700.0, 1801.0);

            send(withoutMeta(3, "tools/list"));
            assertThat(nextAnswer().at("/id").asInt()).isEqualTo(3);
            send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}");
            send(call(4, "wait_until", "{`corrected_time`:" + (now - 1) + "}"));
            JsonNode answer = nextAnswer();
            assertThat(answer.at("/id").asInt()).isEqualTo(4);
            assertComplete(answer.at("/result"));
        }

        private JsonNode nextAnswer() throws IOException {
            JsonNode message = receive();
            while (message.has("method")) {
                message = receive();
            }
            return message;
        }
    }

    @Nested
    class OverHttp {
        private final HttpClient http = HttpClient.newHttpClient();
        private @Nullable HttpMcpServer started;

        @BeforeEach
        void start() throws IOException {
            new SampleSegment().publish(segment());
            started = HttpMcpServer.start(
                    new ChronoTickTools(segment()),
                    "test",
                    new HttpMcpServer.Options("127.0.0.1", 0, Optional.empty(), List.of()));
        }

        @AfterEach
        void stop() {
            server().close();
        }

        private HttpMcpServer server() {
            return Objects.requireNonNull(started);
        }

        private HttpResponse<String> send(String body, String... headers) throws IOException, InterruptedException {
            HttpRequest.Builder builder = HttpRequest.newBuilder(server().uri())
                    .header("Content-Type", "application/json")
                    .header("Accept", "application/json, text/event-stream")
                    .POST(HttpRequest.BodyPublishers.ofString(body));
            return http.send(
                    (headers.length == 0 ? builder : builder.headers(headers)).build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        private JsonNode body(HttpResponse<String> answer, int status) {
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
            assertThat(answer.headers().firstValue("Mcp-Session-Id")).isEmpty();
            return JSON.readTree(answer.body());
        }

        private static String[] headers(String method, String... more) {
            String[] headers = Arrays.copyOf(
                    new String[] {"MCP-Protocol-Version", "2026-07-28", "Mcp-Method", method}, 4 + more.length);
            System.arraycopy(more, 0, headers, 4, more.length);
            return headers;
        }

        @Test
        void shouldServeWithoutASession() throws Exception {
            JsonNode discovered = body(send(request(1, "server/discover", ""), headers("server/discover")), 200);
            assertComplete(discovered.at("/result"));
            JsonNode tools = body(send(request(2, "tools/list", ""), headers("tools/list")), 200);
            assertThat(tools.at("/result/tools").size()).isEqualTo(Tool.values().length);
            JsonNode time = body(send(call(3, "get_time", "{}"), headers("tools/call", "Mcp-Name", "get_time")), 200);
            assertComplete(time.at("/result"));
            assertThat(time.at("/result/structuredContent/is_valid").asBoolean())
                    .isTrue();
            String uri = "chronotick://record";
            JsonNode record = body(
                    send(
                            request(4, "resources/read", "`uri`:`" + uri + "`"),
                            headers(
                                    "resources/read",
                                    "Mcp-Name",
                                    "=?base64?"
                                            + Base64.getEncoder().encodeToString(uri.getBytes(StandardCharsets.UTF_8))
                                            + "?=",
                                    "Mcp-Session-Id",
                                    "of some other time")),
                    200);
            assertThat(record.at("/result/contents/0/uri").asString()).isEqualTo(uri);
        }

        @Test
        void shouldAnswerAWaitWithAnEventStream() throws Exception {
            HttpResponse<String> answer = send(
                    call(5, "wait_until", "{`corrected_time`:0}"), headers("tools/call", "Mcp-Name", "wait_until"));
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            assertThat(answer.headers().firstValue("X-Accel-Buffering")).hasValue("no");
            JsonNode message = JSON.readTree(answer.body()
                    .lines()
                    .filter(line -> line.startsWith("data:"))
                    .findFirst()
                    .orElseThrow()
                    .substring("data:".length()));
            assertThat(message.at("/id").asInt()).isEqualTo(5);
            assertComplete(message.at("/result"));
        }

        @Test
        void shouldRefuseHeadersThatSayAnotherThingThanTheBody() throws Exception {
            String version = "MCP-Protocol-Version";
            String now = "2026-07-28";
            String list = request(1, "tools/list", "");
            String call = call(1, "get_time", "{}");
            assertMismatch(send(list));
            assertMismatch(send(list, version, now));
            assertMismatch(send(list, "Mcp-Method", "tools/list"));
            assertMismatch(send(list, version, "2025-11-25", "Mcp-Method", "tools/list"));
            assertMismatch(send(list, version, now, "Mcp-Method", "Tools/List"));
            assertMismatch(send(list, version, now, "Mcp-Method", "tools/list", "Mcp-Method", "tools/list"));
            assertMismatch(send(call, headers("tools/call")));
            assertMismatch(send(call, headers("tools/call", "Mcp-Name", "wait_until")));
            assertMismatch(send(call, headers("tools/call", "Mcp-Name", "=?base64?***?=")));
            assertMismatch(send(call, headers("tools/call", "Mcp-Name", "=?base64?Z2V0?=")));
        }

        private void assertMismatch(HttpResponse<String> answer) {
            assertThat(code(body(answer, 400))).as(answer.body()).isEqualTo(-32020);
        }

        @Test
        void shouldUseTheStatusThatTellsTheErasApart() throws Exception {
            assertThat(code(body(send(request(1, "nonsense", ""), headers("nonsense")), 404)))
                    .isEqualTo(-32601);
            JsonNode version = body(
                    send(
                            request(1, "tools/list", META.replace("2026-07-28", "2099-01-01"), ""),
                            "MCP-Protocol-Version",
                            "2099-01-01",
                            "Mcp-Method",
                            "tools/list"),
                    400);
            assertThat(code(version)).isEqualTo(-32022);
            // The header promises what the body does not hold.
            assertThat(code(body(
                            send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", headers("tools/list")),
                            400)))
                    .isEqualTo(-32602);
            assertThat(code(body(
                            send(
                                    request(1, "tools/call", "`name`:`get_thyme`"),
                                    headers("tools/call", "Mcp-Name", "get_thyme")),
                            200)))
                    .isEqualTo(-32602);
        }

        /** As the SDK's own client, which begins with a session, does it in HttpMcpServerTest. */
        @Test
        void shouldNotKnowMethodsWithoutASessionInASession() throws Exception {
            JsonNode answer = body(send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}"), 200);
            assertThat(code(answer)).isEqualTo(-32601);
        }
    }
}
