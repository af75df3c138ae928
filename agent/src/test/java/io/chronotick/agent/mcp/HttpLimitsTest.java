// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.SampleSegment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers cannot take from each other, over real sockets. McpHttpAttackTest does the same to the program. */
@Tag("slow-on-17")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpLimitsTest {
    private static final Duration NEVER = Duration.ofHours(1);

    private static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";
    private static final String BEAT = ":\n\n";
    private static final String REFUSED = "4 calls are waiting already";
    private static final String LIST = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}";

    @TempDir
    Path directory = Path.of("");

    private final List<RawCaller> callers = new ArrayList<>();
    private @Nullable HttpMcpServer started;

    @BeforeEach
    void publish() throws IOException {
        new SampleSegment().publish(directory.resolve("segment"));
    }

    private void start(Limits limits) throws IOException {
        started = HttpMcpServer.start(
                new ChronoTickTools(directory.resolve("segment")),
                "test",
                new HttpMcpServer.Options("127.0.0.1", 0, Optional.empty(), List.of()),
                limits);
    }

    @AfterEach
    void stop() throws IOException {
        for (RawCaller caller : callers) {
            caller.close();
        }
        if (started != null) {
            started.close();
        }
    }

    private RawCaller connect() throws IOException {
        RawCaller caller = new RawCaller(Objects.requireNonNull(started).uri());
        callers.add(caller);
        return caller;
    }

    private static String session(String id) {
        return "Mcp-Session-Id: " + id + "\r\n";
    }

    private String initialize() throws IOException {
        try (RawCaller caller = connect()) {
            String head = caller.send(caller.post("", INITIALIZE)).readUntil("\r\n\r\n");
            return head.replaceAll("(?is).*mcp-session-id: (\\S+).*", "$1");
        }
    }

    private String statusOfList(String session) throws IOException {
        try (RawCaller caller = connect()) {
            return caller.send(caller.post(session(session), LIST)).status();
        }
    }

    private static String wait(int id, int seconds) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"wait_until\","
                + "\"arguments\":{\"corrected_time\":\"2025-03-13T16:00:00Z\",\"max_wait_seconds\":" + seconds + "}}}";
    }

    @Test
    void shouldEndACallWhoseCallerHasGone() throws IOException {
        start(new Limits(64, 4, 8, NEVER, NEVER, Duration.ofMillis(1)));
        String session = initialize();
        List<RawCaller> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            RawCaller caller = connect();
            caller.send(caller.post(session(session), wait(i, 3600)));
            assertThat(caller.readUntil(BEAT)).contains("200 OK"); // it waits
            waiting.add(caller);
        }
        assertThat(answerToAFifth(session)).contains("200 OK").endsWith(REFUSED);
        assertThat(statusOfList(session)).isEqualTo("200");
        for (RawCaller caller : waiting) {
            caller.close();
        }
        String answer = answerToAFifth(session);
        while (answer.endsWith(REFUSED)) {
            answer = answerToAFifth(session);
        }
    }

    /** Closing the event stream is the one way to cancel a call that needs no session. */
    @Test
    void shouldEndACallWithoutASessionWhoseCallerHasGone() throws IOException {
        String refused = "1 calls are waiting already";
        start(new Limits(64, 1, 8, NEVER, NEVER, Duration.ofMillis(1)));
        String headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: wait_until\r\n";
        String call = wait(7, 3600)
                .replace(
                        "\"params\":{",
                        "\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                                + "\"io.modelcontextprotocol/clientCapabilities\":{}},");
        RawCaller first = connect();
        assertThat(first.send(first.post(headers, call)).readUntil(BEAT)).contains("200 OK"); // it waits
        try (RawCaller second = connect()) {
            assertThat(second.send(second.post(headers, call)).readUntil(refused, BEAT))
                    .endsWith(refused);
        }
        first.close();
        String answer = refused;
        while (answer.endsWith(refused)) {
            try (RawCaller next = connect()) {
                answer = next.send(next.post(headers, call)).readUntil(refused, BEAT);
            }
        }
        assertThat(answer).contains("200 OK");
    }

    private String answerToAFifth(String session) throws IOException {
        try (RawCaller caller = connect()) {
            return caller.send(caller.post(session(session), wait(5, 3600))).readUntil(REFUSED, BEAT);
        }
    }

    @Test
    void shouldCloseAConnectionWhoseHeadDoesNotEnd() throws IOException {
        start(new Limits(64, 4, 8, Duration.ofMillis(500), NEVER, NEVER));
        RawCaller caller = connect();
        caller.send("POST /mcp HTTP/1.1\r\nX-Long: ").sendUntilClosed("x");
        assertThat(statusOfList(initialize())).isEqualTo("200");
    }

    @Test
    void shouldCloseAConnectionWhoseBodyDoesNotEnd() throws IOException {
        start(new Limits(64, 4, 8, Duration.ofMillis(500), NEVER, NEVER));
        RawCaller caller = connect();
        caller.send(caller.request("POST", "", 10_000, "")).sendUntilClosed("x");
        assertThat(statusOfList(initialize())).isEqualTo("200");
    }

    @Test
    void shouldCloseAConnectionThatIsNotUsed() throws IOException {
        start(new Limits(64, 4, 8, NEVER, Duration.ofMillis(500), NEVER));
        RawCaller silent = connect();
        assertThat(silent.send(silent.post("", INITIALIZE)).readUntil("never sent"))
                .contains("200 OK"); // the end comes
        RawCaller slow = connect();
        assertThat(slow.send(slow.post("", INITIALIZE)).status()).isEqualTo("200");
        slow.send("POST /mcp HTTP/1.1\r\nX-Long: ").sendUntilClosed("x");
    }

    @Test
    void shouldServeTheNextOneWhereAllConnectionsAreTaken() throws IOException {
        start(new Limits(16, 4, 100, Duration.ofSeconds(2), NEVER, NEVER));
        String session = initialize();
        RawCaller waiting = connect();
        waiting.send(waiting.post(session(session), wait(1, 3600)));
        for (int i = 0; i < 40; i++) {
            RawCaller idle = connect();
            idle.send(i % 2 == 0 ? idle.post("", INITIALIZE) : "POST /mcp HTTP/1.1\r\n");
        }
        assertThat(statusOfList(session)).isEqualTo("200");
        assertThat(waiting.isClosed()).isFalse();
    }

    @Test
    void shouldNotTakeAWaitForAnUnusedConnection() throws IOException {
        start(new Limits(64, 4, 8, Duration.ofMillis(100), Duration.ofMillis(100), NEVER));
        String session = initialize();
        RawCaller caller = connect();
        Instant soon;
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("segment"))) {
            soon = tools.getTime().latest().plusSeconds(2);
        }
        String request = wait(1, 3600).replace("2025-03-13T16:00:00Z", soon.toString());
        assertThat(caller.send(caller.post(session(session), request)).readUntil("early_or_late_by"))
                .endsWith("early_or_late_by");
    }

    @Test
    void shouldCloseTheConnectionOfWhoDoesNotRead() throws IOException {
        start(new Limits(64, 4, 8, NEVER, Duration.ofSeconds(2), NEVER));
        String session = initialize();
        RawCaller caller = connect();
        caller.sendUntilReset(caller.post(session(session), LIST));
        assertThat(statusOfList(session)).isEqualTo("200");
    }

    @Test
    void shouldForgetTheSessionThatHasBeenUnusedForLongest() throws IOException {
        start(new Limits(64, 4, 8, NEVER, NEVER, NEVER));
        String first = initialize();
        String second = initialize();
        for (int i = 0; i < 20; i++) {
            assertThat(statusOfList(first)).isEqualTo("200");
            initialize();
        }
        assertThat(statusOfList(first)).isEqualTo("200");
        assertThat(statusOfList(second)).isEqualTo("404");
    }

    @Test
    void shouldEndASession() throws IOException {
        start(Limits.ofThisProcess());
        String session = initialize();
        for (String status : List.of("200", "404")) {
            try (RawCaller caller = connect()) {
                assertThat(caller.send(caller.request("DELETE", session(session), 0, ""))
                                .status())
                        .isEqualTo(status);
            }
        }
        assertThat(statusOfList(session)).isEqualTo("404");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "TRACE", "TRACK", "OPTIONS", "PUT", "PATCH", "CONNECT"})
    void shouldOfferNothingButPostAndDelete(String method) throws IOException {
        start(Limits.ofThisProcess());
        try (RawCaller caller = connect()) {
            assertThat(caller.send(caller.request(
                                    method, session(initialize()) + "X-Secret: 7\r\nConnection: close\r\n", 0, ""))
                            .readUntil("the end"))
                    .matches("(?s)HTTP/1.1 (405|400) .*")
                    .doesNotContain("X-Secret");
        }
    }

    @Test
    void shouldRefuseALongBodyBeforeItComes() throws IOException {
        start(Limits.ofThisProcess());
        try (RawCaller caller = connect()) {
            assertThat(caller.send(caller.request("POST", "", 3_900_000, "{")).status())
                    .isEqualTo("413");
        }
        try (RawCaller caller = connect()) {
            caller.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n"
                    + "x".repeat(0x20000));
            assertThat(caller.status()).isEqualTo("413");
        }
    }

    /** One that has to send all before it reads: of a connection reset meanwhile it would get no answer. */
    @ParameterizedTest
    @CsvSource({"X-Good: 1, 413", "Origin: http://evil.example, 403"})
    void shouldLetACallerFinishWhoIsRefused(String header, String status) throws IOException {
        start(Limits.ofThisProcess());
        int length = 16 << 20; // more than the kernel takes from a writer whom nobody reads
        try (RawCaller caller = connect()) {
            caller.send(caller.request("POST", header + "\r\n", length, "x".repeat(length)));
            assertThat(caller.status()).isEqualTo(status);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
    void shouldNotLetOtherMachinesInWithoutAToken(String host) {
        assertThatThrownBy(() -> HttpMcpServer.start(
                        new ChronoTickTools(directory.resolve("segment")),
                        "test",
                        new HttpMcpServer.Options(host, 0, Optional.empty(), List.of())))
                .isInstanceOf(MissingTokenException.class)
                .hasMessageContaining(host);
    }
}
