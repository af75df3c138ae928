// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import io.chronotick.agent.ChronoTickTools;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The tools for agents built with LangChain4j: objects with annotated methods, to be handed over as they are.
 *
 * <pre>{@code
 * Assistant assistant = AiServices.builder(Assistant.class)
 *         .chatModel(model)
 *         .tools(ChronoTickToolkit.all(new ChronoTickTools()))
 *         .build();
 * }</pre>
 *
 * <p>What a call cannot do it throws; LangChain4j tells the model its message, which says what to do.
 */
public final class ChronoTickToolkit {
    private ChronoTickToolkit() {}

    /** All tools. */
    public static List<Object> all(ChronoTickTools tools) {
        return List.of(
                new TimeTools(tools), new CalendarTools(tools), new StatusTools(tools), new CoordinationTools(tools));
    }

    /** Only get_time. */
    public static List<Object> timeOnly(ChronoTickTools tools) {
        return List.of(new TimeTools(tools));
    }

    /** Only get_daemon_status. */
    public static List<Object> statusOnly(ChronoTickTools tools) {
        return List.of(new StatusTools(tools));
    }

    /**
     * All tools in addition to those that an agent already has.
     *
     * @param existing stays as it is
     */
    public static List<Object> addedTo(Collection<?> existing, ChronoTickTools tools) {
        List<Object> together = new ArrayList<>(existing);
        together.addAll(all(tools));
        return together;
    }
}
