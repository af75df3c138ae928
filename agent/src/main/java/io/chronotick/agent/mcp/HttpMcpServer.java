// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.ChronoTickTools;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The MCP server as streamable HTTP, at /mcp. Thread-safe. */
public final class HttpMcpServer implements AutoCloseable {
    private static final String PATH = "/mcp";

    /** Connections that may arrive before one is accepted: a thousand callers at once are not turned away. */
    private static final int BACKLOG = 1024;

    /** Threads of Jetty's own. */
    private static final int JETTY_THREADS = 8;

    /**
     * Where to listen and whom to serve.
     *
     * @param host name or address to listen at
     * @param port 0 for a free one
     * @param token what callers have to send as bearer token; it may be missing on a loopback address only
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
    private final HttpTransport transport;

    private HttpMcpServer(Server server, ServerConnector connector, HttpTransport transport) {
        this.server = server;
        this.connector = connector;
        this.transport = transport;
    }

    /**
     * Starts to serve.
     *
     * @param tools what is offered
     * @param version the version that the server states
     * @throws MissingTokenException if other machines could call and no token is asked for
     * @throws IOException if it cannot listen there
     */
    public static HttpMcpServer start(ChronoTickTools tools, String version, Options options) throws IOException {
        return start(tools, version, options, Limits.ofThisProcess());
    }

    static HttpMcpServer start(ChronoTickTools tools, String version, Options options, Limits limits)
            throws IOException {
        InetAddress address = InetAddress.getByName(options.host());
        if (options.token().isEmpty() && !address.isLoopbackAddress()) {
            throw new MissingTokenException(options.host());
        }
        McpJsonMapper json = new Json();
        ConnectionWatch watch = new ConnectionWatch(limits);
        Admission admission = new Admission(address, options.host(), options.allowedHosts(), options.token());
        ToolServer offer = new ToolServer(tools, json, version);
        HttpTransport transport =
                new HttpTransport(json, new StatelessProtocol(offer, json), PATH, admission, limits, watch);
        offer.build(McpServer.sync(transport));

        // A call that waits holds its thread; virtual ones, where Java has them, cost nothing.
        QueuedThreadPool threads = new QueuedThreadPool(limits.connections() + JETTY_THREADS);
        threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
        Server server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(address.getHostAddress());
        connector.setPort(options.port());
        connector.setAcceptQueueSize(BACKLOG);
        connector.setIdleTimeout(limits.idle().toMillis());
        connector.addBean(watch);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(limits.connections(), connector));
        server.setHandler(transport);
        try {
            server.start();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
        watch.start(connector.getScheduler());
        return new HttpMcpServer(server, connector, transport);
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
        transport.closeGracefully().block();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server does not stop: " + e, e);
        }
    }
}
