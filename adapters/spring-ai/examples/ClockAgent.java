// SPDX-License-Identifier: Apache-2.0
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.spring.ChronoTickToolkit;
import java.util.List;
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

/**
 * An agent that knows the time. In place of a real model stands one that follows a script, so that this runs without key and
 * network: in a Spring Boot application, take the ChatClient.Builder that it offers.
 */
public final class ClockAgent {
    public static void main(String[] args) {
        ChatModel model = new ScriptedModel();
        try (ChronoTickTools tools = new ChronoTickTools()) {
            ChatClient client = ChatClient.builder(model)
                    .defaultTools(ChronoTickToolkit.all(tools).toArray())
                    .build();
            System.out.println(client.prompt("What time is it in Berlin?").call().content());
        }
    }

    /** Asks for get_time, then says what it has got. */
    private static final class ScriptedModel implements ChatModel {
        @Override
        public ChatOptions getOptions() {
            return ToolCallingChatOptions.builder().build(); // says that it can call tools
        }

        @Override
        public ChatResponse call(Prompt prompt) {
            Message last = prompt.getLastUserOrToolResponseMessage();
            AssistantMessage answer = last instanceof ToolResponseMessage result
                    ? new AssistantMessage(
                            "The tool says: " + result.getResponses().get(0).responseData())
                    : AssistantMessage.builder()
                            .content("")
                            .toolCalls(List.of(new AssistantMessage.ToolCall(
                                    "1", "function", "get_time", "{\"timezone\": \"Europe/Berlin\"}")))
                            .build();
            return new ChatResponse(List.of(new Generation(answer)));
        }
    }

    private ClockAgent() {}
}
