// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server over HTTP as a process with the heap that the launcher gives it and few descriptors, and callers that mean no good.
 * Whatever they do, an honest one is served, and once they have gone nothing is left of them.
 */
@Order(4)
@EnabledOnOs(OS.LINUX) // counts descriptors in /proc
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class McpHttpAttackTest {
    /** Descriptors that may come and go with the server's own work. */
    private static final int COME_AND_GO = 8;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Fewer than the attackers open. */
    private static final int DESCRIPTORS = 256;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}";

    @TempDir
    Path directory = Path.of("");

    private final List<Socket> sockets = new ArrayList<>();
    private Process process;
    private URI uri;
    private String session;
    private long descriptorsBefore;

    @BeforeEach
    void start() throws Exception {
        Path segment = directory.resolve("segment");
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        sample.bytes.putDouble(RecordLayout.VALID_UNTIL, Instant.now().getEpochSecond() + 3600.0);
        sample.writeTo(segment);
        process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -n " + DESCRIPTORS + " && exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx96m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "mcp",
                        "--no-embedded",
                        "--transport",
                        "http",
                        "--port",
                        "0",
                        "--shm",
                        segment.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        String line = Objects.requireNonNull(process.errorReader().readLine());
        uri = URI.create(line.replaceAll(".*(http://\\S+).*", "$1"));
        HttpResponse<String> answer = post(INITIALIZE, "none");
        session = answer.headers().firstValue("Mcp-Session-Id").orElseThrow();
        assertServes();
        descriptorsBefore = descriptors();
    }

    @AfterEach
    void stop() throws IOException {
        closeAll();
        process.destroyForcibly();
    }

    private void closeAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    /** On a connection of its own. */
    private HttpResponse<String> post(String body, String session) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(uri)
                            .timeout(PATIENCE)
                            .header("Content-Type", "application/json")
                            .header("Accept", "application/json, text/event-stream")
                            .header("Mcp-Session-Id", session)
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    private void assertServes() throws IOException, InterruptedException {
        HttpResponse<String> answer = post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", session);
        assertThat(answer.statusCode()).isEqualTo(200);
        JsonNode list = JSON.readTree(answer.body().substring(answer.body().indexOf('{')));
        assertThat(list.at("/result/tools")).hasSize(7);
    }

    private long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return open.count();
        }
    }

    private void assertNothingIsLeft() throws IOException, InterruptedException {
        closeAll();
        awaitDescriptors(left -> left <= COME_AND_GO);
        assertServes();
    }

    private void awaitDescriptors(LongPredicate condition) throws IOException, InterruptedException {
        Instant deadline = Instant.now().plus(PATIENCE);
        long more = descriptors() - descriptorsBefore;
        while (!condition.test(more)) {
            assertThat(Instant.now())
                    .as(more + " descriptors more than before the attack")
                    .isBefore(deadline);
            TimeUnit.MILLISECONDS.sleep(20); // between two looks
            more = descriptors() - descriptorsBefore;
        }
    }

    private Socket send(String method, int length, String body) throws IOException {
        Socket socket = new Socket(InetAddress.getByName(uri.getHost()), uri.getPort());
        sockets.add(socket);
        String head = method + " /mcp HTTP/1.1\r\nHost: localhost:" + uri.getPort()
                + "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: "
                + session + (length < 0 ? "" : "\r\nContent-Length: " + length + "\r\n\r\n" + body);
        socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @Test
    void shouldKeepNothingOfEventStreamsThatWereOpenedAndClosed() throws Exception {
        for (int i = 0; i < 500; i++) {
            try (Socket socket = send("GET", 0, "")) {
                assertThat(socket.getInputStream().read()).isEqualTo('H'); // the answer has begun
            }
        }
        assertNothingIsLeft();
    }

    @Tag("slow") // waits for beats of 5 s; HttpLimitsTest has quicker ones
    @Test
    void shouldKeepNothingOfCallsWhoseCallerHasGone() throws Exception {
        String wait = "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"wait_until\","
                + "\"arguments\":{\"corrected_time\":\"" + Instant.now().plusSeconds(3000)
                + "\",\"max_wait_seconds\":3600}}}";
        for (int i = 0; i < 60; i++) {
            String body = wait.formatted(i);
            send("POST", body.length(), body);
        }
        assertServes();
        // Some of what was open before may have been closed since.
        awaitDescriptors(waiting -> waiting >= 60 - COME_AND_GO);
        assertNothingIsLeft();
    }

    @Test
    void shouldServeWhileBodiesDoNotEnd() throws Exception {
        String body = "x".repeat(3_900_000);
        for (int i = 0; i < 64; i++) {
            try {
                send("POST", 4_000_000, body);
            } catch (IOException e) {
                // refused while it was sent
            }
        }
        for (int i = 0; i < 20; i++) {
            assertServes();
        }
        assertNothingIsLeft();
    }

    @Test
    void shouldServeWhileHeadsDoNotEnd() throws Exception {
        for (int i = 0; i < 200; i++) {
            send("POST", -1, "");
        }
        assertServes();
        assertNothingIsLeft();
    }

    @Test
    void shouldServeWhileNobodySaysAnything() throws Exception {
        for (int i = 0; i < 200; i++) {
            sockets.add(new Socket(InetAddress.getByName(uri.getHost()), uri.getPort()));
        }
        assertServes();
        assertNothingIsLeft();
    }

    /** Each with as much to remember as fits into a request: 6,000 of them, were they kept, would be twice the heap. */
    @Test
    void shouldServeWhoeverHasBeenServedLatelyWhileSessionsAreBegunAndLeft() throws Exception {
        String body = INITIALIZE.replace("\"name\":\"test\"", "\"name\":\"" + "x".repeat(30_000) + "\"");
        for (int connection = 0; connection < 6; connection++) {
            assertServes();
            Socket socket = send("POST", body.length(), body);
            for (int i = 1; i < 1000; i++) {
                readAnswer(socket);
                socket.getOutputStream()
                        .write(("POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
                                        + "Accept: application/json, text/event-stream\r\nContent-Length: "
                                        + body.length()
                                        + "\r\n\r\n" + body)
                                .getBytes(StandardCharsets.UTF_8));
            }
            readAnswer(socket);
        }
        assertNothingIsLeft();
    }

    private static void readAnswer(Socket socket) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf("}}", Math.max(0, read.length() - 2)) < 0 || read.indexOf("jsonrpc") < 0) {
            int c = socket.getInputStream().read();
            assertThat(c).as(read.toString()).isNotNegative();
            read.append((char) c);
        }
    }
}
