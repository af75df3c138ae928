// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.spring;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;

/** The time. */
public final class TimeTools {
    private final ChronoTickTools tools;

    TimeTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTime(String)}. */
    @Tool(name = ToolText.GET_TIME, description = ToolText.GET_TIME_DESCRIPTION)
    public Map<String, Object> getTime(
            @ToolParam(description = ToolText.TIMEZONE, required = false) @Nullable String timezone) {
        return tools.getTime(timezone).toMap();
    }
}
