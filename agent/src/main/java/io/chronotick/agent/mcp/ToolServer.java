// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.Tool;
import io.chronotick.agent.ToolException;
import io.chronotick.agent.ToolResult;
import io.chronotick.agent.ToolText;
import io.chronotick.client.ChronoTickException;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the server offers, the same on every transport and in every revision of the protocol. Thread-safe. */
final class ToolServer {
    /** Those that begin with a session. Oldest first; the last one is answered to whoever asks for one that is not here. */
    static final List<String> PROTOCOL_VERSIONS = List.of("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25");

    /**
     * Under this name a transport may put a Runnable into the context of a request, which throws if the caller has gone: it is
     * asked every second while a call waits.
     */
    static final String STILL_THERE = "chronotick.still-there";

    static final String JSON = "application/json";

    private final ChronoTickTools tools;
    private final McpJsonMapper json;
    private final String version;
    private final List<Content> contents;

    /** A resource and how it is read. */
    final class Content {
        private final McpSchema.Resource resource;
        private final Supplier<Object> content;

        private Content(String uri, String name, String title, String description, Supplier<Object> content) {
            this.resource = McpSchema.Resource.builder(uri, name)
                    .title(title)
                    .description(description)
                    .mimeType(JSON)
                    .build();
            this.content = content;
        }

        /** Its text now. */
        String read(Object id) throws JsonRpc.Refused {
            try {
                return json.writeValueAsString(content.get());
            } catch (ChronoTickException e) {
                throw new JsonRpc.Refused(id, McpSchema.ErrorCodes.INTERNAL_ERROR, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private McpSchema.ReadResourceResult readForSession() {
            try {
                return McpSchema.ReadResourceResult.builder(
                                List.of(McpSchema.TextResourceContents.builder(resource.uri(), read(""))
                                        .mimeType(JSON)
                                        .build()))
                        .build();
            } catch (JsonRpc.Refused e) {
                throw McpError.builder(McpSchema.ErrorCodes.INTERNAL_ERROR)
                        .message(String.valueOf(e.getMessage()))
                        .build();
            }
        }
    }

    /**
     * Offers the tools.
     *
     * @param version what the server states of itself
     */
    ToolServer(ChronoTickTools tools, McpJsonMapper json, String version) {
        this.tools = tools;
        this.json = json;
        this.version = version;
        this.contents = List.of(
                new Content(
                        "chronotick://record",
                        "record",
                        "Correction record",
                        "The record in shared memory, field by field, as the daemon published it last.",
                        tools::record),
                new Content(
                        "chronotick://status",
                        "status",
                        "Daemon status",
                        "How the daemon and its servers are doing; the same as get_daemon_status.",
                        () -> tools.getDaemonStatus().toMap()));
    }

    McpSchema.Implementation info() {
        return McpSchema.Implementation.builder("chronotick", version)
                .title("ChronoTick")
                .build();
    }

    String instructions() {
        return ToolText.INSTRUCTIONS;
    }

    List<McpSchema.Tool> tools() {
        return Arrays.stream(Tool.values()).map(ToolServer::describe).toList();
    }

    List<McpSchema.Resource> resources() {
        return contents.stream().map(content -> content.resource).toList();
    }

    Optional<Content> read(String uri) {
        return contents.stream()
                .filter(content -> content.resource.uri().equals(uri))
                .findAny();
    }

    /** The server for those revisions of the protocol that begin with a session. */
    McpSyncServer build(McpServer.SyncSpecification<?> specification) {
        return specification
                .serverInfo(info())
                .instructions(instructions())
                .capabilities(McpSchema.ServerCapabilities.builder()
                        .tools(false)
                        .resources(false, false)
                        .build())
                .tools(Arrays.stream(Tool.values()).map(this::forSession).toList())
                .resources(contents.stream()
                        .map(content -> new SyncResourceSpecification(
                                content.resource, (exchange, request) -> content.readForSession()))
                        .toList())
                .jsonMapper(json)
                // The tools check arguments themselves, in words that help; the tests check results against the
                // schemas.
                .validateToolInputs(false)
                .jsonSchemaValidator((schema, content) -> ValidationResponse.asValid(null))
                // In the thread of the request, which can be interrupted; the transports see to it that it may wait.
                .immediateExecution(true)
                .build();
    }

    private static McpSchema.Tool describe(Tool tool) {
        return McpSchema.Tool.builder(tool.id(), tool.inputSchema())
                .title(tool.title())
                .description(tool.description())
                .outputSchema(tool.outputSchema())
                .annotations(McpSchema.ToolAnnotations.builder()
                        .title(tool.title())
                        .readOnlyHint(true)
                        .destructiveHint(false)
                        .idempotentHint(true)
                        .openWorldHint(false)
                        .build())
                .build();
    }

    private SyncToolSpecification forSession(Tool tool) {
        return SyncToolSpecification.builder()
                .tool(describe(tool))
                .callHandler((exchange, request) -> call(
                        tool,
                        request.arguments(),
                        new Progress(request.progressToken(), exchange::progressNotification, stillThere(exchange))))
                .build();
    }

    private static Runnable stillThere(McpSyncServerExchange exchange) {
        return exchange.transportContext().get(STILL_THERE) instanceof Runnable stillThere ? stillThere : () -> {};
    }

    /** Null when the call was cancelled: then no answer may be sent. */
    @Nullable
    CallToolResult call(Tool tool, @Nullable Map<String, Object> arguments, Consumer<Double> progress) {
        try {
            ToolResult result = tool.call(tools, arguments, progress);
            return CallToolResult.builder()
                    .structuredContent(result.toMap())
                    .addTextContent(result.summary())
                    .isError(false)
                    .build();
        } catch (ChronoTickException | ToolException e) {
            return CallToolResult.builder()
                    .addTextContent(String.valueOf(e.getMessage()))
                    .isError(true)
                    .build();
        } catch (InterruptedException e) {
            // The interrupt was the cancellation and has done its work.
            return null;
        }
    }
}
