// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.Tool;
import io.chronotick.agent.mcp.StdioMcpServer;
import io.chronotick.cli.text.Shell;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.LoadedConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Holds one conversation with the MCP server on streams in memory, while the JVM records the classes that it loads; see
 * {@link StartupTraining}, which does the same for the commands that scripts call.
 */
public final class McpTraining {
    /** How a request of the newest protocol describes itself. */
    private static final String META = "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
            + "\"io.modelcontextprotocol/clientCapabilities\":{}";

    private McpTraining() {}

    /**
     * Trains.
     *
     * @param arguments none
     * @throws Exception if there is no place for a temporary file
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory("chronotick-training");
        Path segment = directory.resolve("segment");
        Path own = directory.resolve("own");
        try {
            new SampleSegment(ProcessHandle.current().pid()).writeTo(segment);
            StringBuilder conversation = new StringBuilder("""
                    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                    "capabilities":{},"clientInfo":{"name":"training","version":"1"}}}
                    {"jsonrpc":"2.0","method":"notifications/initialized"}
                    {"jsonrpc":"2.0","id":1,"method":"tools/list"}
                    {"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"chronotick://status"}}
                    {"jsonrpc":"2.0","id":3,"method":"ping"}
                    {"jsonrpc":"2.0","id":4,"method":"server/discover","params":{"_meta":{META}}}
                    {"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"_meta":{META}}}
                    {"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"_meta":{META},"name":"get_time"}}
                    {"jsonrpc":"2.0","id":7,"method":"server/discover","params":{"_meta":{}}}
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
            // It measures a port where nobody answers.
            String config = "clock_measurement: {ntp: {servers: [\"127.0.0.1:9\"]}}\ndaemon: {shm: \"" + own + "\"}\n";
            LoadedConfig loaded = ConfigLoader.parse(config, "training", Map.of(), ConfigOverrides.NONE, 1);
            try (Daemon daemon = Daemon.start(loaded.config());
                    ChronoTickTools tools = ChronoTickTools.orSystemClock(List.of(daemon.segment(), segment))) {
                StdioMcpServer.serve(
                        tools,
                        CommandTree.Version.program(),
                        new ByteArrayInputStream(
                                conversation.toString().replace("META", META).getBytes(StandardCharsets.UTF_8)),
                        new ByteArrayOutputStream());
            }
        } finally {
            Files.deleteIfExists(segment);
            Files.deleteIfExists(directory);
        }
    }
}
