// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.Tool;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Messages over HTTP, as the specification's streamable transport has them. In place of the SDK's servlet, which never ends the
 * event stream of a caller who has gone, forgets no session until it has been idle for long, does not cancel, and sends stack
 * traces.
 *
 * <p>There are no event streams but the answers to requests: this server never has anything to say unasked, and the specification
 * lets it answer GET with 405.
 */
final class HttpTransport extends Handler.Abstract implements McpStreamableServerTransportProvider {
    private static final String SESSION = "Mcp-Session-Id";
    private static final String VERSION = "MCP-Protocol-Version";
    private static final String JSON_TYPE = "application/json";
    private static final String EVENTS_TYPE = "text/event-stream";

    private final McpJsonMapper json;
    private final String path;
    private final Admission admission;
    private final Limits limits;
    private final ConnectionWatch watch;
    private final Semaphore waits;
    private final RunningCalls calls = new RunningCalls();

    /** The one that has been unused for longest comes first. */
    private final Map<String, McpStreamableServerSession> sessions = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, McpStreamableServerSession> eldest) {
            return size() > limits.sessions();
        }
    };

    private McpStreamableServerSession.@Nullable Factory factory;

    HttpTransport(McpJsonMapper json, String path, Admission admission, Limits limits, ConnectionWatch watch) {
        this.json = json;
        this.path = path;
        this.admission = admission;
        this.limits = limits;
        this.watch = watch;
        this.waits = new Semaphore(limits.waits());
    }

    @Override
    public void setSessionFactory(McpStreamableServerSession.Factory factory) {
        this.factory = factory;
    }

    @Override
    public List<String> protocolVersions() {
        return ToolServer.PROTOCOL_VERSIONS;
    }

    /** Nothing is ever told unasked. */
    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        return Mono.empty();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(calls::cancelAll);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        watch.began(request);
        try {
            answer(request, response);
            // Many callers send all before they read, and of a connection closed meanwhile they get no answer. Nothing
            // is left
            // of what was not refused; the watch ends what does not arrive in time.
            Content.Source.asInputStream(request).transferTo(OutputStream.nullOutputStream());
            callback.succeeded();
        } catch (IOException | UncheckedIOException e) {
            callback.failed(e); // the caller has gone, or was too slow
        }
        return true;
    }

    private void answer(Request request, Response response) throws IOException {
        Optional<Admission.Refusal> refusal = admission.refusal(request.getHeaders());
        if (refusal.isPresent()) {
            if (refusal.get().status() == HttpStatus.UNAUTHORIZED_401) {
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            }
            refuse(response, refusal.get().status(), null, refusal.get().message());
            return;
        }
        if (!path.equals(request.getHttpURI().getPath())) {
            refuse(response, HttpStatus.NOT_FOUND_404, null, "nothing is here: the address ends with " + path);
            return;
        }
        String version = request.getHeaders().get(VERSION);
        if (version != null && !ToolServer.PROTOCOL_VERSIONS.contains(version)) {
            refuse(
                    response,
                    HttpStatus.BAD_REQUEST_400,
                    null,
                    VERSION + " is none of " + String.join(", ", ToolServer.PROTOCOL_VERSIONS));
            return;
        }
        switch (request.getMethod()) {
            case "POST" -> post(request, response);
            case "DELETE" -> delete(request, response);
            default -> {
                response.getHeaders().put(HttpHeader.ALLOW, "POST, DELETE");
                refuse(
                        response,
                        HttpStatus.METHOD_NOT_ALLOWED_405,
                        null,
                        "POST messages here; there is no event stream to GET");
            }
        }
    }

    private void post(Request request, Response response) throws IOException {
        Optional<byte[]> body = body(request);
        if (body.isEmpty()) {
            refuse(
                    response,
                    HttpStatus.PAYLOAD_TOO_LARGE_413,
                    null,
                    "the message is longer than " + Limits.MAX_BODY_BYTES + " bytes");
            return;
        }
        watch.arrived(request);
        try {
            McpSchema.JSONRPCMessage message = JsonRpc.parse(json, body.get());
            if (message instanceof McpSchema.JSONRPCRequest call) {
                if (!accepts(request, JSON_TYPE) || !accepts(request, EVENTS_TYPE)) {
                    refuse(
                            response,
                            HttpStatus.BAD_REQUEST_400,
                            call.id(),
                            "the Accept header has to hold " + JSON_TYPE + " and " + EVENTS_TYPE);
                } else if (call.method().equals(JsonRpc.INITIALIZE)) {
                    initialize(call, response);
                } else {
                    call(call, request, response);
                }
            } else {
                if (message instanceof McpSchema.JSONRPCNotification notification) {
                    take(notification, request);
                }
                response.setStatus(HttpStatus.ACCEPTED_202); // a response has no request of ours
            }
        } catch (JsonRpc.Refused e) {
            // A client takes 400 for a failure of the transport, and does not look at the answer.
            reply(response, e.isProperRequest() ? HttpStatus.OK_200 : HttpStatus.BAD_REQUEST_400, e.response());
        }
    }

    /** Empty if it is too long. */
    private static Optional<byte[]> body(Request request) throws IOException {
        if (request.getLength() > Limits.MAX_BODY_BYTES) {
            return Optional.empty();
        }
        byte[] body = Content.Source.asInputStream(request).readNBytes(Limits.MAX_BODY_BYTES + 1);
        return Optional.of(body).filter(bytes -> bytes.length <= Limits.MAX_BODY_BYTES);
    }

    private static boolean accepts(Request request, String type) {
        return request.getHeaders().getValuesList(HttpHeader.ACCEPT).stream().anyMatch(value -> value.contains(type));
    }

    private void initialize(McpSchema.JSONRPCRequest call, Response response) throws IOException, JsonRpc.Refused {
        McpStreamableServerSession.McpStreamableServerSessionInit started =
                Objects.requireNonNull(factory).startSession(JsonRpc.initialization(call));
        McpSchema.InitializeResult result =
                Objects.requireNonNull(started.initResult().block());
        String id = started.session().getId();
        synchronized (sessions) {
            sessions.put(id, started.session());
        }
        response.getHeaders().put(SESSION, id);
        reply(response, HttpStatus.OK_200, JsonRpc.result(call.id(), result));
    }

    /** Others than these tell nothing that matters here. */
    private void take(McpSchema.JSONRPCNotification notification, Request request) {
        String id = request.getHeaders().get(SESSION);
        McpStreamableServerSession session = session(id);
        if (session == null) {
            return;
        }
        if (notification.method().equals(JsonRpc.INITIALIZED)) {
            session.accept(notification).block();
        } else if (notification.method().equals(JsonRpc.CANCELLED)) {
            JsonRpc.cancelledRequest(notification).ifPresent(call -> calls.cancel(List.of(id, call)));
        }
    }

    private void call(McpSchema.JSONRPCRequest call, Request request, Response response)
            throws IOException, JsonRpc.Refused {
        String id = request.getHeaders().get(SESSION);
        if (id == null || id.isBlank()) {
            refuse(
                    response,
                    HttpStatus.BAD_REQUEST_400,
                    call.id(),
                    "not initialized: send " + JsonRpc.INITIALIZE + " first, and then the " + SESSION
                            + " header of its answer with every request");
            return;
        }
        McpStreamableServerSession session = session(id);
        if (session == null) {
            refuse(response, HttpStatus.NOT_FOUND_404, call.id(), unknown(id));
            return;
        }
        if (!JsonRpc.calledTool(call).equals(Optional.of(Tool.WAIT_UNTIL))) {
            run(session, call, response);
            return;
        }
        if (!waits.tryAcquire()) {
            throw new JsonRpc.Refused(
                    call.id(),
                    ErrorCodes.INTERNAL_ERROR,
                    limits.waits() + " calls are waiting already: cancel one or try again later");
        }
        try {
            run(session, call, response);
        } finally {
            waits.release();
        }
    }

    /** In this thread, so that this is the one to interrupt. */
    private void run(McpStreamableServerSession session, McpSchema.JSONRPCRequest call, Response response)
            throws IOException {
        response.setStatus(HttpStatus.OK_200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, EVENTS_TYPE);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            EventStream events = new EventStream(json, out, limits.beat());
            McpTransportContext context =
                    McpTransportContext.create(Map.of(ToolServer.STILL_THERE, (Runnable) events::beat));
            McpStreamableServerSession.McpStreamableServerSessionStream stream = session.responseStream(events);
            try {
                calls.arrived(List.of(session.getId(), call.id()))
                        .run(() -> stream.handle(call)
                                .contextWrite(values -> values.put(McpTransportContext.KEY, context))
                                .block());
            } finally {
                stream.close();
            }
        }
    }

    private void delete(Request request, Response response) throws IOException {
        String id = request.getHeaders().get(SESSION);
        if (id == null) {
            refuse(
                    response,
                    HttpStatus.BAD_REQUEST_400,
                    null,
                    "the " + SESSION + " header says which session to end: it is missing");
            return;
        }
        boolean removed;
        synchronized (sessions) {
            removed = sessions.remove(id) != null;
        }
        if (!removed) {
            refuse(response, HttpStatus.NOT_FOUND_404, null, unknown(id));
        }
    }

    private @Nullable McpStreamableServerSession session(@Nullable String id) {
        synchronized (sessions) {
            return id == null ? null : sessions.get(id);
        }
    }

    private static String unknown(String session) {
        return "Session not found: " + JsonRpc.shortened(session);
    }

    private void refuse(Response response, int status, @Nullable Object id, String message) throws IOException {
        reply(response, status, JsonRpc.error(id, ErrorCodes.INVALID_REQUEST, message));
    }

    private void reply(Response response, int status, Map<String, Object> body) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, JSON_TYPE);
        Content.Sink.write(response, true, ByteBuffer.wrap(json.writeValueAsBytes(body)));
    }
}
