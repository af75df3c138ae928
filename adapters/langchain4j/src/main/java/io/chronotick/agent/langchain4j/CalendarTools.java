// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The time by its other name, and other times in other zones. */
public final class CalendarTools {
    private final ChronoTickTools tools;

    CalendarTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTime(String)}. */
    @Tool(name = ToolText.GET_CURRENT_TIME, value = ToolText.GET_CURRENT_TIME_DESCRIPTION)
    public Map<String, Object> getCurrentTime(
            @P(name = "timezone", value = ToolText.TIMEZONE, required = false) @Nullable String timezone) {
        return tools.getTime(timezone).toMap();
    }

    /** See {@link ChronoTickTools#convertTime}. */
    @Tool(name = ToolText.CONVERT_TIME, value = ToolText.CONVERT_TIME_DESCRIPTION)
    public Map<String, Object> convertTime(
            @P(name = "time", value = ToolText.TIME_TO_CONVERT) String time,
            @P(name = "source_timezone", value = ToolText.SOURCE_TIMEZONE, required = false) @Nullable
                    String sourceTimezone,
            @P(name = "target_timezone", value = ToolText.TARGET_TIMEZONE, required = false) @Nullable
                    String targetTimezone) {
        return tools.convertTime(time, sourceTimezone, targetTimezone).toMap();
    }
}
