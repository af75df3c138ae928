// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.ChronoTickTools;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.net.URI;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.ee11.servlet.FilterHolder;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The MCP server as streamable HTTP, at /mcp. Thread-safe. */
public final class HttpMcpServer implements AutoCloseable {
    private static final String PATH = "/mcp";

    /** Connections that may arrive before one is accepted: a thousand callers at once are not turned away. */
    private static final int BACKLOG = 1024;

    /**
     * Where to listen and whom to serve.
     *
     * @param host name or address to listen at
     * @param port 0 for a free one
     * @param token what callers have to send as bearer token, if anything
     * @param allowedHosts names under which callers may address the server, beside the loopback ones and host; anything else
     *     is turned away, since it is a web page that has got a browser to believe that its own name leads here (DNS rebinding)
     */
    public record Options(String host, int port, Optional<String> token, List<String> allowedHosts) {
        /** Keeps a copy of the list. */
        public Options {
            allowedHosts = List.copyOf(allowedHosts);
        }
    }

    private final Server server;
    private final ServerConnector connector;

    private HttpMcpServer(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /**
     * Starts to serve.
     *
     * @param tools what is offered
     * @param version the version that the server states
     * @throws IOException if it cannot listen there
     */
    public static HttpMcpServer start(ChronoTickTools tools, String version, Options options) throws IOException {
        McpJsonMapper json = new Json();
        HttpServletStreamableServerTransportProvider servlet = HttpServletStreamableServerTransportProvider.builder()
                .jsonMapper(json)
                .mcpEndpoint(PATH)
                .build();
        ToolServer.build(McpServer.sync(servlet), tools, json, version);

        ServletContextHandler context = new ServletContextHandler(PATH);
        context.setAllowNullPathInContext(true);
        context.addFilter(new FilterHolder(new HttpGate(json, options)), "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(servlet), "/*");

        QueuedThreadPool threads = new QueuedThreadPool();
        // A call that waits holds its thread; virtual ones, where Java has them, cost nothing.
        threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
        Server server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setAcceptQueueSize(BACKLOG);
        server.addConnector(connector);
        server.setHandler(context);
        try {
            server.start();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
        return new HttpMcpServer(server, connector);
    }

    /** Where it is to be reached. */
    public URI uri() {
        String host = connector.getHost();
        return URI.create(
                "http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + connector.getLocalPort() + PATH);
    }

    /** Waits until it is closed. */
    public void join() throws InterruptedException {
        server.join();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server does not stop: " + e, e);
        }
    }
}
