// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.agent.SampleSegment;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real process and its pipes. */
@Tag("slow-on-17") // HttpMcpServerTest has the same server behind it
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StdioMcpServerTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path directory = Path.of("");

    private Path segment = Path.of("");
    private @Nullable Process started;

    @BeforeEach
    void start() throws IOException {
        segment = directory.resolve("segment");
        started = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StdioServerProgram.class.getName(),
                        segment.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    @AfterEach
    void stop() {
        process().destroyForcibly();
    }

    private Process process() {
        return Objects.requireNonNull(started);
    }

    private Writer in() {
        return process().outputWriter(StandardCharsets.UTF_8);
    }

    private @Nullable String readLine() throws IOException {
        return process().inputReader(StandardCharsets.UTF_8).readLine();
    }

    private void send(String line) throws IOException {
        in().write(line + "\n");
        in().flush();
    }

    private JsonNode receive() throws IOException {
        return JSON.readTree(Objects.requireNonNull(readLine(), "the server has ended"));
    }

    private JsonNode ask(String line) throws IOException {
        send(line);
        return receive();
    }

    private static String request(int id, String method, String params) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}";
    }

    private static String call(int id, String tool, String arguments) {
        return request(id, "tools/call", "{\"name\":\"" + tool + "\",\"arguments\":" + arguments + "}");
    }

    private JsonNode initialize(String version) throws IOException {
        JsonNode answer = ask(request(
                0,
                "initialize",
                "{\"protocolVersion\":\"" + version
                        + "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}"));
        send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        return answer;
    }

    private void assertLives() throws IOException {
        JsonNode answer = ask(call(99, "compare_timestamps", """
                {"first":{"time":1,"uncertainty":0},"second":{"time":2,"uncertainty":0}}"""));
        assertThat(answer.at("/id").asInt()).isEqualTo(99);
        assertThat(answer.at("/result/structuredContent/order").asString()).isEqualTo("before");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"})
    void shouldSpeakTheVersionThatIsAskedFor(String version) throws IOException {
        JsonNode answer = initialize(version);
        assertThat(answer.at("/result/protocolVersion").asString()).isEqualTo(version);
        assertThat(answer.at("/result/serverInfo/name").asString()).isEqualTo("chronotick");
        assertThat(answer.at("/result/instructions").asString()).contains("get_time");
        assertLives();
    }

    @Test
    void shouldOfferItsNewestVersionToWhoeverAsksForAnother() throws IOException {
        assertThat(initialize("1999-01-01").at("/result/protocolVersion").asString())
                .isEqualTo("2025-11-25");
    }

    @Test
    void shouldListToolsAndResources() throws IOException {
        initialize("2025-11-25");
        JsonNode tools = ask(request(1, "tools/list", "{}")).at("/result/tools");
        List<String> names = new ArrayList<>();
        for (JsonNode tool : tools) {
            names.add(tool.at("/name").asString());
            assertThat(tool.at("/title").asString()).isNotBlank();
            assertThat(tool.at("/description").asString()).isNotBlank();
            assertThat(tool.at("/inputSchema/type").asString()).isEqualTo("object");
            assertThat(tool.at("/outputSchema/type").asString()).isEqualTo("object");
            assertThat(tool.at("/annotations/readOnlyHint").asBoolean()).isTrue();
            assertThat(tool.at("/annotations/idempotentHint").asBoolean()).isTrue();
        }
        assertThat(names)
                .containsExactly(
                        "get_time",
                        "get_current_time",
                        "convert_time",
                        "get_daemon_status",
                        "get_time_with_future_uncertainty",
                        "wait_until",
                        "compare_timestamps");
        JsonNode resources = ask(request(2, "resources/list", "{}")).at("/result/resources");
        assertThat(resources.valueStream().map(resource -> resource.at("/uri").asString()))
                .containsExactlyInAnyOrder("chronotick://record", "chronotick://status");
    }

    @Test
    void shouldWorkWithoutADaemonAndTellTheTimeWhenOneComes() throws IOException {
        initialize("2025-11-25");
        JsonNode refusal = ask(call(1, "get_time", "{}"));
        assertThat(refusal.at("/result/isError").asBoolean()).isTrue();
        assertThat(refusal.at("/result/content/0/text").asString()).contains("chronotick daemon");
        assertThat(ask(call(2, "get_daemon_status", "{}"))
                        .at("/result/structuredContent/status")
                        .asString())
                .isEqualTo("not_running");
        assertThat(ask(request(3, "resources/read", "{\"uri\":\"chronotick://record\"}"))
                        .at("/error/message")
                        .asString())
                .contains("chronotick daemon");

        new SampleSegment().publish(segment);
        JsonNode reading = ask(call(4, "get_time", "{\"timezone\":\"Europe/Berlin\"}"));
        assertThat(reading.at("/result/isError").asBoolean()).isFalse();
        assertThat(reading.at("/result/structuredContent/corrected_time_iso").asString())
                .startsWith("2025-03-13T15:3");
        assertThat(reading.at("/result/content/0/text").asString()).startsWith("Local time 2025-03-13T16:3");
        for (String uri : List.of("chronotick://record", "chronotick://status")) {
            assertThat(ask(request(5, "resources/read", "{\"uri\":\"" + uri + "\"}"))
                            .at("/result/contents/0/text")
                            .asString())
                    .startsWith("{");
        }
    }

    /** Line, code, id; ` stands for ". */
    private static final List<String> IMPROPER = List.of(
            "not JSON | -32700 | ",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call | -32700 | ",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:{`name`:`get_time`,`arguments`:{`timezone`:NaN}}} | -32700 | ",
            "[{`jsonrpc`:`2.0`,`id`:7,`method`:`ping`}] | -32600 | ",
            "7 | -32600 | ",
            "null | -32600 | ",
            "{} | -32600 | ",
            "{`id`:7,`method`:`ping`} | -32600 | 7",
            "{`jsonrpc`:`2.0`,`id`:7} | -32600 | 7",
            "{`jsonrpc`:`2.0`,`id`:null,`method`:`ping`} | -32600 | ",
            "{`jsonrpc`:`2.0`,`id`:{},`method`:`ping`} | -32600 | ",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:7} | -32600 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:[]} | -32600 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`nonsense`} | -32601 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`} | -32602 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:{`name`:`get_thyme`}} | -32602 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`tools/call`,`params`:{`name`:`get_time`,`arguments`:[]}} | -32602 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`resources/read`,`params`:{}} | -32602 | 7",
            "{`jsonrpc`:`2.0`,`id`:7,`method`:`initialize`,`params`:{}} | -32602 | 7");

    /** Every answer is one line of JSON with the right code; then the server goes on. */
    @Test
    void shouldAnswerWhatIsNoProperRequest() throws IOException {
        initialize("2025-11-25");
        for (String row : IMPROPER) {
            String[] columns = row.split("\\|", -1);
            JsonNode answer = ask(columns[0].strip().replace('`', '"'));
            assertThat(answer.at("/error/code").asInt()).as(row).isEqualTo(Integer.parseInt(columns[1].strip()));
            assertThat(answer.at("/error/message").asString()).as(row).isNotBlank();
            assertThat(answer.has("id")).as(row).isTrue();
            assertThat(answer.at("/id").isNull() ? "" : answer.at("/id").asString())
                    .as(row)
                    .isEqualTo(columns[2].strip());
            assertLives();
        }
    }

    /** Tool and arguments; ` stands for ". */
    private static final List<String> WRONG_ARGUMENTS = List.of(
            "get_time | {`timezone`:7}",
            "get_time | {`zone`:`UTC`}",
            "get_daemon_status | {`verbose`:true}",
            "get_time_with_future_uncertainty | {}",
            "get_time_with_future_uncertainty | {`future_seconds`:`NaN`}",
            "get_time_with_future_uncertainty | {`future_seconds`:-1}",
            "wait_until | {}",
            "wait_until | {`corrected_time`:`soon`}",
            "wait_until | {`corrected_time`:0,`max_wait_seconds`:1e9}",
            "compare_timestamps | {`first`:{}}",
            "compare_timestamps | {`first`:{},`second`:{}}");

    /** Arguments are the tool's business: an error that the model reads. */
    @Test
    void shouldTellTheModelWhatIsWrongWithItsArguments() throws IOException {
        new SampleSegment().publish(segment);
        initialize("2025-11-25");
        for (String row : WRONG_ARGUMENTS) {
            String[] columns = row.split("\\|", -1);
            JsonNode answer = ask(call(7, columns[0].strip(), columns[1].strip().replace('`', '"')));
            assertThat(answer.at("/id").asInt()).as(row).isEqualTo(7);
            assertThat(answer.at("/result/isError").asBoolean()).as(row).isTrue();
            assertThat(answer.at("/result/content/0/text").asString()).as(row).isNotBlank();
            assertLives();
        }
    }

    @Test
    void shouldSurviveLongMessages() throws IOException {
        initialize("2025-11-25");
        JsonNode answer = ask(call(7, "get_time", "{\"timezone\":\"" + "x".repeat(1 << 20) + "\"}"));
        assertThat(answer.at("/result/content/0/text").asString())
                .contains("1048576 characters")
                .hasSizeLessThan(400);
        answer = ask(call(8, "get_time", "{\"timezone\":\"" + "x".repeat(JsonRpc.MAX_MESSAGE_BYTES) + "\"}"));
        assertThat(answer.at("/error/message").asString()).contains("longer than");
        assertThat(ask("[".repeat(100_000)).at("/error/code").asInt()).isEqualTo(-32700);
        assertLives();
    }

    @Test
    void shouldRefuseRequestsBeforeTheInitialization() throws IOException {
        assertThat(ask(call(1, "get_time", "{}")).at("/error/message").asString())
                .contains("initialize");
        assertThat(ask(request(2, "ping", "{}")).has("result")).isTrue();
        send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        assertThat(ask(request(3, "tools/list", "{}")).at("/error/code").asInt())
                .isEqualTo(-32600);
        initialize("2025-11-25");
        assertLives();
    }

    @Test
    void shouldReportProgressAndCancelAWait() throws IOException {
        new SampleSegment().publish(segment);
        initialize("2025-11-25");
        String soon = ask(call(1, "get_time", "{}"))
                .at("/result/structuredContent/corrected_time")
                .asString();
        double time = Double.parseDouble(soon) + 1800;
        send(request(
                2,
                "tools/call",
                "{\"name\":\"wait_until\",\"_meta\":{\"progressToken\":\"p\"},\"arguments\":{\"corrected_time\":" + time
                        + ",\"max_wait_seconds\":3600}}"));
        JsonNode progress = receive();
        assertThat(progress.at("/method").asString()).isEqualTo("notifications/progress");
        assertThat(progress.at("/params/progressToken").asString()).isEqualTo("p");
        assertThat(progress.at("/params/total").asDouble()).isBetween(1700.0, 1801.0);
        JsonNode next = receive();
        assertThat(next.at("/params/progress").asDouble())
                .isGreaterThan(progress.at("/params/progress").asDouble());

        // Others are answered meanwhile.
        send(call(3, "get_time", "{}"));
        assertThat(nextAnswer().at("/id").asInt()).isEqualTo(3);

        send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}");
        // What it says before that has been read may come, and a notice that was being written. In the three seconds
        // after
        // it, a wait that goes on would tell its progress three times.
        send(call(4, "get_time", "{}"));
        double now = nextAnswer().at("/result/structuredContent/corrected_time").asDouble();
        send(call(5, "wait_until", "{\"corrected_time\":" + (now + 3) + ",\"max_wait_seconds\":60}"));
        JsonNode message = receive();
        if (message.has("method")) {
            message = receive();
        }
        assertThat(message.at("/id").asInt()).isEqualTo(5);
        assertLives();
    }

    private JsonNode nextAnswer() throws IOException {
        JsonNode message = receive();
        while (message.has("method")) {
            message = receive();
        }
        return message;
    }

    @Test
    void shouldAnswerWhatItHasReadAndEndWhenTheInputEnds() throws Exception {
        new SampleSegment().publish(segment);
        initialize("2025-11-25");
        send(call(1, "get_time", "{}"));
        send(call(2, "get_daemon_status", "{}"));
        in().close();
        assertThat(receive().at("/id").asInt()).isEqualTo(1);
        assertThat(receive().at("/id").asInt()).isEqualTo(2);
        assertThat(readLine()).isNull();
        assertThat(process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process().exitValue()).isZero();
    }

    @Test
    void shouldEndALongWaitWhenTheInputEnds() throws Exception {
        new SampleSegment().publish(segment);
        initialize("2025-11-25");
        send(call(1, "wait_until", "{\"corrected_time\":\"2025-03-13T16:00:00Z\",\"max_wait_seconds\":3600}"));
        in().close();
        assertThat(readLine()).isNull();
        assertThat(process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process().exitValue()).isZero();
    }
}
