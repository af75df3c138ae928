// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.langchain4j;

import dev.langchain4j.agent.tool.Tool;
import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.ToolText;
import java.util.Map;

/** How the daemon is doing. */
public final class StatusTools {
    private final ChronoTickTools tools;

    StatusTools(ChronoTickTools tools) {
        this.tools = tools;
    }

    /** See {@link ChronoTickTools#getDaemonStatus}. */
    @Tool(name = ToolText.GET_DAEMON_STATUS, value = ToolText.GET_DAEMON_STATUS_DESCRIPTION)
    public Map<String, Object> getDaemonStatus() {
        return tools.getDaemonStatus().toMap();
    }
}
