// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.ObjectMappers;
import com.anthropic.helpers.BetaRunnableTool;
import com.anthropic.models.beta.messages.BetaMessage;
import com.anthropic.models.beta.messages.BetaTool;
import com.anthropic.models.beta.messages.BetaToolResultBlockParam;
import com.anthropic.models.beta.messages.MessageCreateParams;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ExampleRun;
import io.chronotick.agent.SampleSegment;
import io.chronotick.agent.Tool;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model with a script calls the tools as the SDK's runner lets it; no network but loopback. */
class ChronoTickToolkitTest {
    @TempDir
    Path directory = Path.of("");

    private final ScriptedApi api = new ScriptedApi();

    @AfterEach
    void stop() {
        api.close();
    }

    /** The Messages API on the loopback interface: asks for one tool, then answers with what it has got. */
    private static final class ScriptedApi implements AutoCloseable {
        private final HttpServer server;
        private String tool = "get_time";
        private String arguments = "{}";
        final List<String> offered = new ArrayList<>();
        boolean error;

        ScriptedApi() {
            try {
                server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            server.createContext("/v1/messages", this::answer);
            server.start();
        }

        void script(String tool, String arguments) {
            this.tool = tool;
            this.arguments = arguments;
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        private void answer(HttpExchange exchange) throws IOException {
            JsonNode request = ObjectMappers.jsonMapper().readTree(exchange.getRequestBody());
            if (request.has("tools")) { // not in later requests of a thread
                offered.clear();
                request.get("tools")
                        .forEach(each -> offered.add(each.get("name").asText()));
            }
            JsonNode messages = request.get("messages");
            JsonNode last = messages.get(messages.size() - 1).get("content");
            boolean called = last.isArray()
                    && "tool_result".equals(last.get(0).path("type").asText());
            String content;
            if (called) {
                error = last.get(0).path("is_error").asBoolean();
                JsonNode result = last.get(0).get("content");
                String text = result.isArray() ? result.get(0).get("text").asText() : result.asText();
                content = "{\"type\":\"text\",\"text\":"
                        + ObjectMappers.jsonMapper().writeValueAsString(text) + "}";
            } else {
                content = "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"" + tool + "\",\"input\":" + arguments
                        + "}";
            }
            byte[] body =
                    ("{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"scripted\",\"content\":["
                                    + content + "],\"stop_reason\":\"" + (called ? "end_turn" : "tool_use")
                                    + "\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}")
                            .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    private String ask(List<BetaRunnableTool> toolkit) {
        AnthropicClient client = AnthropicOkHttpClient.builder()
                .baseUrl(api.url())
                .apiKey("none")
                .build();
        try {
            MessageCreateParams.Builder params = MessageCreateParams.builder()
                    .model("scripted")
                    .maxTokens(100)
                    .addUserMessage("Go on.");
            toolkit.forEach(params::addTool);
            StringBuilder texts = new StringBuilder();
            for (BetaMessage message : client.beta().messages().toolRunner(params.build())) {
                message.content().forEach(block -> block.text().ifPresent(text -> texts.append(text.text())));
            }
            return texts.toString();
        } finally {
            client.close();
        }
    }

    private ChronoTickTools tools() throws Exception {
        new SampleSegment().publish(directory.resolve("segment"));
        return new ChronoTickTools(directory.resolve("segment"));
    }

    /** The reading reaches the model, under the names that the tools have everywhere. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "get_time | {} | \"corrected_time_iso\"\\s*:\\s*\"2025-03-13T15:3",
                "get_time | {\"timezone\": \"Europe/Berlin\"} | \"utc_offset\"\\s*:\\s*\"\\+01:00\"",
                "get_daemon_status | {} | \"status\"\\s*:\\s*\"ready\"",
                "get_time_with_future_uncertainty | {\"future_seconds\": 60} | \"future_seconds\"\\s*:\\s*60",
                "wait_until | {\"corrected_time\": \"2025-01-01T00:00:00Z\"} | \"early_or_late_by\"",
                "wait_until | {\"corrected_time\": 1, \"max_wait_seconds\": 5} | \"early_or_late_by\"",
                "compare_timestamps | {\"first\": {\"time\": 1, \"uncertainty\": 0.25}, \"second\": {\"time\": 2, \"uncertainty\": 0.25}} | \"gap_seconds\"\\s*:\\s*0.5",
                "get_time | {\"timezone\": \"Nowhere\"} | IANA time zone",
                "get_time_with_future_uncertainty | {\"future_seconds\": -1} | 0 to 3600",
            })
    void shouldBringTheReadingToTheModel(String tool, String arguments, String expected) throws Exception {
        api.script(tool, arguments);
        try (ChronoTickTools tools = tools()) {
            assertThat(ask(ChronoTickToolkit.all(tools))).containsPattern(expected);
        }
    }

    @Test
    void shouldTellTheModelWhatToDoWithoutADaemon() {
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("nothing"))) {
            assertThat(ask(ChronoTickToolkit.all(tools))).contains("chronotick daemon");
            assertThat(api.error).isTrue();
        }
    }

    @Test
    void shouldOfferTheToolsThatWereAskedFor() throws Exception {
        try (ChronoTickTools tools = tools()) {
            ask(ChronoTickToolkit.timeOnly(tools));
            assertThat(api.offered).containsExactly("get_time");
            BetaRunnableTool other = BetaRunnableTool.of(
                    BetaTool.builder()
                            .name("other")
                            .inputSchema(BetaTool.InputSchema.builder().build())
                            .build(),
                    input -> BetaToolResultBlockParam.Content.ofString("other"));
            ask(ChronoTickToolkit.addedTo(List.of(other), tools));
            assertThat(api.offered)
                    .contains("other")
                    .containsAll(Arrays.stream(Tool.values()).map(Tool::id).toList())
                    .hasSize(6);
            api.script("get_daemon_status", "{}");
            ask(ChronoTickToolkit.statusOnly(tools));
            assertThat(api.offered).containsExactly("get_daemon_status");
        }
    }

    @Test
    void shouldRunTheExample() throws Exception {
        Path segment = directory.resolve("segment");
        new SampleSegment().publish(segment);
        api.script("get_time", "{\"timezone\": \"Europe/Berlin\"}");
        assertThat(ExampleRun.of(
                        Path.of("examples", "ClockAgent.java"),
                        "CHRONOTICK_SHM",
                        segment.toString(),
                        "ANTHROPIC_API_KEY",
                        "none",
                        "ANTHROPIC_BASE_URL",
                        api.url()))
                .contains("2025-03-13T16:3");
    }
}
