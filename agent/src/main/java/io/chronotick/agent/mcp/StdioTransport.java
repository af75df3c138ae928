// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.Tool;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One message a line on a pair of streams. In place of the SDK's own, which ends the session at the first malformed line, leaves
 * requests before the initialization unanswered, drops answers under way when the input ends, and does not cancel.
 *
 * <p>Messages are handled one after the other in the thread that reads, since the tools take microseconds; only what waits has
 * a thread of its own.
 */
final class StdioTransport implements McpServerTransportProvider {
    /** Calls that wait at the same time. */
    private static final int MAX_WAITING = 64;

    /** How long answers that are under way may take when the input has ended, s. */
    private static final int GRACE_SECONDS = 2;

    private final McpJsonMapper json;
    private final StatelessProtocol stateless;
    private final InputStream in;
    private final OutputStream out;
    private final RunningCalls calls = new RunningCalls();
    private final ExecutorService waiting =
            new ThreadPoolExecutor(0, MAX_WAITING, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
                Thread thread = new Thread(work, "wait");
                thread.setDaemon(true);
                return thread;
            });

    private @Nullable McpServerSession session;
    private boolean greeted;
    private boolean initialized;
    private volatile boolean broken;

    StdioTransport(McpJsonMapper json, StatelessProtocol stateless, InputStream in, OutputStream out) {
        this.json = json;
        this.stateless = stateless;
        this.in = new BufferedInputStream(in);
        this.out = out;
    }

    @Override
    public void setSessionFactory(McpServerSession.Factory factory) {
        session = factory.create(new Outbound());
    }

    @Override
    public List<String> protocolVersions() {
        return ToolServer.PROTOCOL_VERSIONS;
    }

    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        return session().sendNotification(method, params);
    }

    @Override
    public Mono<Void> notifyClient(String sessionId, String method, Object params) {
        return notifyClients(method, params);
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    /** Handles messages until the input ends or nobody takes the output any more. */
    void serve() throws InterruptedException {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            while (!broken && readLine(line)) {
                if (line.size() > JsonRpc.MAX_MESSAGE_BYTES) {
                    write(JsonRpc.error(
                            null,
                            ErrorCodes.INVALID_REQUEST,
                            "the message is longer than " + JsonRpc.MAX_MESSAGE_BYTES + " bytes"));
                } else if (line.size() > 0) {
                    handle(line.toByteArray());
                }
            }
        } catch (IOException e) {
            broken = true; // the input is gone, which is one way for a host to end
        } finally {
            waiting.shutdown();
            if (broken || !waiting.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
                calls.cancelAll();
            }
        }
    }

    /**
     * Reads up to the next line feed; of what is too long only the first too many bytes are kept.
     *
     * @return false at the end of the input
     */
    private boolean readLine(ByteArrayOutputStream line) throws IOException {
        line.reset();
        int c = in.read();
        while (c >= 0 && c != '\n') {
            if (line.size() <= JsonRpc.MAX_MESSAGE_BYTES && ((c != '\r' && c != ' ') || line.size() > 0)) {
                line.write(c);
            }
            c = in.read();
        }
        return c >= 0 || line.size() > 0;
    }

    private void handle(byte[] line) {
        try {
            McpSchema.JSONRPCMessage message = JsonRpc.parse(json, line);
            if (message instanceof McpSchema.JSONRPCRequest request) {
                handle(request);
            } else if (message instanceof McpSchema.JSONRPCNotification notification) {
                handle(notification);
            } else {
                session().handle(message).subscribe();
            }
        } catch (JsonRpc.Refused e) {
            write(e.response());
        }
    }

    private void handle(McpSchema.JSONRPCRequest request) throws JsonRpc.Refused {
        if (StatelessProtocol.isStateless(request)) {
            StatelessProtocol.check(request);
            run(request, () -> answer(request));
        } else if (request.method().equals(JsonRpc.INITIALIZE)) {
            session().handle(request).block();
            greeted = true;
        } else if (request.method().equals(JsonRpc.PING)) {
            write(JsonRpc.result(request.id(), Map.of())); // allowed at any time
        } else if (!JsonRpc.isKnown(request)) {
            // Whether or not a session has begun: hosts take this code, and no other, for a server of an earlier
            // revision.
            throw JsonRpc.unknownMethod(request);
        } else if (!initialized) {
            throw new JsonRpc.Refused(
                    request.id(),
                    ErrorCodes.INVALID_REQUEST,
                    "not initialized: send " + (greeted ? "" : JsonRpc.INITIALIZE + ", then ") + JsonRpc.INITIALIZED
                            + " first");
        } else {
            run(request, () -> session().handle(request).block());
        }
    }

    /** Here, or in a thread of its own if it waits. */
    private void run(McpSchema.JSONRPCRequest request, Runnable work) throws JsonRpc.Refused {
        if (!JsonRpc.calledTool(request).equals(Optional.of(Tool.WAIT_UNTIL))) {
            work.run();
            return;
        }
        RunningCalls.Call call = calls.arrived(request.id());
        try {
            waiting.execute(() -> call.run(work));
        } catch (RejectedExecutionException e) {
            throw new JsonRpc.Refused(
                    request.id(),
                    ErrorCodes.INTERNAL_ERROR,
                    MAX_WAITING + " calls are waiting already: cancel one or try again later");
        }
    }

    private void answer(McpSchema.JSONRPCRequest request) {
        try {
            stateless
                    .answer(request, this::write, () -> {})
                    .ifPresent(result -> write(JsonRpc.result(request.id(), result)));
        } catch (JsonRpc.Refused e) {
            write(e.response());
        }
    }

    private void handle(McpSchema.JSONRPCNotification notification) {
        if (notification.method().equals(JsonRpc.CANCELLED)) {
            JsonRpc.cancelledRequest(notification).ifPresent(calls::cancel);
        } else if (notification.method().equals(JsonRpc.INITIALIZED) && greeted && !initialized) {
            session().handle(notification).block();
            initialized = true;
        }
        // Other notifications tell nothing that matters here.
    }

    private McpServerSession session() {
        return Objects.requireNonNull(session);
    }

    private void write(Object message) {
        try {
            byte[] text = json.writeValueAsBytes(message);
            byte[] line = Arrays.copyOf(text, text.length + 1);
            line[text.length] = '\n'; // Jackson escapes those inside
            synchronized (out) {
                out.write(line);
                out.flush();
            }
        } catch (IOException e) {
            broken = true; // nobody is there to tell
        }
    }

    /** What the SDK has to say. */
    private final class Outbound implements McpServerTransport {
        @Override
        public Mono<Void> sendMessage(McpSchema.JSONRPCMessage message) {
            return Mono.fromRunnable(() -> write(message));
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return json.convertValue(data, type);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }
}
