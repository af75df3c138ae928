// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.ChronoTickTools;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import java.io.InputStream;
import java.io.OutputStream;

/** The MCP server on a pair of streams: the host that started the process is its only client. */
public final class StdioMcpServer {
    private StdioMcpServer() {}

    /**
     * Serves until the input ends. Whatever else writes to the output breaks the protocol.
     *
     * @param tools what is offered
     * @param version the version that the server states
     * @param in one message a line
     * @param out likewise; written from several threads, one at a time
     * @throws InterruptedException if the thread is interrupted between two messages
     */
    public static void serve(ChronoTickTools tools, String version, InputStream in, OutputStream out)
            throws InterruptedException {
        McpJsonMapper json = new Json();
        ToolServer server = new ToolServer(tools, json, version);
        StdioTransport transport = new StdioTransport(json, new StatelessProtocol(server, json), in, out);
        server.build(McpServer.sync(transport));
        transport.serve();
    }
}
