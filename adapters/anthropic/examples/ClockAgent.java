// SPDX-License-Identifier: Apache-2.0
import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.models.beta.messages.BetaMessage;
import com.anthropic.models.beta.messages.MessageCreateParams;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.anthropic.ChronoTickToolkit;

/**
 * An agent that knows the time. Needs ANTHROPIC_API_KEY in the environment; ANTHROPIC_MODEL says which model to ask, and
 * ANTHROPIC_BASE_URL whom.
 */
public final class ClockAgent {
    public static void main(String[] args) {
        AnthropicClient client = AnthropicOkHttpClient.fromEnv();
        try (ChronoTickTools tools = new ChronoTickTools()) {
            MessageCreateParams.Builder params = MessageCreateParams.builder()
                    .model(System.getenv().getOrDefault("ANTHROPIC_MODEL", "claude-sonnet-4-5"))
                    .maxTokens(1024L)
                    .addUserMessage("What time is it in Berlin?");
            ChronoTickToolkit.all(tools).forEach(params::addTool);
            for (BetaMessage message : client.beta().messages().toolRunner(params.build())) {
                message.content().stream()
                        .flatMap(block -> block.text().stream())
                        .forEach(text -> System.out.println(text.text()));
            }
        } finally {
            client.close();
        }
    }

    private ClockAgent() {}
}
