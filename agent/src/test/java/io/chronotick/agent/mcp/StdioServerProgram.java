// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.ChronoTickTools;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Path;

/** The server as a process of its own, for tests on either JDK. */
public final class StdioServerProgram {
    private StdioServerProgram() {}

    public static void main(String[] arguments) throws InterruptedException {
        try (ChronoTickTools tools = new ChronoTickTools(Path.of(arguments[0]))) {
            StdioMcpServer.serve(
                    tools, "test", new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out));
        }
    }
}
