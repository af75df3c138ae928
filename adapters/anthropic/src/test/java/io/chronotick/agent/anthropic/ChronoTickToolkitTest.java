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
import io.chronotick.agent.ToolkitContract;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A model with a script calls the tools as the SDK's runner lets it; no network but loopback. */
class ChronoTickToolkitTest extends ToolkitContract<BetaRunnableTool> {
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

    @Override
    protected Answer ask(List<BetaRunnableTool> toolkit, String tool, String arguments) {
        api.script(tool, arguments);
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
            return new Answer(texts.toString(), List.copyOf(api.offered));
        } finally {
            client.close();
        }
    }

    @Override
    protected List<BetaRunnableTool> all(ChronoTickTools tools) {
        return ChronoTickToolkit.all(tools);
    }

    @Override
    protected List<BetaRunnableTool> timeOnly(ChronoTickTools tools) {
        return ChronoTickToolkit.timeOnly(tools);
    }

    @Override
    protected List<BetaRunnableTool> statusOnly(ChronoTickTools tools) {
        return ChronoTickToolkit.statusOnly(tools);
    }

    @Override
    protected List<BetaRunnableTool> addedToAnother(ChronoTickTools tools) {
        BetaRunnableTool other = BetaRunnableTool.of(
                BetaTool.builder()
                        .name("other")
                        .inputSchema(BetaTool.InputSchema.builder().build())
                        .build(),
                input -> BetaToolResultBlockParam.Content.ofString("other"));
        return ChronoTickToolkit.addedTo(List.of(other), tools);
    }

    @Override
    protected String[] exampleEnvironment() {
        api.script("get_time", "{\"timezone\": \"Europe/Berlin\"}");
        return new String[] {"ANTHROPIC_API_KEY", "none", "ANTHROPIC_BASE_URL", api.url()};
    }

    @Test
    void shouldMarkAFailedCallAsAnError() {
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("nothing"))) {
            ask(all(tools), "get_time", "{}");
            assertThat(api.error).isTrue();
        }
    }
}
