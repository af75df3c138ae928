// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the adapter to any framework has to do: a model with a script calls the tools as the framework lets it, and the reading
 * reaches the model. Each adapter's test says how that framework is asked; no network but loopback.
 *
 * @param <T> what the framework takes for a tool
 */
public abstract class ToolkitContract<T> {
    /**
     * What came of a conversation.
     *
     * @param text what the model was told by the tool, which is its answer too
     * @param offered the names of the tools that it was offered
     */
    public record Answer(String text, List<String> offered) {}

    @TempDir
    protected Path directory = Path.of("");

    /** Lets a model that calls one tool, with arguments in JSON, go on until it has its answer. */
    protected abstract Answer ask(List<T> toolkit, String tool, String arguments);

    protected abstract List<T> all(ChronoTickTools tools);

    protected abstract List<T> timeOnly(ChronoTickTools tools);

    protected abstract List<T> statusOnly(ChronoTickTools tools);

    /** All tools beside one named "other", which the agent had before. */
    protected abstract List<T> addedToAnother(ChronoTickTools tools);

    /** Names and values, in turn, of what the example needs in its environment besides the segment. */
    protected String[] exampleEnvironment() {
        return new String[0];
    }

    private Path segment() throws IOException {
        Path segment = directory.resolve("segment");
        new SampleSegment().publish(segment);
        return segment;
    }

    /** The reading reaches the model, under the names that the tools have everywhere. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "get_time | {} | \"corrected_time_iso\"\\s*:\\s*\"2025-03-13T15:3",
                "get_time | {\"timezone\": \"Europe/Berlin\"} | \"utc_offset\"\\s*:\\s*\"\\+01:00\"",
                "get_daemon_status | {} | \"status\"\\s*:\\s*\"ready\"",
                "get_time_with_future_uncertainty | {\"future_seconds\": 60} | \"future_seconds\"\\s*:\\s*60",
                "wait_until | {\"corrected_time\": \"2025-01-01T00:00:00Z\"} | \"early_or_late_by\"",
                "wait_until | {\"corrected_time\": 1, \"max_wait_seconds\": 5} | \"early_or_late_by\"",
                "wait_until | {\"seconds\": 0.01} | \"early_or_late_by\"",
                "wait_until | {\"seconds\": 1, \"corrected_time\": \"2025-01-01T00:00:00Z\"} | not both",
                "get_current_time | {\"timezone\": \"Asia/Kolkata\"} | \"utc_offset\"\\s*:\\s*\"\\+05:30\"",
                "convert_time | {\"time\": \"2026-10-25T02:30\", \"source_timezone\": \"Europe/Berlin\"} | \"clock_change\"\\s*:\\s*\"overlap\"",
                "convert_time | {\"time\": \"2026-10-25T02:30\"} | give source_timezone",
                "compare_timestamps | {\"first\": {\"time\": 1, \"uncertainty\": 0.25}, \"second\": {\"time\": 2, \"uncertainty\": 0.25}} | \"gap_seconds\"\\s*:\\s*0.5",
                "get_time | {\"timezone\": \"Nowhere\"} | IANA time zone",
                "get_time_with_future_uncertainty | {\"future_seconds\": -1} | 0 to 3600",
            })
    void shouldBringTheReadingToTheModel(String tool, String arguments, String expected) throws IOException {
        try (ChronoTickTools tools = new ChronoTickTools(segment())) {
            assertThat(ask(all(tools), tool, arguments).text()).containsPattern(expected);
        }
    }

    @Test
    void shouldTellTheModelWhatToDoWithoutADaemon() {
        try (ChronoTickTools tools = new ChronoTickTools(directory.resolve("nothing"))) {
            assertThat(ask(all(tools), "get_time", "{}").text()).contains("chronotick daemon");
        }
    }

    @Test
    void shouldOfferTheToolsThatWereAskedFor() throws IOException {
        try (ChronoTickTools tools = new ChronoTickTools(segment())) {
            assertThat(ask(timeOnly(tools), "get_time", "{}").offered()).containsExactly("get_time");
            assertThat(ask(statusOnly(tools), "get_daemon_status", "{}").offered())
                    .containsExactly("get_daemon_status");
            assertThat(ask(addedToAnother(tools), "get_time", "{}").offered())
                    .contains("other")
                    .containsAll(Arrays.stream(Tool.values()).map(Tool::id).toList())
                    .hasSize(8);
        }
    }

    @Test
    void shouldRunTheExample() throws Exception {
        String[] more = exampleEnvironment();
        String[] environment = Arrays.copyOf(more, more.length + 2);
        environment[more.length] = "CHRONOTICK_SHM";
        environment[more.length + 1] = segment().toString();
        assertThat(ExampleRun.of(Path.of("examples", "ClockAgent.java"), environment))
                .contains("2025-03-13T16:3");
    }
}
