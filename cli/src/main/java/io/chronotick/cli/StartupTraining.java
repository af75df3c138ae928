// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Shell;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Runs the commands that scripts call in loops, once, against a sample segment. The launcher does this after a build and lets
 * the JVM record the classes that it loads (JEP 514), so that the real commands start quicker. Only these: every class in the
 * cache is loaded at every start, and picocli's, compiled for Java 5, cannot be cached.
 */
public final class StartupTraining {
    private StartupTraining() {}

    /**
     * Trains.
     *
     * @param arguments none
     * @throws IOException if there is no place for a temporary file
     */
    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createTempDirectory("chronotick-training");
        Path segment = directory.resolve("segment");
        try {
            new SampleSegment(ProcessHandle.current().pid()).writeTo(segment);
            Map<String, String> environment = Map.of(Shell.SEGMENT_VARIABLE, segment.toString());
            run(environment, "read");
            run(environment, "read", "--shm", segment.toString());
            run(environment, "now");
            run(environment, "now", "--for-agent");
            run(environment, "json", "--pretty");
            run(environment, "status");
            run(environment, "sources");
            String missing = directory.resolve("missing").toString();
            run(environment, "read", "--shm", missing);
            run(environment, "now", "--for-agent", "--shm", missing);
        } finally {
            Files.deleteIfExists(segment);
            Files.deleteIfExists(directory);
        }
        // Through the same streams as in earnest.
        Shell shell = Shell.ofProcess();
        shell.line("trained");
        shell.out().flush();
    }

    private static void run(Map<String, String> environment, String... arguments) {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        Main.run(new Shell(nowhere, nowhere, environment, false), arguments);
    }
}
