// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.server.transport.DefaultServerTransportSecurityValidator;
import io.modelcontextprotocol.server.transport.HeaderAccessor;
import io.modelcontextprotocol.server.transport.ServerTransportSecurityException;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stands before the SDK's servlet and lets through what it answers properly: turns away who may not call (Host, Origin, token),
 * answers what is no message, and cancels, which the SDK does not do.
 */
final class HttpGate extends HttpFilter {
    private static final long serialVersionUID = 1;

    private static final String SESSION = "Mcp-Session-Id";
    private static final String VERSION = "MCP-Protocol-Version";
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::", "[::]");

    private final transient McpJsonMapper json;
    private final transient DefaultServerTransportSecurityValidator validator;
    private final transient Optional<byte[]> authorization;
    private final transient RunningCalls calls = new RunningCalls();

    HttpGate(McpJsonMapper json, HttpMcpServer.Options options) {
        this.json = json;
        this.authorization = options.token().map(token -> ("Bearer " + token).getBytes(StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>(List.of("localhost", "127.0.0.1", "[::1]"));
        if (!WILDCARDS.contains(options.host())) {
            names.add(options.host().indexOf(':') >= 0 ? "[" + options.host() + "]" : options.host());
        }
        names.addAll(options.allowedHosts());
        DefaultServerTransportSecurityValidator.Builder builder = DefaultServerTransportSecurityValidator.builder();
        for (String name : names) {
            builder.allowedHost(name + ":*")
                    .allowedOrigin("http://" + name + ":*")
                    .allowedOrigin("https://" + name + ":*");
        }
        this.validator = builder.build();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try {
            validator.validate(new Headers(request));
        } catch (ServerTransportSecurityException e) {
            refuse(
                    response,
                    HttpServletResponse.SC_FORBIDDEN,
                    null,
                    ErrorCodes.INVALID_REQUEST,
                    e.getMessage() + ": this server answers to its own names only; see --allow-host");
            return;
        }
        if (!mayCall(request)) {
            response.setHeader("WWW-Authenticate", "Bearer");
            refuse(
                    response,
                    HttpServletResponse.SC_UNAUTHORIZED,
                    null,
                    ErrorCodes.INVALID_REQUEST,
                    "the bearer token is missing or wrong: send the one that the server was started with");
            return;
        }
        String version = request.getHeader(VERSION);
        if (version != null && !ToolServer.PROTOCOL_VERSIONS.contains(version)) {
            refuse(
                    response,
                    HttpServletResponse.SC_BAD_REQUEST,
                    null,
                    ErrorCodes.INVALID_REQUEST,
                    VERSION + " is none of " + String.join(", ", ToolServer.PROTOCOL_VERSIONS));
            return;
        }
        if (request.getMethod().equals("POST")) {
            post(request, response, chain);
        } else {
            chain.doFilter(request, response);
        }
    }

    private boolean mayCall(HttpServletRequest request) {
        if (authorization.isEmpty()) {
            return true;
        }
        String given = request.getHeader("Authorization");
        // In constant time, so that the token cannot be guessed letter by letter.
        return given != null && MessageDigest.isEqual(authorization.get(), given.getBytes(StandardCharsets.UTF_8));
    }

    private void post(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        byte[] body = request.getInputStream().readNBytes(JsonRpc.MAX_MESSAGE_BYTES + 1);
        if (body.length > JsonRpc.MAX_MESSAGE_BYTES) {
            refuse(
                    response,
                    HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE,
                    null,
                    ErrorCodes.INVALID_REQUEST,
                    "the message is longer than " + JsonRpc.MAX_MESSAGE_BYTES + " bytes");
            return;
        }
        McpSchema.JSONRPCMessage message;
        try {
            message = JsonRpc.parse(json, body);
        } catch (JsonRpc.Refused e) {
            // A client takes 400 for a failure of the transport, and does not look at the answer.
            int status = e.isProperRequest() ? HttpServletResponse.SC_OK : HttpServletResponse.SC_BAD_REQUEST;
            write(response, status, e.response());
            return;
        }
        String session = request.getHeader(SESSION);
        if (message instanceof McpSchema.JSONRPCNotification notification
                && !notification.method().equals(JsonRpc.INITIALIZED)) {
            if (notification.method().equals(JsonRpc.CANCELLED) && session != null) {
                JsonRpc.cancelledRequest(notification).ifPresent(id -> calls.cancel(List.of(session, id)));
            }
            response.setStatus(HttpServletResponse.SC_ACCEPTED); // others tell nothing that matters here
            return;
        }
        HttpServletRequest again = new ReadAgain(request, body);
        if (!(message instanceof McpSchema.JSONRPCRequest call) || call.method().equals(JsonRpc.INITIALIZE)) {
            chain.doFilter(again, response);
        } else if (session == null || session.isBlank()) {
            refuse(
                    response,
                    HttpServletResponse.SC_BAD_REQUEST,
                    call.id(),
                    ErrorCodes.INVALID_REQUEST,
                    "not initialized: send " + JsonRpc.INITIALIZE + " first, and then the " + SESSION
                            + " header of its answer with every request");
        } else {
            run(calls.arrived(List.of(session, call.id())), again, response, chain);
        }
    }

    /** The servlet answers in this thread, so that this is the one to interrupt. */
    private static void run(
            RunningCalls.Call call, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        ServletException[] thrown = new ServletException[1];
        try {
            call.run(() -> {
                try {
                    chain.doFilter(request, response);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (ServletException e) {
                    thrown[0] = e;
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (thrown[0] != null) {
            throw thrown[0];
        }
    }

    private void refuse(HttpServletResponse response, int status, @Nullable Object id, int code, String message)
            throws IOException {
        write(response, status, JsonRpc.error(id, code, message));
    }

    private void write(HttpServletResponse response, int status, Map<String, Object> body) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(json.writeValueAsBytes(body));
    }

    private record Headers(HttpServletRequest request) implements HeaderAccessor {
        @Override
        public List<String> getHeader(String name) {
            return Collections.list(request.getHeaders(name));
        }

        @Override
        public List<String> getHeaderNames() {
            return Collections.list(request.getHeaderNames());
        }
    }

    /** A request whose body has been read already. */
    private static final class ReadAgain extends HttpServletRequestWrapper {
        private final byte[] body;

        ReadAgain(HttpServletRequest request, byte[] body) {
            super(request);
            this.body = body;
        }

        @Override
        public ServletInputStream getInputStream() {
            ByteArrayInputStream bytes = new ByteArrayInputStream(body);
            return new ServletInputStream() {
                @Override
                public int read() {
                    return bytes.read();
                }

                @Override
                public int read(byte[] into, int offset, int length) {
                    return bytes.read(into, offset, length);
                }

                @Override
                public boolean isFinished() {
                    return bytes.available() == 0;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new IllegalStateException("the body is there already: read it");
                }
            };
        }
    }
}
