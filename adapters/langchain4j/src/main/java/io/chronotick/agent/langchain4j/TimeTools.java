// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The time. */
public final class TimeTools {
    private final ChronoTickTools tools;

    TimeTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getTime(String)}. */
    @Tool(name = ToolText.GET_TIME, value = ToolText.GET_TIME_DESCRIPTION)
    public Map<String, Object> getTime(
            @P(name = "timezone", value = ToolText.TIMEZONE, required = false) @Nullable String timezone) {
        return tools.getTime(timezone).toMap();
    }
}
