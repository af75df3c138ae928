// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.spring;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;

/** The time by its other name, and other times in other zones. Parameters are spelt as in {@link CoordinationTools}. */
public final class CalendarTools {
    private final ChronoTickTools tools;

    CalendarTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTime(String)}. */
    @Tool(name = ToolText.GET_CURRENT_TIME, description = ToolText.GET_CURRENT_TIME_DESCRIPTION)
    public Map<String, Object> getCurrentTime(
            @ToolParam(description = ToolText.TIMEZONE, required = false) @Nullable String timezone) {
        return tools.getTime(timezone).toMap();
    }

    /** See {@link ChronoTickTools#convertTime}. */
    @Tool(name = ToolText.CONVERT_TIME, description = ToolText.CONVERT_TIME_DESCRIPTION)
    public Map<String, Object> convertTime(
            @ToolParam(description = ToolText.TIME_TO_CONVERT) String time,
            @ToolParam(description = ToolText.SOURCE_TIMEZONE, required = false) @Nullable String source_timezone,
            @ToolParam(description = ToolText.TARGET_TIMEZONE, required = false) @Nullable String target_timezone) {
        return tools.convertTime(time, source_timezone, target_timezone).toMap();
    }
}
