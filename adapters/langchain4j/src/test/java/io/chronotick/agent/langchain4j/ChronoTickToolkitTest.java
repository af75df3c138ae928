// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.AiServices;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolkitContract;
import java.util.ArrayList;
import java.util.List;

/** A model with a script calls the tools as LangChain4j lets it; no network. */
class ChronoTickToolkitTest extends ToolkitContract<Object> {
    interface Assistant {
        String chat(String question);
    }

    /** Something that an agent had before. */
    public static final class OtherTool {
        @Tool("Adds nothing.")
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
        public ChatResponse doChat(ChatRequest request) {
            offered.clear();
            request.toolSpecifications().stream().map(ToolSpecification::name).forEach(offered::add);
            ChatMessage last = request.messages().get(request.messages().size() - 1);
            AiMessage answer = last instanceof ToolExecutionResultMessage result
                    ? AiMessage.from(result.text())
                    : AiMessage.from(ToolExecutionRequest.builder()
                            .id("1")
                            .name(tool)
                            .arguments(arguments)
                            .build());
            return ChatResponse.builder().aiMessage(answer).build();
        }
    }

    @Override
    protected Answer ask(List<Object> toolkit, String tool, String arguments) {
        ScriptedModel model = new ScriptedModel(tool, arguments);
        String text = AiServices.builder(Assistant.class)
                .chatModel(model)
                .tools(toolkit)
                .build()
                .chat("Go on.");
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
