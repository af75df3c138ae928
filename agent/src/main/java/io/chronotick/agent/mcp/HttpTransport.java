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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
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
    private static final String JSON_TYPE = "application/json";
    private static final String EVENTS_TYPE = "text/event-stream";

    private final McpJsonMapper json;
    private final StatelessProtocol stateless;
    private final String path;
    private final Admission admission;
    private final Limits limits;
    private final ConnectionWatch watch;
    private final Semaphore waits;
    private final RunningCalls calls = new RunningCalls();

    private final HttpSessions sessions;

    private McpStreamableServerSession.@Nullable Factory factory;

    HttpTransport(
            McpJsonMapper json,
            StatelessProtocol stateless,
            String path,
            Admission admission,
            Limits limits,
            ConnectionWatch watch) {
        this.json = json;
        this.stateless = stateless;
        this.path = path;
        this.admission = admission;
        this.limits = limits;
        this.watch = watch;
        this.waits = new Semaphore(limits.waits());
        this.sessions = new HttpSessions(limits.sessions());
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
                } else if (isStateless(request, call)) {
                    callWithoutSession(call, request, response);
                } else if (isOfUnknownVersion(request)) {
                    refuseVersion(response, call.id());
                } else if (call.method().equals(JsonRpc.INITIALIZE)) {
                    initialize(call, response);
                } else {
                    call(call, request, response);
                }
            } else if (isOfUnknownVersion(request)) {
                refuseVersion(response, null);
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
        sessions.add(started.session());
        response.getHeaders().put(SESSION, started.session().getId());
        reply(response, HttpStatus.OK_200, JsonRpc.result(call.id(), result));
    }

    /** Others than these tell nothing that matters here. */
    private void take(McpSchema.JSONRPCNotification notification, Request request) {
        String id = request.getHeaders().get(SESSION);
        McpStreamableServerSession session = sessions.find(id);
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
            if (!JsonRpc.isKnown(call)) {
                throw JsonRpc.unknownMethod(call);
            }
            refuse(
                    response,
                    HttpStatus.BAD_REQUEST_400,
                    call.id(),
                    "not initialized: send " + JsonRpc.INITIALIZE + " first, and then the " + SESSION
                            + " header of its answer with every request");
            return;
        }
        McpStreamableServerSession session = sessions.find(id);
        if (session == null) {
            refuse(response, HttpStatus.NOT_FOUND_404, call.id(), unknown(id));
            return;
        }
        limitWaits(
                call,
                () -> stream(response, events -> {
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
                }));
    }

    /** Something that answers a caller. */
    private interface Work {
        void run() throws IOException, JsonRpc.Refused;
    }

    /** Does the work, unless it would be one wait too many. */
    private void limitWaits(McpSchema.JSONRPCRequest call, Work work) throws IOException, JsonRpc.Refused {
        if (!waits(call)) {
            work.run();
            return;
        }
        if (!waits.tryAcquire()) {
            throw new JsonRpc.Refused(
                    call.id(),
                    ErrorCodes.INTERNAL_ERROR,
                    limits.waits() + " calls are waiting already: cancel one or try again later");
        }
        try {
            work.run();
        } finally {
            waits.release();
        }
    }

    private static boolean waits(McpSchema.JSONRPCRequest call) {
        return JsonRpc.calledTool(call).equals(Optional.of(Tool.WAIT_UNTIL));
    }

    /** In this thread, so that this is the one to interrupt. */
    private void stream(Response response, Consumer<EventStream> work) throws IOException {
        response.setStatus(HttpStatus.OK_200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, EVENTS_TYPE);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
        response.getHeaders().put("X-Accel-Buffering", "no"); // proxies pass every event on at once
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            work.accept(new EventStream(json, out, limits.beat()));
        }
    }

    /** By its body, or by a header alone: then the body lacks what the header promises. */
    private static boolean isStateless(Request request, McpSchema.JSONRPCRequest call) {
        return StatelessProtocol.isStateless(call)
                || StatelessProtocol.VERSION.equals(request.getHeaders().get(MirroredHeaders.VERSION));
    }

    /** Answers with an event stream only where it may take long; whoever closes that stream cancels the call. */
    private void callWithoutSession(McpSchema.JSONRPCRequest call, Request request, Response response)
            throws IOException {
        try {
            if (StatelessProtocol.isStateless(call)) {
                MirroredHeaders.check(request.getHeaders(), call);
            }
            StatelessProtocol.check(call);
        } catch (JsonRpc.Refused e) {
            reply(response, HttpStatus.BAD_REQUEST_400, e.response());
            return;
        }
        try {
            limitWaits(call, () -> {
                if (waits(call)) {
                    stream(response, events -> calls.arrived(new Object()).run(() -> answer(call, events)));
                } else {
                    Optional<Map<String, Object>> result = stateless.answer(call, notice -> {}, () -> {});
                    if (result.isPresent()) {
                        reply(response, HttpStatus.OK_200, JsonRpc.result(call.id(), result.get()));
                    }
                }
            });
        } catch (JsonRpc.Refused e) {
            reply(
                    response,
                    e.code() == ErrorCodes.METHOD_NOT_FOUND ? HttpStatus.NOT_FOUND_404 : HttpStatus.OK_200,
                    e.response());
        }
    }

    private void answer(McpSchema.JSONRPCRequest call, EventStream events) {
        try {
            stateless
                    .answer(call, events::send, events::beat)
                    .ifPresent(result -> events.send(JsonRpc.result(call.id(), result)));
        } catch (JsonRpc.Refused e) {
            events.send(e.response());
        }
    }

    /** No version that is served; to say none is allowed. */
    private static boolean isOfUnknownVersion(Request request) {
        String version = request.getHeaders().get(MirroredHeaders.VERSION);
        return version != null && !StatelessProtocol.versions().contains(version);
    }

    private void refuseVersion(Response response, @Nullable Object id) throws IOException {
        refuse(
                response,
                HttpStatus.BAD_REQUEST_400,
                id,
                MirroredHeaders.VERSION + " is none of " + String.join(", ", StatelessProtocol.versions()));
    }

    private void delete(Request request, Response response) throws IOException {
        if (isOfUnknownVersion(request)) {
            refuseVersion(response, null);
            return;
        }
        String id = request.getHeaders().get(SESSION);
        if (id == null) {
            refuse(
                    response,
                    HttpStatus.BAD_REQUEST_400,
                    null,
                    "the " + SESSION + " header says which session to end: it is missing");
            return;
        }
        if (!sessions.remove(id)) {
            refuse(response, HttpStatus.NOT_FOUND_404, null, unknown(id));
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
