// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.anthropic;

import com.anthropic.core.JsonValue;
import com.anthropic.core.ObjectMappers;
import com.anthropic.helpers.BetaRunnableTool;
import com.anthropic.models.beta.messages.BetaTool;
import com.anthropic.models.beta.messages.BetaToolResultBlockParam;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.Tool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The tools for agents built with the Anthropic Java SDK, whose tool runner calls them.
 *
 * <pre>{@code
 * MessageCreateParams.Builder params = MessageCreateParams.builder().model(...).maxTokens(1024L).addUserMessage(...);
 * ChronoTickToolkit.all(new ChronoTickTools()).forEach(params::addTool);
 * for (BetaMessage message : client.beta().messages().toolRunner(params.build())) { ... }
 * }</pre>
 *
 * <p>What a call cannot do it throws; the runner tells the model its message, which says what to do.
 */
public final class ChronoTickToolkit {
    private static final ObjectMapper JSON = ObjectMappers.jsonMapper();

    /** A double of Unix seconds would lose 238 ns. */
    private static final ObjectReader ARGUMENTS = JSON.readerFor(new TypeReference<Map<String, Object>>() {})
            .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private ChronoTickToolkit() {}

    /** All tools. */
    public static List<BetaRunnableTool> all(ChronoTickTools tools) {
        return of(Arrays.stream(Tool.values()), tools);
    }

    /** Only get_time. */
    public static List<BetaRunnableTool> timeOnly(ChronoTickTools tools) {
        return of(Stream.of(Tool.GET_TIME), tools);
    }

    /** Only get_daemon_status. */
    public static List<BetaRunnableTool> statusOnly(ChronoTickTools tools) {
        return of(Stream.of(Tool.GET_DAEMON_STATUS), tools);
    }

    /**
     * All tools in addition to those that an agent already has.
     *
     * @param existing stays as it is
     */
    public static List<BetaRunnableTool> addedTo(Collection<BetaRunnableTool> existing, ChronoTickTools tools) {
        List<BetaRunnableTool> together = new ArrayList<>(existing);
        together.addAll(all(tools));
        return together;
    }

    private static List<BetaRunnableTool> of(Stream<Tool> which, ChronoTickTools tools) {
        return which.map(tool -> BetaRunnableTool.of(definition(tool), input -> run(tool, tools, input)))
                .toList();
    }

    private static BetaTool definition(Tool tool) {
        BetaTool.InputSchema.Builder schema = BetaTool.InputSchema.builder();
        tool.inputSchema().forEach((name, value) -> schema.putAdditionalProperty(name, JsonValue.from(value)));
        return BetaTool.builder()
                .name(tool.id())
                .description(tool.description())
                .inputSchema(schema.build())
                .build();
    }

    private static BetaToolResultBlockParam.Content run(Tool tool, ChronoTickTools tools, String input) {
        try {
            Map<String, Object> arguments = ARGUMENTS.readValue(input);
            Map<String, Object> result =
                    tool.call(tools, arguments, remaining -> {}).toMap();
            return BetaToolResultBlockParam.Content.ofString(JSON.writeValueAsString(result));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the arguments are no JSON object: " + e.getOriginalMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the call was interrupted", e);
        }
    }
}
