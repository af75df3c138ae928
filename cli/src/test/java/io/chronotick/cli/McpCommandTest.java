// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command as a host runs it: a process, and a live daemon beside it. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class McpCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HostClocks CLOCKS = HostClocks.system();
    private static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}";

    @TempDir
    Path directory = Path.of("");

    private final TestShell shell = new TestShell();
    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void stop() {
        processes.forEach(Process::destroyForcibly);
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "mcp",
                "--no-embedded",
                "--shm",
                directory.resolve("segment").toString()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).start();
        processes.add(process);
        return process;
    }

    private static JsonNode ask(Process process, String line) throws IOException {
        send(process, line);
        return JSON.readTree(Objects.requireNonNull(
                process.inputReader(StandardCharsets.UTF_8).readLine(), "the server has ended"));
    }

    private static void send(Process process, String line) throws IOException {
        Writer writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(line + "\n");
        writer.flush();
    }

    private static JsonNode getTime(Process process) throws IOException {
        return ask(
                        process,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get_time\"}}")
                .get("result");
    }

    private static long nanos(Instant instant) {
        return instant.getEpochSecond() * 1_000_000_000 + instant.getNano();
    }

    @Test
    void shouldTellTheTimeOfADaemonThatComesLater() throws Exception {
        Process process = start();
        assertThat(ask(process, INITIALIZE).at("/result/serverInfo/name").asText())
                .isEqualTo("chronotick");
        send(process, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        JsonNode refusal = getTime(process);
        assertThat(refusal.get("isError").asBoolean()).isTrue();
        assertThat(refusal.at("/content/0/text").asText()).contains("chronotick daemon");

        Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
        try (ReferenceServer server = ReferenceServer.start(
                        ReferenceServerConfig.builder(truth).build(), CLOCKS);
                Daemon daemon = Daemon.start(ConfigLoader.parse(
                                "clock_measurement: {ntp: {servers: [\"127.0.0.1:"
                                        + server.address().getPort() + "\"]}}\ndaemon: {shm: \""
                                        + directory.resolve("segment") + "\"}\n",
                                "test",
                                Map.of(),
                                ConfigOverrides.NONE,
                                64)
                        .config())) {
            assertThat(daemon.segment()).exists();
            JsonNode reading = getTime(process);
            while (reading.get("isError").asBoolean()) {
                reading = getTime(process); // it says each time that it is not ready yet
            }
            long before = truth.truthNanosAt(CLOCKS.rawNanos());
            reading = getTime(process).get("structuredContent");
            long after = truth.truthNanosAt(CLOCKS.rawNanos());
            assertThat(nanos(Instant.parse(reading.get("earliest").asText()))).isLessThanOrEqualTo(after);
            assertThat(nanos(Instant.parse(reading.get("latest").asText()))).isGreaterThanOrEqualTo(before);
        }

        process.outputWriter().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(process.errorReader().lines()).isEmpty();
    }

    @Test
    void shouldEndOnASignal() throws Exception {
        Process process = start();
        ask(process, INITIALIZE);
        process.toHandle().destroy(); // SIGTERM, and the pipes stay open
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(process.errorReader().lines()).isEmpty();
    }

    @Test
    void shouldServeOverHttpWhoeverHasTheToken() throws Exception {
        Path token = directory.resolve("token");
        Files.writeString(token, "secret\n");
        Process process = start("--transport", "http", "--port", "0", "--token-file", token.toString());
        String line = Objects.requireNonNull(process.errorReader().readLine());
        URI uri = URI.create(line.replaceAll(".*(http://\\S+).*", "$1"));
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofString(INITIALIZE));
        HttpClient http = HttpClient.newHttpClient();
        assertThat(http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(401);
        HttpResponse<String> answer = http.send(
                request.header("Authorization", "Bearer secret").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(JSON.readTree(answer.body()).at("/result/serverInfo/name").asText())
                .isEqualTo("chronotick");
        process.toHandle().destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.inputReader().lines()).isEmpty();
    }

    @Test
    void shouldPrintWhatHostsWantToKnow() throws Exception {
        assertThat(shell.run("mcp", "--print-config", "--shm", "/a place/it's")).isZero();
        String out = shell.out();
        assertThat(out).contains("claude mcp add chronotick -- chronotick mcp --shm '/a place/it'\\''s'");
        JsonNode config = JSON.readTree(out.substring(out.indexOf('{')));
        assertThat(config.at("/mcpServers/chronotick/command").asText()).isEqualTo("chronotick");
        assertThat(config.at("/mcpServers/chronotick/args"))
                .extracting(JsonNode::asText)
                .containsExactly("mcp", "--shm", "/a place/it's");
    }

    /** A host does not start the server in the environment that the configuration was asked for in. */
    @Test
    void shouldPrintTheSegmentOfTheEnvironment() throws Exception {
        shell.with("CHRONOTICK_SHM", "/somewhere/else");
        assertThat(shell.run("mcp", "--print-config")).isZero();
        assertThat(shell.out()).contains("-- chronotick mcp --shm /somewhere/else");
        assertThat(printed().at("/mcpServers/chronotick/args"))
                .extracting(JsonNode::asText)
                .containsExactly("mcp", "--shm", "/somewhere/else");
        shell.with("CHRONOTICK_SHM", "chronotick_shm");
        assertThat(shell.run("mcp", "--print-config")).isZero();
        assertThat(shell.out()).contains("-- chronotick mcp\n").doesNotContain("--shm");
    }

    @Test
    void shouldPrintWhatHostsOfAServerOverHttpWantToKnow() throws Exception {
        Path token = directory.resolve("a token");
        assertThat(shell.run(
                        "mcp",
                        "--print-config",
                        "--transport",
                        "http",
                        "--port",
                        "9000",
                        "--host",
                        "0.0.0.0",
                        "--allow-host",
                        "time.example.net",
                        "--token-file",
                        token.toString()))
                .isZero();
        assertThat(shell.out())
                .contains("  chronotick mcp --transport http --port 9000 --host 0.0.0.0 --allow-host time.example.net"
                        + " --token-file '" + token + "'\n")
                .contains("claude mcp add --transport http chronotick http://time.example.net:9000/mcp"
                        + " --header \"Authorization: Bearer $(cat '" + token + "')\"\n");
        JsonNode entry = printed().at("/mcpServers/chronotick");
        assertThat(entry.at("/type").asText()).isEqualTo("http");
        assertThat(entry.at("/url").asText()).isEqualTo("http://time.example.net:9000/mcp");
        assertThat(entry.at("/headers/Authorization").asText()).isEqualTo("Bearer ${CHRONOTICK_MCP_TOKEN}");

        assertThat(shell.run("mcp", "--print-config", "--transport", "http", "--host", "::1"))
                .isZero();
        assertThat(printed().at("/mcpServers/chronotick/url").asText()).isEqualTo("http://[::1]:8765/mcp");
        assertThat(shell.out()).doesNotContain("Authorization");
        assertThat(shell.run("mcp", "--print-config", "--transport", "http", "--port", "0"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--port 0").hasLineCount(1);
    }

    private JsonNode printed() throws IOException {
        return JSON.readTree(shell.out().substring(shell.out().indexOf("{\n")));
    }

    @Test
    void shouldRefuseWhatItCannotServe() throws Exception {
        assertThat(shell.run("mcp", "--transport", "pigeon")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("stdio", "http").hasLineCount(1);
        assertThat(shell.run("mcp", "--transport", "http", "--port", "70000")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("0 to 65535").hasLineCount(1);
        assertThat(shell.run("mcp", "--transport", "http", "--token-file", directory + "/none"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("none").hasLineCount(1);
        Path empty = directory.resolve("empty");
        Files.writeString(empty, " \n");
        assertThat(shell.run("mcp", "--transport", "http", "--token-file", empty.toString()))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("holds no token").hasLineCount(1);
        shell.with("CHRONOTICK_MCP_TOKEN", "two words");
        assertThat(shell.run("mcp", "--transport", "http")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("CHRONOTICK_MCP_TOKEN holds no token").hasLineCount(1);
    }

    private void assertRefusal(String reason, String... arguments) throws Exception {
        Process process = start(arguments);
        assertThat(process.errorReader().lines()).singleElement().asString().contains(reason);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void shouldRefuseToListenWhereItCannot() throws Exception {
        Path token = directory.resolve("token");
        Files.writeString(token, "secret");
        assertRefusal(
                "cannot listen",
                "--transport",
                "http",
                "--host",
                "192.0.2.1", // nobody's address (RFC 5737)
                "--port",
                "0",
                "--token-file",
                token.toString());
        assertRefusal("nowhere.invalid is unknown", "--transport", "http", "--host", "nowhere.invalid");
    }

    @Test
    void shouldRefuseToLetOtherMachinesInWithoutAToken() throws Exception {
        assertRefusal("--token-file", "--transport", "http", "--host", "0.0.0.0", "--port", "0");
        assertRefusal("CHRONOTICK_MCP_TOKEN", "--transport", "http", "--host", "::", "--port", "0");
    }

    @Test
    void shouldLetOtherMachinesInWithATokenAndUnderTheNamesThatAreAllowed() throws Exception {
        Path token = directory.resolve("token");
        Files.writeString(token, "secret");
        Process process = start(
                "--transport",
                "http",
                "--port",
                "0",
                "--host",
                "0.0.0.0",
                "--allow-host",
                "time.example.net",
                "--token-file",
                token.toString());
        String line = Objects.requireNonNull(process.errorReader().readLine());
        int port = URI.create(line.replaceAll(".*(http://\\S+).*", "$1")).getPort();
        assertThat(status(port, "time.example.net", "Authorization: Bearer secret\r\n"))
                .isEqualTo("200");
        assertThat(status(port, "TIME.example.net:80", "Authorization: bearer secret\r\n"))
                .isEqualTo("200");
        assertThat(status(port, "time.example.net", "Authorization: Bearer secreT\r\n"))
                .isEqualTo("401");
        assertThat(status(port, "time.example.net", "")).isEqualTo("401");
        assertThat(status(port, "0.0.0.0.example.net", "Authorization: Bearer secret\r\n"))
                .isEqualTo("403");
        assertThat(status(port, "time.example.net", "Origin: http://evil.example.com\r\n"))
                .isEqualTo("403");
    }

    /** By hand, since no HTTP client lets a caller choose the Host. */
    private static String status(int port, String host, String headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(("POST /mcp HTTP/1.1\r\nHost: " + host + "\r\n" + headers
                                    + "Accept: application/json, text/event-stream\r\nContent-Length: "
                                    + INITIALIZE.length()
                                    + "\r\nConnection: close\r\n\r\n" + INITIALIZE)
                            .getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split(" ", 3)[1];
        }
    }
}
