// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.TimeBounds;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The tools as a model calls them, with JSON. */
class ToolTest {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(Dialects.getDraft202012());

    /**
     * Words that an engineer of clocks uses and others need not know, each with words of which one has to be near it; none, where
     * there is a plain word for it.
     */
    private static final Map<String, List<String>> TRADE = Map.ofEntries(
            Map.entry("NTP", List.of()),
            Map.entry("seqlock", List.of()),
            Map.entry("drifts?", List.of()),
            Map.entry("sigma|σ", List.of()),
            Map.entry("PPM", List.of()),
            Map.entry("segment", List.of()),
            Map.entry("shared memory", List.of()),
            Map.entry("stratum", List.of()),
            Map.entry("jitter", List.of()),
            Map.entry("oscillator", List.of()),
            Map.entry("falseticker", List.of()),
            Map.entry("slew(ed)?", List.of()),
            Map.entry("root distance", List.of()),
            Map.entry("commit wait", List.of()),
            Map.entry("warm-?up", List.of()),
            Map.entry("holdover", List.of("no server answers")),
            Map.entry("daemon", List.of("background program")),
            Map.entry("standard deviation", List.of("probabl")));

    private static final int NEAR = 80;

    @TempDir
    Path directory = Path.of("");

    private ChronoTickTools tools = new ChronoTickTools(Path.of(""));

    @BeforeEach
    void open() throws Exception {
        Path segment = directory.resolve("segment");
        new SampleSegment().publish(segment);
        tools = new ChronoTickTools(segment);
    }

    private ToolResult call(Tool tool, @Nullable String arguments) throws InterruptedException {
        @SuppressWarnings("unchecked")
        Map<String, Object> map = arguments == null ? null : JSON.readValue(arguments, Map.class);
        return tool.call(tools, map, remaining -> {});
    }

    private static List<Error> errors(Map<String, Object> schema, Object value) {
        return SCHEMAS.getSchema(JSON.valueToTree(schema)).validate(JSON.valueToTree(value));
    }

    private static String goodArguments(Tool tool) {
        return switch (tool) {
            case GET_TIME, GET_CURRENT_TIME -> "{\"timezone\": \"Europe/Berlin\"}";
            case CONVERT_TIME ->
                "{\"time\": \"2026-10-25T02:30\", \"source_timezone\": \"Europe/Berlin\", \"target_timezone\": \"-03:30\"}";
            case GET_DAEMON_STATUS -> "{}";
            case GET_TIME_WITH_FUTURE_UNCERTAINTY -> "{\"future_seconds\": 60}";
            case WAIT_UNTIL -> "{\"corrected_time\": 0, \"max_wait_seconds\": 1}";
            case COMPARE_TIMESTAMPS ->
                "{\"first\": {\"time\": 1.5, \"uncertainty\": 0.1},"
                        + " \"second\": {\"earliest\": \"2026-01-01T00:00:00Z\", \"latest\": \"2026-01-01T01:00:01+01:00\"}}";
        };
    }

    @ParameterizedTest
    @EnumSource
    void shouldReturnWhatItsSchemaPromises(Tool tool) throws Exception {
        String arguments = goodArguments(tool);
        assertThat(errors(tool.inputSchema(), JSON.readTree(arguments))).isEmpty();
        Map<String, Object> result = call(tool, arguments).toMap();
        assertThat(errors(tool.outputSchema(), result)).isEmpty();
        assertThat(call(tool, arguments).summary()).isNotBlank().hasLineCount(1);
    }

