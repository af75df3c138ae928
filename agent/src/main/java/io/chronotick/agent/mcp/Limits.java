// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What callers over HTTP may take up, all together: whatever they do, the next one is served and memory lasts.
 *
 * @param connections open at the same time; whoever comes then waits for one to end
 * @param waits calls of wait_until under way, each of which keeps a connection
 * @param sessions remembered; a new one then takes the place of the one that has been unused for longest, whose client is told
 *     to begin anew (404)
 * @param request how long a request may take to arrive, from the opening of its connection to the last byte of its body
 * @param idle how long a connection is kept between an answer and the end of the next request
 * @param beat how often a caller who waits is sent something, which is how one finds out that he has gone
 */
record Limits(int connections, int waits, int sessions, Duration request, Duration idle, Duration beat) {
    /**
     * Of a body, bytes: a call with all that the tools take has some thousand. All connections with such a body have to fit into
     * the 96 MB of heap that the launcher gives.
     */
    static final int MAX_BODY_BYTES = 32 << 10;

    /** A thousand agents at once have one each. */
    private static final int MAX_CONNECTIONS = 1024;

    /** Of a kilobyte each. */
    private static final int MAX_SESSIONS = 4096;

    /** For this process, which needs some descriptors for itself. */
    static Limits ofThisProcess() {
        int connections = MAX_CONNECTIONS;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            connections = (int) Math.min(connections, system.getMaxFileDescriptorCount() / 2);
        }
        return new Limits(
                connections,
                connections / 2,
                MAX_SESSIONS,
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(5));
    }
}
