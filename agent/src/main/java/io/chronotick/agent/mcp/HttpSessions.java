// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.modelcontextprotocol.spec.McpStreamableServerSession;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sessions of callers over HTTP, as many as are allowed: a new one takes the place of the one unused for longest. Thread-safe. */
final class HttpSessions {
    private final Map<String, McpStreamableServerSession> sessions;

    HttpSessions(int limit) {
        this.sessions = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, McpStreamableServerSession> eldest) {
                return size() > limit;
            }
        };
    }

    synchronized void add(McpStreamableServerSession session) {
        sessions.put(session.getId(), session);
    }

    /** Null if there is none of that name, or no name. */
    synchronized @Nullable McpStreamableServerSession find(@Nullable String id) {
        return id == null ? null : sessions.get(id);
    }

    /** Whether there was one of that name. */
    synchronized boolean remove(String id) {
        return sessions.remove(id) != null;
    }
}
