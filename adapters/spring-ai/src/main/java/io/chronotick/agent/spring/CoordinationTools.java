// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.spring;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;

/**
 * What can be done with the time. The parameters are not spelt as Java has it: Spring AI shows their names to the model, which
 * knows the tools by the same ones everywhere.
 */
public final class CoordinationTools {
    private final ChronoTickTools tools;

    CoordinationTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTimeWithFutureUncertainty}. */
    @Tool(
            name = ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY,
            description = ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY_DESCRIPTION)
    public Map<String, Object> getTimeWithFutureUncertainty(
            @ToolParam(description = ToolText.FUTURE_SECONDS) double future_seconds) {
        return tools.getTimeWithFutureUncertainty(future_seconds).toMap();
    }

    /** See {@link ChronoTickTools#waitUntil} and {@link ChronoTickTools#waitFor}. */
    @Tool(name = ToolText.WAIT_UNTIL, description = ToolText.WAIT_UNTIL_DESCRIPTION)
    public Map<String, Object> waitUntil(
            @ToolParam(description = ToolText.CORRECTED_TIME, required = false) @Nullable String corrected_time,
            @ToolParam(description = ToolText.WAIT_SECONDS, required = false) @Nullable Double seconds,
            @ToolParam(description = ToolText.MAX_WAIT_SECONDS, required = false) @Nullable Double max_wait_seconds)
            throws InterruptedException {
        Map<String, Object> given = new HashMap<>();
        given.put("corrected_time", corrected_time);
        given.put("seconds", seconds);
        given.put("max_wait_seconds", max_wait_seconds);
        return io.chronotick.agent.Tool.WAIT_UNTIL
                .call(tools, given, remaining -> {})
                .toMap();
    }

    /** See {@link ChronoTickTools#compareTimestamps}. */
    @Tool(name = ToolText.COMPARE_TIMESTAMPS, description = ToolText.COMPARE_TIMESTAMPS_DESCRIPTION)
    public Map<String, Object> compareTimestamps(
            @ToolParam(description = ToolText.READING) Map<String, Object> first,
            @ToolParam(description = ToolText.READING) Map<String, Object> second) {
        return tools.compareTimestamps(ChronoTickTools.parseReading(first), ChronoTickTools.parseReading(second))
                .toMap();
    }
}
