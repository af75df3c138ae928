// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ExampleRun;
import io.chronotick.agent.SampleSegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.annotation.Tool;

/** A model with a script calls the tools as Spring AI lets it; no network. */
class ChronoTickToolkitTest {
    /** Something that an agent had before. */
    public static final class OtherTool {
        @Tool(description = "Adds nothing.")
        public String other() {
            return "other";
        }
    }

    @TempDir
    Path directory = Path.of("");

    /** Asks for one tool, then answers with what it has got. */
    private static final class ScriptedModel implements ChatModel {
        private final String tool;
        private final String arguments;
        final List<String> offered = new ArrayList<>();

        ScriptedModel(String tool, String arguments) {
            this.tool = tool;
            this.arguments = arguments;
        }

        @Override
        public ChatOptions getOptions() {
            return ToolCallingChatOptions.builder().build();
        }

        @Override
        public ChatResponse call(Prompt prompt) {
            offered.clear();
            if (prompt.getOptions() instanceof ToolCallingChatOptions options) {
                Objects.requireNonNull(options.getToolCallbacks())
                        .forEach(callback ->
                                offered.add(callback.getToolDefinition().name()));
            }
            Message last = prompt.getLastUserOrToolResponseMessage();
            AssistantMessage answer = last instanceof ToolResponseMessage result
                    ? new AssistantMessage(result.getResponses().get(0).responseData())
                    : AssistantMessage.builder()
                            .content("")
                            .toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", tool, arguments)))
                            .build();
            return new ChatResponse(List.of(new Generation(answer)));
        }
    }

    private String ask(ScriptedModel model, List<Object> toolkit) {
        return String.valueOf(ChatClient.builder(model)
                .defaultTools(toolkit.toArray())
                .build()
                .prompt("Go on.")
                .call()
                .content());
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
        try (ChronoTickTools tools = tools()) {
            assertThat(ask(new ScriptedModel(tool, arguments), ChronoTickToolkit.all(tools)))
                    .containsPattern(expected);
        }
    }

    @Test
    void shouldTellTheModelWhatToDoWithoutADaemon() {
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("nothing"))) {
            assertThat(ask(new ScriptedModel("get_time", "{}"), ChronoTickToolkit.all(tools)))
                    .contains("chronotick daemon");
        }
    }

    @Test
    void shouldOfferTheToolsThatWereAskedFor() throws Exception {
        try (ChronoTickTools tools = tools()) {
            ScriptedModel model = new ScriptedModel("get_time", "{}");
            ask(model, ChronoTickToolkit.timeOnly(tools));
            assertThat(model.offered).containsExactly("get_time");
            ask(model, ChronoTickToolkit.addedTo(List.of(new OtherTool()), tools));
            assertThat(model.offered)
                    .contains("other")
                    .containsAll(Arrays.stream(io.chronotick.agent.Tool.values())
                            .map(io.chronotick.agent.Tool::id)
                            .toList())
                    .hasSize(6);
            model = new ScriptedModel("get_daemon_status", "{}");
            ask(model, ChronoTickToolkit.statusOnly(tools));
            assertThat(model.offered).containsExactly("get_daemon_status");
        }
    }

    @Test
    void shouldRunTheExample() throws Exception {
        Path segment = directory.resolve("segment");
        new SampleSegment().publish(segment);
        assertThat(ExampleRun.of(Path.of("examples", "ClockAgent.java"), "CHRONOTICK_SHM", segment.toString()))
                .contains("2025-03-13T16:3");
    }
}
