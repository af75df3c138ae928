// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.ChronoTickException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operations of {@link ChronoTickTools} as models see and call them: by name, with JSON. */
public enum Tool {
    GET_TIME(
            ToolText.GET_TIME,
            "Current time",
            ToolText.GET_TIME_DESCRIPTION,
            object(Map.of("timezone", property("string", ToolText.TIMEZONE)), List.of()),
            TimeReading.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            return getTime(tools, id(), values);
        }
    },

    /** Another name of {@link #GET_TIME}. */
    GET_CURRENT_TIME(
            ToolText.GET_CURRENT_TIME,
            "Current time (as get_time)",
            ToolText.GET_CURRENT_TIME_DESCRIPTION,
            object(Map.of("timezone", property("string", ToolText.TIMEZONE)), List.of()),
            TimeReading.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            return getTime(tools, id(), values);
        }
    },

    CONVERT_TIME(
            ToolText.CONVERT_TIME,
            "Time in another zone",
            ToolText.CONVERT_TIME_DESCRIPTION,
            object(
                    ordered(
                            "time", time(ToolText.TIME_TO_CONVERT),
                            "source_timezone", property("string", ToolText.SOURCE_TIMEZONE),
                            "target_timezone", property("string", ToolText.TARGET_TIMEZONE)),
                    List.of("time")),
            Conversion.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            Arguments arguments = new Arguments(id(), values, "time", "source_timezone", "target_timezone");
            return tools.convertTime(
                    arguments.requiredTime(
                            "time", "a time in ISO 8601, in Unix seconds, or a local time with source_timezone"),
                    arguments.text("source_timezone").orElse(null),
                    arguments.text("target_timezone").orElse(null));
        }
    },

    GET_DAEMON_STATUS(
            ToolText.GET_DAEMON_STATUS,
            "Time daemon status",
            ToolText.GET_DAEMON_STATUS_DESCRIPTION,
            object(Map.of(), List.of()),
            DaemonStatus.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            Arguments.requireKnown(id(), values);
            return tools.getDaemonStatus();
        }
    },

    GET_TIME_WITH_FUTURE_UNCERTAINTY(
            ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY,
            "Future uncertainty of the time",
            ToolText.GET_TIME_WITH_FUTURE_UNCERTAINTY_DESCRIPTION,
            object(
                    Map.of("future_seconds", seconds(ToolText.FUTURE_SECONDS, ChronoTickTools.MAX_FUTURE_SECONDS)),
                    List.of("future_seconds")),
            FutureTime.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            return tools.getTimeWithFutureUncertainty(new Arguments(id(), values, "future_seconds")
                    .requiredNumber("future_seconds", "a number of seconds from 0 to 3600"));
        }
    },

    WAIT_UNTIL(
            ToolText.WAIT_UNTIL,
            "Wait until a time has passed",
            ToolText.WAIT_UNTIL_DESCRIPTION,
            object(
                    ordered(
                            "corrected_time",
                            time(ToolText.CORRECTED_TIME),
                            "seconds",
                            seconds(ToolText.WAIT_SECONDS, ChronoTickTools.MAX_WAIT_SECONDS),
                            "max_wait_seconds",
                            seconds(ToolText.MAX_WAIT_SECONDS, ChronoTickTools.MAX_WAIT_SECONDS)),
                    List.of()),
            WaitResult.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress)
                throws InterruptedException {
            Arguments arguments = new Arguments(id(), values, "corrected_time", "seconds", "max_wait_seconds");
            if (arguments.has("corrected_time") == arguments.has("seconds")) {
                throw new ToolException(
                        "wait_until needs either corrected_time, a time in ISO 8601 with Z or an offset or in"
                                + " Unix seconds, or seconds, how many from now"
                                + (arguments.has("seconds") ? "; not both" : ""));
            }
            Optional<Double> seconds = arguments.number("seconds");
            Optional<Double> maxWait = arguments.number("max_wait_seconds");
            return seconds.isPresent()
                    ? tools.waitFor(seconds.get(), maxWait.orElse(ChronoTickTools.MAX_WAIT_SECONDS), progress)
                    : tools.waitUntil(
                            arguments.requiredInstant("corrected_time"),
                            maxWait.orElse(ChronoTickTools.DEFAULT_WAIT_SECONDS),
                            progress);
        }
    },

    COMPARE_TIMESTAMPS(
            ToolText.COMPARE_TIMESTAMPS,
            "Order of two timestamps",
            ToolText.COMPARE_TIMESTAMPS_DESCRIPTION,
            object(ordered("first", reading(), "second", reading()), List.of("first", "second")),
            Comparison.class) {
        @Override
        public ToolResult call(ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress) {
            Arguments arguments = new Arguments(id(), values, "first", "second");
            return tools.compareTimestamps(arguments.requiredReading("first"), arguments.requiredReading("second"));
        }
    };

    private final String id;
    private final String title;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // unmodifiable all the way down
    private final Map<String, Object> inputSchema;

    private final Class<? extends Record> result;

    Tool(String id, String title, String description, Map<String, Object> inputSchema, Class<? extends Record> result) {
        this.id = id;
        this.title = title;
        this.description = description;
        this.inputSchema = inputSchema;
        this.result = result;
    }

    /** The name that a model calls it by, such as get_time. */
    public String id() {
        return id;
    }

    /** The name that people read. */
    public String title() {
        return title;
    }

    /** What it is for and what its numbers mean, for a model. */
    public String description() {
        return description;
    }

    /** JSON Schema 2020-12 of the arguments. */
    public Map<String, Object> inputSchema() {
        return inputSchema;
    }

    /** JSON Schema 2020-12 of {@link ToolResult#toMap}. */
    public Map<String, Object> outputSchema() {
        return result == TimeReading.class
                ? Fields.schema(List.of(TimeReading.class, SystemTime.class))
                : Fields.schema(result);
    }

    /**
     * Calls it as a model does.
     *
     * @param values the arguments by name, as a JSON parser gives them; null is none
     * @param progress takes the remaining time of a wait about once a second, s
     * @throws ToolException if the arguments make no sense
     * @throws ChronoTickException if there is no time
     * @throws InterruptedException if the thread is interrupted before or while it waits
     */
    public abstract ToolResult call(
            ChronoTickTools tools, @Nullable Map<String, Object> values, Consumer<Double> progress)
            throws InterruptedException;

    private static ToolResult getTime(ChronoTickTools tools, String id, @Nullable Map<String, Object> values) {
        return tools.getTimeForModel(
                new Arguments(id, values, "timezone").text("timezone").orElse(null));
    }

    private static Map<String, Object> object(Map<String, Object> properties, List<String> required) {
        return ordered("type", "object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private static Map<String, Object> property(String type, String description) {
        return ordered("type", type, "description", description);
    }

    private static Map<String, Object> seconds(String description, double max) {
        return ordered("type", "number", "minimum", 0, "maximum", Math.round(max), "description", description);
    }

    /** Not a list of types: some hosts cannot express that to their models. */
    private static Map<String, Object> time(String description) {
        return ordered(
                "anyOf", List.of(Map.of("type", "string"), Map.of("type", "number")), "description", description);
    }

    /** Open to further fields: a whole result of get_time is welcome. */
    private static Map<String, Object> reading() {
        Map<String, Object> time = time("ISO 8601 with Z or an offset, or Unix seconds.");
        return ordered(
                "type",
                "object",
                "description",
                ToolText.READING,
                "properties",
                ordered(
                        "earliest", time,
                        "latest", time,
                        "time", time,
                        "uncertainty",
                                ordered(
                                        "type",
                                        "number",
                                        "minimum",
                                        0,
                                        "description",
                                        "Hard bound on the error of time, seconds.")));
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return Collections.unmodifiableMap(map);
    }
}
