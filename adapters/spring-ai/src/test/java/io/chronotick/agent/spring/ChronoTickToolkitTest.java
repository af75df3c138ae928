// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.spring;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolkitContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
class ChronoTickToolkitTest extends ToolkitContract<Object> {
    /** Something that an agent had before. */
    public static final class OtherTool {
        @Tool(description = "Adds nothing.")
        public String other() {
            return "other";
        }
    }

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

    @Override
    protected Answer ask(List<Object> toolkit, String tool, String arguments) {
        ScriptedModel model = new ScriptedModel(tool, arguments);
        String text = String.valueOf(ChatClient.builder(model)
                .defaultTools(toolkit.toArray())
                .build()
                .prompt("Go on.")
                .call()
                .content());
        return new Answer(text, model.offered);
    }

    @Override
    protected List<Object> all(ChronoTickTools tools) {
        return ChronoTickToolkit.all(tools);
    }

    @Override
    protected List<Object> timeOnly(ChronoTickTools tools) {
        return ChronoTickToolkit.timeOnly(tools);
    }

    @Override
    protected List<Object> statusOnly(ChronoTickTools tools) {
        return ChronoTickToolkit.statusOnly(tools);
    }

    @Override
    protected List<Object> addedToAnother(ChronoTickTools tools) {
        return ChronoTickToolkit.addedTo(List.of(new OtherTool()), tools);
    }
}