    @ParameterizedTest
    @EnumSource
    void shouldHaveSchemasThatAreSchemas(Tool tool) {
        Schema metaSchema = SCHEMAS.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));
        assertThat(metaSchema.validate(JSON.valueToTree(tool.inputSchema()))).isEmpty();
        assertThat(metaSchema.validate(JSON.valueToTree(tool.outputSchema()))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void shouldDescribeEveryFieldToTheModel(Tool tool) {
        assertThat(tool.title()).isNotBlank();
        assertThat(properties(tool.outputSchema())).isNotEmpty();
        properties(tool.outputSchema())
                .forEach((name, schema) -> assertThat(String.valueOf(schema)).contains("description="));
    }

    /** What a model is told of a tool before it calls it: all of it costs it attention. */
    @ParameterizedTest
    @EnumSource
    void shouldDescribeToolsInFewWords(Tool tool) {
        assertThat(tool.title()).isNotBlank();
        assertThat(tool.description().split(" ")).hasSizeBetween(25, 99);
        Map<String, String> inputs = new LinkedHashMap<>();
        describeInputs(tool.id(), tool.inputSchema(), inputs);
        inputs.forEach((name, description) ->
                assertThat(description.split(" ")).as(name).hasSizeBetween(4, 60));
    }

    @ParameterizedTest
    @EnumSource
    void shouldExplainWordsOfTheTrade(Tool tool) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(tool.id(), tool.description());
        texts.put("instructions", ToolText.INSTRUCTIONS);
        describeInputs(tool.id(), tool.inputSchema(), texts);
        texts.forEach((name, text) -> assertThat(unexplained(text)).as(name).isEmpty());
    }

    @Test
    void shouldSeeWordsOfTheTrade() {
        assertThat(unexplained("Measured by NTP. Drift: 3 PPM in the segment, at one standard deviation."))
                .containsExactlyInAnyOrder("NTP", "Drift", "PPM", "segment", "standard deviation");
        assertThat(unexplained("In holdover (no server answers).")).isEmpty();
        assertThat(unexplained("In holdover. " + "It goes on as it can. ".repeat(5) + "No server answers."))
                .containsExactly("holdover");
        assertThat(unexplained("time_uncertainty, segmented")).isEmpty();
    }

    /** Every property, at any depth, with its description; fails for one without. */
    private static void describeInputs(String path, Map<?, ?> schema, Map<String, String> into) {
        if (schema.get("properties") instanceof Map<?, ?> properties) {
            properties.forEach((name, value) -> {
                Map<?, ?> property = (Map<?, ?>) value;
                String at = path + "." + name;
                assertThat(property.get("description")).as(at).isInstanceOf(String.class);
                into.put(at, String.valueOf(property.get("description")));
                describeInputs(at, property, into);
            });
        }
    }

    private static List<String> unexplained(String text) {
        List<String> found = new ArrayList<>();
        TRADE.forEach((word, explanations) -> {
            Matcher matcher = Pattern.compile("(?<!\\w)(?:" + word + ")(?!\\w)", Pattern.CASE_INSENSITIVE)
                    .matcher(text);
            while (matcher.find()) {
                String around = text.substring(
                        Math.max(0, matcher.start() - NEAR), Math.min(text.length(), matcher.end() + NEAR));
                if (explanations.stream().noneMatch(around::contains)) {
                    found.add(matcher.group());
                }
            }
        });
        return found;
    }

    private static Map<?, ?> properties(Map<String, Object> schema) {
        return (Map<?, ?>) Objects.requireNonNull(schema.get("properties"));
    }

    @Test
    void shouldReturnTheFieldsOfTheContract() {
        assertThat(fields(Tool.GET_TIME))
                .contains("corrected_time", "system_time", "offset_correction", "drift_rate", "offset_uncertainty")
                .contains("drift_uncertainty", "time_uncertainty", "confidence", "source", "prediction_time")
                .contains("valid_until", "is_valid", "is_ntp_ready", "is_models_ready", "call_latency_ms")
                .contains("corrected_time_iso", "earliest", "latest", "max_error", "local_time_iso", "utc_offset")
                .contains("host_timezone", "local_date", "utc_date");
        assertThat(fields(Tool.GET_CURRENT_TIME)).isEqualTo(fields(Tool.GET_TIME));
        assertThat(fields(Tool.CONVERT_TIME))
                .contains("utc", "unix_seconds", "source", "target", "clock_change", "other_utc", "remark")
                .contains("seconds_from_now", "from_now_in_words");
        assertThat(fields(Tool.GET_DAEMON_STATUS))
                .contains("status", "warmup_complete", "warmup_progress", "measurement_count", "total_corrections")
                .contains("daemon_uptime", "last_ntp_sync", "seconds_since_ntp", "ntp_ready", "models_ready")
                .contains("memory_usage_mb", "cpu_affinity", "average_latency_ms", "data_source", "confidence")
                .contains("call_latency_ms", "sources");
        assertThat(fields(Tool.GET_TIME_WITH_FUTURE_UNCERTAINTY))
                .contains("current_corrected_time", "current_system_time", "current_uncertainty", "future_seconds")
                .contains("future_corrected_time", "future_system_time", "future_uncertainty", "uncertainty_increase")
                .contains("future_max_error", "future_uncertainty_without_daemon", "future_max_error_without_daemon")
                .contains("confidence", "call_latency_ms");
        assertThat(fields(Tool.WAIT_UNTIL)).contains("reached_at", "early_or_late_by", "uncertainty");
    }

    private static List<String> fields(Tool tool) {
        return properties(tool.outputSchema()).keySet().stream()
                .map(String::valueOf)
                .toList();
    }

    /** What is wrong, and a word of what would be right. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~', // so that ` can stand for " in the JSON
            value = {
                "GET_TIME | {`timezone`: 7} | timezone is 7: give text",
                "GET_TIME | {`timezone`: `Nowhere`} | IANA",
                "GET_TIME | {`zone`: `UTC`} | it takes timezone",
                "GET_DAEMON_STATUS | {`verbose`: true} | it takes none",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {} | needs future_seconds",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: `60`} | give a number",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: null} | needs future_seconds",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: `NaN`} | give a number",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: -1} | from 0 to 3600",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: 3601} | from 0 to 3600",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: 1e999} | give a number",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: 1e999999999} | give a number",
                "GET_TIME_WITH_FUTURE_UNCERTAINTY | {`future_seconds`: 1, `unit`: `h`} | it takes future_seconds",
                "GET_CURRENT_TIME | {`timezone`: `Nowhere`} | IANA",
                "GET_CURRENT_TIME | {`tz`: `UTC`} | get_current_time has no argument 'tz': it takes timezone",
                "CONVERT_TIME | {} | needs time",
                "CONVERT_TIME | {`time`: null} | needs time",
                "CONVERT_TIME | {`time`: true} | give text",
                "CONVERT_TIME | {`time`: ``} | or a local time and source_timezone",
                "CONVERT_TIME | {`time`: `tomorrow`, `source_timezone`: `UTC`} | ISO 8601",
                "CONVERT_TIME | {`time`: `14:30`, `source_timezone`: `UTC`} | a local time and source_timezone",
                "CONVERT_TIME | {`time`: `2026-02-30T12:00`, `source_timezone`: `UTC`} | ISO 8601",
                "CONVERT_TIME | {`time`: `2026-03-13T15:33`} | give source_timezone",
                "CONVERT_TIME | {`time`: `2026-03-13T15:33`, `source_timezone`: ` `} | give source_timezone",
                "CONVERT_TIME | {`time`: `2026-03-13T15:33`, `source_timezone`: `Mars`} | source_timezone is 'Mars'",
                "CONVERT_TIME | {`time`: 0, `source_timezone`: 7} | source_timezone is 7: give text",
                "CONVERT_TIME | {`time`: 0, `target_timezone`: `+25:00`} | target_timezone is '+25:00'",
                "CONVERT_TIME | {`time`: `9999-01-01T00:00`, `source_timezone`: `UTC`} | 1677 to 2262",
                "CONVERT_TIME | {`time`: `+999999999-12-31T23:59`, `source_timezone`: `-18`} | 1677 to 2262",
                "CONVERT_TIME | {`time`: 1741880000500} | not milliseconds",
                "CONVERT_TIME | {`time`: 1e999999999} | give a number",
                "CONVERT_TIME | {`time`: 0, `zone`: `UTC`} | it takes time, source_timezone, target_timezone",
                "WAIT_UNTIL | {} | needs either corrected_time",
                "WAIT_UNTIL | {`max_wait_seconds`: 1} | or seconds, how many from now",
                "WAIT_UNTIL | {`corrected_time`: 0, `seconds`: 1} | not both",
                "WAIT_UNTIL | {`seconds`: -1} | from 0 to 3600",
                "WAIT_UNTIL | {`seconds`: 3601} | from 0 to 3600",
                "WAIT_UNTIL | {`seconds`: `5`} | give a number",
                "WAIT_UNTIL | {`seconds`: 1e999} | give a number",
                "WAIT_UNTIL | {`seconds`: 100, `max_wait_seconds`: 5} | give a larger max_wait_seconds",
                "WAIT_UNTIL | {`seconds`: 100, `max_wait_seconds`: -5} | from 0 to 3600",
                "WAIT_UNTIL | {`corrected_time`: `tomorrow`} | ISO 8601",
                "WAIT_UNTIL | {`corrected_time`: `2026-03-13T15:33:20`} | with Z or an offset",
                "WAIT_UNTIL | {`corrected_time`: 1741880000500} | not milliseconds",
                "WAIT_UNTIL | {`corrected_time`: 1e999999999} | give a number",
                "WAIT_UNTIL | {`corrected_time`: `1e-999999999`} | 1677",
                "WAIT_UNTIL | {`corrected_time`: `9999-01-01T00:00:00Z`} | 1677 to 2262",
                "WAIT_UNTIL | {`corrected_time`: true} | ISO 8601",
                "WAIT_UNTIL | {`corrected_time`: 0, `max_wait_seconds`: 3601} | from 0 to 3600",
                "WAIT_UNTIL | {`corrected_time`: 4000000000} | max_wait_seconds",
                "COMPARE_TIMESTAMPS | {`first`: {`time`: 1, `uncertainty`: 1}} | needs second",
                "COMPARE_TIMESTAMPS | {`first`: 1, `second`: 2} | give an object",
                "COMPARE_TIMESTAMPS | {`first`: {`time`: 1}, `second`: {}} | first lacks uncertainty",
                "COMPARE_TIMESTAMPS | {`first`: {`time`: 1, `time_uncertainty`: 1}, `second`: {}} | standard deviation",
                "COMPARE_TIMESTAMPS | {`first`: {`time`: 1, `uncertainty`: -1}, `second`: {}} | 0 or more",
                "COMPARE_TIMESTAMPS | {`first`: {`earliest`: 2, `latest`: 1}, `second`: {}} | first is no interval",
            })
    void shouldSayWhatIsWrongWithAnArgument(Tool tool, String arguments, String complaint) {
        assertThatThrownBy(() -> call(tool, arguments.replace('`', '"')))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining(complaint)
                .extracting(e -> String.valueOf(e.getMessage()))
                .satisfies(message -> assertThat(message).hasLineCount(1).hasSizeLessThan(400));
    }

    @Test
    void shouldQuoteALongArgumentInPart() {
        String million = "x".repeat(1_000_000);
        assertThatThrownBy(() -> call(Tool.GET_TIME, "{\"timezone\": \"" + million + "\"}"))
                .isInstanceOf(ToolException.class)
                .extracting(e -> String.valueOf(e.getMessage()))
                .satisfies(message ->
                        assertThat(message).contains("1000000 characters").hasSizeLessThan(400));
    }

    @Test
    void shouldHaveAnotherNameForTheTime() throws Exception {
        TimeReading reading = (TimeReading) call(Tool.GET_CURRENT_TIME, "{\"timezone\": \"Asia/Kolkata\"}");
        assertThat(reading.utcOffset()).isEqualTo("+05:30");
        assertThat(reading.isValid()).isTrue();
    }

    @Test
    void shouldConvertUnixSecondsToTheNanosecond() throws Exception {
        Conversion conversion = (Conversion)
                call(Tool.CONVERT_TIME, "{\"time\": 1741880000.123456789, \"target_timezone\": \"asia/kolkata\"}");
        assertThat(conversion.target().localTimeIso()).isEqualTo("2025-03-13T21:03:20.123456789+05:30");
        assertThat(conversion.source().timezone()).isEqualTo("UTC");
    }

    @Test
    void shouldWaitForSeconds() throws Exception {
        TimeReading before = tools.getTime();
        WaitResult result = (WaitResult) call(Tool.WAIT_UNTIL, "{\"seconds\": 0.02}");
        assertThat(result.reachedAt()).isAfter(before.correctedTimeIso().plusMillis(20));
        assertThat(result.earlyOrLateBy()).isGreaterThan(result.uncertainty().orElseThrow());
    }

    /** Nobody has measured: the system clock stands in, and every word says so. */
    @Test
    void shouldGoByTheSystemClockWhereThatIsAllowed() throws Exception {
        tools = ChronoTickTools.orSystemClock(List.of(directory.resolve("none"), directory.resolve("nor here")));
        Instant before = Instant.now();
        SystemTime time = (SystemTime) call(Tool.GET_TIME, "{\"timezone\": \"Asia/Kolkata\"}");
        assertThat(time.correctedTimeIso()).isBetween(before, Instant.now());
        assertThat(time.utcOffset()).isEqualTo("+05:30");
        assertThat(time.summary())
                .startsWith("NOT SYNCHRONIZED")
                .contains("CHRONOTICK_CONFIG")
                .hasLineCount(1);
        Map<String, Object> fields = time.toMap();
        assertThat(errors(Tool.GET_TIME.outputSchema(), fields)).isEmpty();
        assertThat(fields)
                .containsEntry("synchronized", false)
                .containsEntry("is_valid", false)
                .containsEntry("source", "SYSTEM_CLOCK")
                .doesNotContainKeys("earliest", "latest", "max_error", "time_uncertainty", "confidence");

        for (String arguments : List.of("{\"seconds\": 0.02}", "{\"corrected_time\": 0}")) {
            WaitResult wait = (WaitResult) call(Tool.WAIT_UNTIL, arguments);
            assertThat(errors(Tool.WAIT_UNTIL.outputSchema(), wait.toMap())).isEmpty();
            assertThat(wait.isSynchronized()).isFalse();
            assertThat(wait.uncertainty()).isEmpty();
            assertThat(wait.earlyOrLateBy()).isPositive();
            assertThat(wait.summary()).contains("NOT SYNCHRONIZED");
        }
        // What nobody knows is not made up.
        assertThatThrownBy(() -> call(Tool.GET_TIME_WITH_FUTURE_UNCERTAINTY, "{\"future_seconds\": 1}"))
                .isInstanceOf(ChronoTickException.class);
        assertThatThrownBy(() -> tools.getTime()).isInstanceOf(ChronoTickException.class);
        String reading = JSON.writeValueAsString(fields);
        assertThatThrownBy(() ->
                        call(Tool.COMPARE_TIMESTAMPS, "{\"first\": " + reading + ", \"second\": " + reading + "}"))
                .isInstanceOf(ToolException.class);
    }

    @Test
    void shouldTakeTheFirstSegmentThatHasATime() throws Exception {
        Path second = directory.resolve("second");
        tools = ChronoTickTools.orSystemClock(List.of(directory.resolve("first"), second));
        assertThat(call(Tool.GET_TIME, null)).isInstanceOf(SystemTime.class);
        new SampleSegment().publish(second);
        assertThat(call(Tool.GET_TIME, null).toMap()).containsEntry("synchronized", true);
        assertThat(((WaitResult) call(Tool.WAIT_UNTIL, "{\"corrected_time\": 0}")).isSynchronized())
                .isTrue();
    }

    /** What a model has got from get_time it can hand back as it is, and nothing of it is rounded away. */
    @Test
    void shouldCompareWholeResultsOfGetTime() throws Exception {
        String first = JSON.writeValueAsString(call(Tool.GET_TIME, null).toMap());
        String second = JSON.writeValueAsString(call(Tool.GET_TIME, null).toMap());
        Comparison comparison =
                (Comparison) call(Tool.COMPARE_TIMESTAMPS, "{\"first\": " + first + ", \"second\": " + second + "}");
        JsonNode reading = JSON.readTree(first);
        assertThat(comparison.first())
                .isEqualTo(reading.get("earliest").asString() + "/"
                        + reading.get("latest").asString());
        assertThat(comparison.order()).isNotEqualTo(TimeBounds.Order.AFTER);
    }

    @Test
    void shouldTakeTimesToTheNanosecond() throws Exception {
        Comparison comparison = (Comparison) call(
                Tool.COMPARE_TIMESTAMPS,
                "{\"first\": {\"time\": 1741880000.123456788, \"uncertainty\": 0},"
                        + " \"second\": {\"time\": \"2025-03-13T15:33:20.123456789Z\", \"uncertainty\": 0}}");
        assertThat(comparison.gapSeconds()).isEqualTo(1e-9);
        assertThat(comparison.toMap()).containsEntry("order", "before");
    }

    @Test
    void shouldHaveDistinctNames() {
        assertThat(Arrays.stream(Tool.values()).map(Tool::id))
                .doesNotHaveDuplicates()
                .hasSize(7);
    }
}
