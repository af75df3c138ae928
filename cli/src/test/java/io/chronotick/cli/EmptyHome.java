// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Somebody who has Node.js and nothing else: an empty home, no Java on the PATH, no environment. */
final class EmptyHome {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path home;
    private final Map<String, String> environment = new LinkedHashMap<>();

    /** In a directory that is there. */
    EmptyHome(Path directory) throws IOException, InterruptedException {
        home = Files.createDirectory(directory.resolve("home"));
        Path programs = Files.createDirectory(directory.resolve("bin"));
        // What Node.js brings, the shell that npm runs programs with, and what the other launcher makes its cache with.
        for (String program : List.of("node", "npm", "npx", "env", "sh", "mv", "rm")) {
            Files.createSymbolicLink(
                    programs.resolve(program),
                    Programs.find(program).orElseThrow().toRealPath());
        }
        environment.put("HOME", home.toString());
        environment.put("PATH", programs.toString());
        environment.put("npm_config_update_notifier", "false"); // it would ask the registry
        assertThat(run(directory, "sh", "-c", "command -v java").exitCode()).isNotZero();
    }

    Path path() {
        return home;
    }

    void set(String variable, String value) {
        environment.put(variable, value);
    }

    void unset(String variable) {
        environment.remove(variable);
    }

    private List<String> command(String... command) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/env", "-i"));
        environment.forEach((name, value) -> words.add(name + "=" + value));
        words.addAll(Arrays.asList(command));
        return words;
    }

    Programs.Result run(Path place, String... command) throws IOException, InterruptedException {
        return Programs.run(place, Map.of(), command(command));
    }

    /** Starts a program whose errors go to a file. */
    Process start(Path place, Path errors, String... command) throws IOException {
        return new ProcessBuilder(command(command))
                .directory(place.toFile())
                .redirectError(errors.toFile())
                .start();
    }

    /** Asks a server on stdio for the time, and ends it by closing its input. */
    void assertTellsTheTime(Path place, String... command) throws IOException, InterruptedException {
        Path errors = Files.createTempFile(home.getParent(), "err", "");
        Process process = start(place, errors, command);
        try {
            initialize(process);
            JsonNode result = getTime(process);
            assertThat(result.get("isError").asBoolean()).as(result::toString).isFalse();
            assertThat(result.at("/structuredContent/is_valid").asBoolean())
                    .as(result::toString)
                    .isTrue();
            end(process);
            assertThat(errors).isEmptyFile();
        } finally {
            process.destroyForcibly();
        }
    }

    static void initialize(Process process) throws IOException {
        ask(process, """
                {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                "capabilities":{},"clientInfo":{"name":"test","version":"1"}}}""");
        process.outputWriter(StandardCharsets.UTF_8)
                .append("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    }

    static JsonNode getTime(Process process) throws IOException {
        return ask(process, """
                {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_time"}}""").get("result");
    }

    /** By closing its input. */
    static void end(Process process) throws IOException, InterruptedException {
        process.outputWriter().close();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    private static JsonNode ask(Process process, String line) throws IOException {
        Writer writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(line + "\n");
        writer.flush();
        return JSON.readTree(Objects.requireNonNull(
                process.inputReader(StandardCharsets.UTF_8).readLine(), "the server has ended"));
    }
}
