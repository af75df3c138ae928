// SPDX-License-Identifier: Apache-2.0
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.AiServices;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.langchain4j.ChronoTickToolkit;

/**
 * An agent that knows the time. In place of a real model stands one that follows a script, so that this runs without key and
 * network: put yours there, for instance AnthropicChatModel.builder()...build() of langchain4j-anthropic.
 */
public final class ClockAgent {
    interface Assistant {
        String chat(String question);
    }

    public static void main(String[] args) {
        ChatModel model = new ScriptedModel();
        try (ChronoTickTools tools = new ChronoTickTools()) {
            Assistant assistant = AiServices.builder(Assistant.class)
                    .chatModel(model)
                    .tools(ChronoTickToolkit.all(tools))
                    .build();
            System.out.println(assistant.chat("What time is it in Berlin?"));
        }
    }

    /** Asks for get_time, then says what it has got. */
    private static final class ScriptedModel implements ChatModel {
        @Override
        public ChatResponse doChat(ChatRequest request) {
            ChatMessage last = request.messages().get(request.messages().size() - 1);
            AiMessage answer = last instanceof ToolExecutionResultMessage result
                    ? AiMessage.from("The tool says: " + result.text())
                    : AiMessage.from(ToolExecutionRequest.builder()
                            .id("1")
                            .name("get_time")
                            .arguments("{\"timezone\": \"Europe/Berlin\"}")
                            .build());
            return ChatResponse.builder().aiMessage(answer).build();
        }
    }

    private ClockAgent() {}
}
