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
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the server offers, the same on every transport. */
final class ToolServer {
    /** Oldest first; the last one is answered to whoever asks for one that is not here. */
    static final List<String> PROTOCOL_VERSIONS = List.of("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25");

    /**
     * Under this name a transport may put a Runnable into the context of a request, which throws if the caller has gone: it is
     * asked every second while a call waits.
     */
    static final String STILL_THERE = "chronotick.still-there";

    private static final String JSON = "application/json";

    private final ChronoTickTools tools;
    private final McpJsonMapper json;

    private ToolServer(ChronoTickTools tools, McpJsonMapper json) {
        this.tools = tools;
        this.json = json;
    }

    static McpSyncServer build(
            McpServer.SyncSpecification<?> specification, ChronoTickTools tools, McpJsonMapper json, String version) {
        ToolServer server = new ToolServer(tools, json);
        return specification
                .serverInfo(McpSchema.Implementation.builder("chronotick", version)
                        .title("ChronoTick")
                        .build())
                .instructions(ToolText.INSTRUCTIONS)
                .capabilities(McpSchema.ServerCapabilities.builder()
                        .tools(false)
                        .resources(false, false)
                        .build())
                .tools(Arrays.stream(Tool.values()).map(server::tool).toList())
                .resources(
                        server.resource(
                                "chronotick://record",
                                "record",
                                "Correction record",
                                "The record in shared memory, field by field, as the daemon published it last.",
                                tools::record),
                        server.resource(
                                "chronotick://status",
                                "status",
                                "Daemon status",
                                "How the daemon and its servers are doing; the same as get_daemon_status.",
                                () -> tools.getDaemonStatus().toMap()))
                .jsonMapper(json)
                // The tools check arguments themselves, in words that help; the tests check results against the
                // schemas.
                .validateToolInputs(false)
                .jsonSchemaValidator((schema, content) -> ValidationResponse.asValid(null))
                // In the thread of the request, which can be interrupted; the transports see to it that it may wait.
                .immediateExecution(true)
                .build();
    }

    private SyncToolSpecification tool(Tool tool) {
        McpSchema.Tool description = McpSchema.Tool.builder(tool.id(), tool.inputSchema())
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
        return SyncToolSpecification.builder()
                .tool(description)
                .callHandler((exchange, request) -> call(tool, exchange, request))
                .build();
    }

    /** Null when the call was cancelled: then no answer may be sent. */
    private @Nullable CallToolResult call(Tool tool, McpSyncServerExchange exchange, CallToolRequest request) {
        try {
            ToolResult result = tool.call(tools, request.arguments(), progress(exchange, request));
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

    /** Reports how much of a wait is over, if the caller has asked for it, and ends it if he has gone. */
    private static Consumer<Double> progress(McpSyncServerExchange exchange, CallToolRequest request) {
        Object token = request.progressToken();
        List<Double> total = new ArrayList<>(1);
        return remaining -> {
            if (exchange.transportContext().get(STILL_THERE) instanceof Runnable stillThere) {
                stillThere.run();
            }
            if (token == null) {
                return;
            }
            if (total.isEmpty()) {
                total.add(remaining);
            }
            exchange.progressNotification(
                    McpSchema.ProgressNotification.builder(token, Math.max(0, total.get(0) - remaining))
                            .total(total.get(0))
                            .message(Math.round(remaining) + " s to go")
                            .build());
        };
    }

    private SyncResourceSpecification resource(
            String uri, String name, String title, String description, Supplier<Object> content) {
        McpSchema.Resource resource = McpSchema.Resource.builder(uri, name)
                .title(title)
                .description(description)
                .mimeType(JSON)
                .build();
        return new SyncResourceSpecification(resource, (exchange, request) -> {
            try {
                return McpSchema.ReadResourceResult.builder(List.of(
                                McpSchema.TextResourceContents.builder(uri, json.writeValueAsString(content.get()))
                                        .mimeType(JSON)
                                        .build()))
                        .build();
            } catch (ChronoTickException e) {
                throw McpError.builder(McpSchema.ErrorCodes.INTERNAL_ERROR)
                        .message(String.valueOf(e.getMessage()))
                        .build();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
