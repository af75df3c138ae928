// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be done with the time. */
public final class CoordinationTools {
    private final ChronoTickTools tools;

    CoordinationTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTimeWithFutureUncertainty}. */
    @Tool(
            name = ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY,
            value = ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY_DESCRIPTION)
    public Map<String, Object> getTimeWithFutureUncertainty(
            @P(name = "future_seconds", value = ToolText.FUTURE_SECONDS) double futureSeconds) {
        return tools.getTimeWithFutureUncertainty(futureSeconds).toMap();
    }

    /** See {@link ChronoTickTools#waitUntil} and {@link ChronoTickTools#waitFor}. */
    @Tool(name = ToolText.WAIT_UNTIL, value = ToolText.WAIT_UNTIL_DESCRIPTION)
    public Map<String, Object> waitUntil(
            @P(name = "corrected_time", value = ToolText.CORRECTED_TIME, required = false) @Nullable
                    String correctedTime,
            @P(name = "seconds", value = ToolText.WAIT_SECONDS, required = false) @Nullable Double seconds,
            @P(name = "max_wait_seconds", value = ToolText.MAX_WAIT_SECONDS, required = false) @Nullable
                    Double maxWaitSeconds)
            throws InterruptedException {
        Map<String, Object> given = new HashMap<>();
        given.put("corrected_time", correctedTime);
        given.put("seconds", seconds);
        given.put("max_wait_seconds", maxWaitSeconds);
        return io.chronotick.agent.Tool.WAIT_UNTIL
                .call(tools, given, remaining -> {})
                .toMap();
    }

    /** See {@link ChronoTickTools#compareTimestamps}. */
    @Tool(name = ToolText.COMPARE_TIMESTAMPS, value = ToolText.COMPARE_TIMESTAMPS_DESCRIPTION)
    public Map<String, Object> compareTimestamps(
            @P(name = "first", value = ToolText.READING) Map<String, Object> first,
            @P(name = "second", value = ToolText.READING) Map<String, Object> second) {
        return tools.compareTimestamps(ChronoTickTools.parseReading(first), ChronoTickTools.parseReading(second))
                .toMap();
    }
}
