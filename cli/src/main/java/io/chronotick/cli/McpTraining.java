// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.Tool;
import io.chronotick.agent.mcp.StdioMcpServer;
import io.chronotick.cli.text.Shell;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Holds one conversation with the MCP server on streams in memory, while the JVM records the classes that it loads; see
 * {@link StartupTraining}, which does the same for the commands that scripts call.
 */
public final class McpTraining {
    private McpTraining() {}

    /**
     * Trains.
     *
     * @param arguments none
     * @throws IOException if there is no place for a temporary file
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("chronotick-training");
        Path segment = directory.resolve("segment");
        try {
            new SampleSegment(ProcessHandle.current().pid()).writeTo(segment);
            StringBuilder conversation = new StringBuilder("""
                    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                    "capabilities":{},"clientInfo":{"name":"training","version":"1"}}}
                    {"jsonrpc":"2.0","method":"notifications/initialized"}
                    {"jsonrpc":"2.0","id":1,"method":"tools/list"}
                    {"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"chronotick://status"}}
                    {"jsonrpc":"2.0","id":3,"method":"ping"}
                    not JSON
                    """);
            for (Tool tool : Tool.values()) {
                conversation
                        .append("{\"jsonrpc\":\"2.0\",\"id\":\"")
                        .append(tool.id())
                        .append("\",\"method\":\"tools/call\",\"params\":{\"name\":\"")
                        .append(tool.id())
                        .append("\",\"arguments\":{\"future_seconds\":1,\"corrected_time\":0}}}\n")
                        .append("{\"jsonrpc\":\"2.0\",\"id\":\"")
                        .append(tool.id())
                        .append("\",\"method\":\"tools/call\",\"params\":{\"name\":\"")
                        .append(tool.id())
                        .append("\"}}\n");
            }
            // The way that the command takes, up to its own streams.
            Shell shell = Shell.ofProcess();
            QuickStart.parse(shell, "mcp", "--shm", segment.toString());
            McpCommand.quietLibraries(shell);
            try (ChronoTickTools tools = new ChronoTickTools(segment)) {
                StdioMcpServer.serve(
                        tools,
                        CommandTree.Version.program(),
                        new ByteArrayInputStream(conversation.toString().getBytes(StandardCharsets.UTF_8)),
                        new ByteArrayOutputStream());
            }
        } finally {
            Files.deleteIfExists(segment);
            Files.deleteIfExists(directory);
        }
    }
}
