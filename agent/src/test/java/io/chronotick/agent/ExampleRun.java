// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Runs a program of examples/ as a newcomer does, as a single file, and returns what it prints. */
public final class ExampleRun {
    private ExampleRun() {}

    /**
     * Runs one on this class path.
     *
     * @param environment names and values in turn
     */
    public static String of(Path example, String... environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        example.toString())
                .redirectErrorStream(true);
        for (int i = 0; i < environment.length; i += 2) {
            builder.environment().put(environment[i], environment[i + 1]);
        }
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(example + " failed: " + output);
        }
        return output;
    }
}
