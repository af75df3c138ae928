// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The answer to one request, as server-sent events: notices of progress and, at the end, the response. Everything happens in the
 * thread of the call.
 */
final class EventStream implements McpStreamableServerTransport {
    private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private final McpJsonMapper json;
    private final OutputStream out;
    private final long beatNanos;
    private long writtenNanos = System.nanoTime();

    EventStream(McpJsonMapper json, OutputStream out, Duration beat) {
        this.json = json;
        this.out = out;
        this.beatNanos = beat.toNanos();
    }

    /**
     * Writes a comment if nothing has been written for a while: HTTP/1.1 shows that a caller has gone only to who writes.
     *
     * @throws UncheckedIOException if he has
     */
    void beat() {
        if (System.nanoTime() - writtenNanos >= beatNanos) {
            write(COMMENT);
        }
    }

    @Override
    public Mono<Void> sendMessage(McpSchema.JSONRPCMessage message) {
        return sendMessage(message, null);
    }

    @Override
    public Mono<Void> sendMessage(McpSchema.JSONRPCMessage message, @Nullable String id) {
        // Without the id: a stream that has broken is not taken up again, so that nobody needs it.
        return Mono.fromRunnable(() -> send(message));
    }

    /**
     * Sends one message.
     *
     * @throws UncheckedIOException if the caller has gone
     */
    void send(Object message) {
        try {
            write(("event: message\ndata: " + json.writeValueAsString(message) + "\n\n")
                    .getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(byte[] event) {
        try {
            out.write(event);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        writtenNanos = System.nanoTime();
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return json.convertValue(data, type);
    }

    /** Nothing to do: the request ends with the call. */
    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }
}
