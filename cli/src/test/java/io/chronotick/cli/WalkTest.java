// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.SourceRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two people's first way through the documents, command by command as these show them, with what comes of each. DocumentationTest
 * runs every block by itself; here one step leads to the next.
 */
@Order(5)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WalkTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory = Path.of("");

    private final TestShell shell = new TestShell();

    /** Runs a command that a document shows; returns what it prints. */
    private String run(String document, String command, int exitCode) throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve(document)))
                .as("%s shows: ./chronotick %s", document, command)
                .anyMatch(line -> line.matches("(\\$ )?\\./chronotick " + Pattern.quote(command) + "( .*)?"));
        assertThat(shell.run(words(command))).as("%s: %s", command, shell.err()).isEqualTo(exitCode);
        return shell.out();
    }

    private static String[] words(String command) {
        return Pattern.compile(" ").splitAsStream(command).toArray(String[]::new);
    }

    @Test
    void serverAdministrator() throws Exception {
        shell.with("CHRONOTICK_SHM", directory.resolve("segment"));
        run("docs/usage-guide.md", "read", ExitCode.NO_DAEMON);
        assertThat(shell.err()).contains("chronotick daemon").hasLineCount(1);
        try (LiveDaemon daemon = new LiveDaemon(directory)) {
            assertThat(run("README.md", "read", ExitCode.OK)).contains("Corrected Time", "Uncertainty");
            assertThat(run("README.md", "status", ExitCode.OK)).contains("READY");
            assertThat(run("README.md", "sources", ExitCode.OK)).contains(daemon.addresses());
            shell.run("doctor"); // the machine decides the rest
            assertThat(shell.out()).contains("✓ Daemon runs", "✓ Warm-up complete", "✓ Time can be read");

            // The page is written once a second.
            daemon.await(
                    "all are selected",
                    status -> status.sources().stream().allMatch(row -> row.state() == SourceRow.State.SELECTED));
            String gone = daemon.stopServer(2);
            daemon.await(
                    "a server is missed", status -> status.sources().get(2).state() == SourceRow.State.UNREACHABLE);
            assertThat(run("README.md", "sources", ExitCode.OK).lines().filter(line -> line.contains(gone)))
                    .satisfiesExactly(
                            row -> assertThat(row).startsWith("?"),
                            remark -> assertThat(remark).contains("connection refused"));
            assertThat(shell.run("query", gone)).isEqualTo(ExitCode.NOT_MET);
            assertThat(shell.err()).contains(gone, "connection refused");
            // Two of three are a majority: the time goes on.
            assertThat(run("README.md", "status", ExitCode.OK)).contains("READY", "2 of 3 selected, 1 unreachable");
            assertThat(run("README.md", "read", ExitCode.OK)).contains("Corrected Time");

            daemon.stopServer(1);
            daemon.stopServer(0);
            daemon.await(
                    "an answer is waited for", status -> !status.waitingFor().isEmpty());
            shell.run("status");
            assertThat(shell.out()).contains("Waiting For:     an answer", "refused");
            assertThat(shell.err())
                    .contains("check host and port in clock_measurement.ntp.servers")
                    .hasLineCount(1);
        }
        run("docs/usage-guide.md", "read", ExitCode.NO_DAEMON);
    }

    @Test
    void agentDeveloper() throws Exception {
        Programs.require("python3", "Debian: apt-get install python3");
        try (LiveDaemon daemon = new LiveDaemon(directory)) {
            shell.with("CHRONOTICK_SHM", daemon.segment());
            String printed = run("docs/agents.md", "mcp --print-config", ExitCode.OK);
            JsonNode server =
                    JSON.readTree(printed.substring(printed.indexOf("{\n"))).at("/mcpServers/chronotick");
            assertThat(server.at("/command").asText()).isEqualTo("chronotick");
            List<String> command = program();
            server.at("/args").forEach(argument -> command.add(argument.asText()));

            // As a host starts it, which hands on nothing of the developer's environment.
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().remove("CHRONOTICK_SHM");
            Process host =
                    builder.redirectError(directory.resolve("mcp.log").toFile()).start();
            try (Writer in = host.outputWriter(StandardCharsets.UTF_8);
                    BufferedReader out = host.inputReader(StandardCharsets.UTF_8)) {
                JsonNode hello = ask(in, out, "initialize", """
                        {"protocolVersion": "2025-11-25", "capabilities": {},
                         "clientInfo": {"name": "walk", "version": "1"}}""");
                assertThat(hello.at("/serverInfo/name").asText()).isEqualTo("chronotick");
                send(in, "{\"jsonrpc\": \"2.0\", \"method\": \"notifications/initialized\"}");
                String agents = Files.readString(ROOT.resolve("docs/agents.md"));
                assertThat(ask(in, out, "tools/list", "{}").at("/tools"))
                        .extracting(tool -> tool.get("name").asText())
                        .hasSize(7)
                        .allMatch(name -> agents.contains("| `" + name + "` |"));
                JsonNode time = ask(in, out, "tools/call", "{\"name\": \"get_time\", \"arguments\": {}}");
                assertThat(time.at("/isError").asBoolean()).isFalse();
                assertThat(time.at("/structuredContent/earliest").asText())
                        .isLessThan(time.at("/structuredContent/latest").asText());
            } finally {
                host.destroy();
            }

            Path snippet = directory.resolve("agent.py");
            Files.writeString(snippet, snippet("clients/python/README.md", "create_chronotick_agent()"));
            Programs.Result result = Programs.run(
                    ROOT,
                    Map.of(
                            "CHRONOTICK_SHM", daemon.segment().toString(),
                            "PYTHONPATH", "clients/python:clients/python/tests/fake_sdk",
                            "PYTHONDONTWRITEBYTECODE", "1"),
                    List.of("python3", snippet.toString()));
            result.check();
        }
    }

    private static List<String> program() {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    }

    private static JsonNode ask(Writer in, BufferedReader out, String method, String parameters) throws IOException {
        send(in, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"" + method + "\", \"params\": " + parameters + "}");
        JsonNode answer = JSON.readTree(String.valueOf(out.readLine()));
        assertThat(answer.has("result")).as("%s: %s", method, answer).isTrue();
        return answer.get("result");
    }

    private static void send(Writer in, String message) throws IOException {
        in.write(message.replace("\n", " ") + "\n");
        in.flush();
    }

    /** The first Python block of a document that holds a word. */
    private static String snippet(String document, String word) throws IOException {
        Matcher block = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve(document)));
        while (block.find()) {
            if (block.group(1).contains(word)) {
                return block.group(1);
            }
        }
        throw new AssertionError(document + " has no Python block with " + word);
    }
}
