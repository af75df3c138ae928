// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.TimeBounds;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a model has given as arguments, checked: every complaint says what would have been right. */
final class Arguments {
    /** Beyond this a decimal is only an attempt to keep us busy: its integer would have that many digits. */
    private static final int MAX_SCALE = 40;

    private static final BigDecimal MAX_UNIX_SECONDS = BigDecimal.valueOf(Long.MAX_VALUE, 9);

    private final String tool;
    private final Map<String, Object> values;

    /** @param known the names of the arguments that the tool takes */
    Arguments(String tool, @Nullable Map<String, Object> values, String... known) {
        requireKnown(tool, values, known);
        this.tool = tool;
        this.values = values == null ? Map.of() : values;
    }

    static void requireKnown(String tool, @Nullable Map<String, Object> values, String... known) {
        if (values == null) {
            return;
        }
        for (String name : values.keySet()) {
            if (!Arrays.asList(known).contains(name)) {
                throw new ToolException(tool + " has no argument " + Text.quote(name) + ": "
                        + (known.length == 0 ? "it takes none" : "it takes " + String.join(", ", known)));
            }
        }
    }

    Optional<String> text(String name) {
        Object value = values.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof String text) {
            return Optional.of(text);
        }
        throw new ToolException(name + " is " + Text.quote(value) + ": give text");
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    /** A time as text, whether it was given as text or as a number. */
    String requiredTime(String name, String meaning) {
        Object value = values.get(name);
        if (value == null) {
            throw missing(name, meaning);
        }
        return value instanceof Number
                ? number(name, value).toString()
                : text(name).orElseThrow();
    }

    Optional<Double> number(String name) {
        Object value = values.get(name);
        return value == null
                ? Optional.empty()
                : Optional.of(number(name, value).doubleValue());
    }

    double requiredNumber(String name, String meaning) {
        return number(name).orElseThrow(() -> missing(name, meaning));
    }

    Instant requiredInstant(String name) {
        Object value = values.get(name);
        if (value == null) {
            throw missing(name, "a time, in ISO 8601 with Z or an offset, or in Unix seconds");
        }
        return instant(name, value);
    }

    TimeBounds requiredReading(String name) {
        Object value = values.get(name);
        if (value == null) {
            throw missing(name, "a result of get_time, or an object with time and uncertainty");
        }
        return reading(name, value);
    }

    private ToolException missing(String name, String meaning) {
        return new ToolException(tool + " needs " + name + ": " + meaning);
    }

    static void inRange(String name, double value, double max) {
        if (!(value >= 0 && value <= max)) {
            throw new ToolException(name + " is " + value + ": give a number of seconds from 0 to " + Math.round(max));
        }
    }

    static long epochNanos(String name, Instant instant) {
        try {
            return TimeBounds.of(instant, instant).earliestNanos();
        } catch (IllegalArgumentException e) {
            throw new ToolException(name + " is " + instant + ", outside the years 1677 to 2262");
        }
    }

    /** ISO 8601 with an offset, or Unix seconds, as a number or in text. */
    static Instant instant(String name, Object value) {
        return offsetTime(name, value, "").toInstant();
    }

    /** Date and time without an offset; empty if the text is anything else. */
    static Optional<LocalDateTime> localTime(String text) {
        try {
            return Optional.of(LocalDateTime.parse(text.strip().replace(' ', 'T')));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * ISO 8601 with an offset, which is kept, or Unix seconds, as a number or in text.
     *
     * @param alternative what else the caller takes
     */
    static OffsetDateTime offsetTime(String name, Object value, String alternative) {
        if (value instanceof Number) {
            return ofUnixSeconds(name, number(name, value));
        }
        if (value instanceof String text) {
            try {
                if (text.length() <= 2 * MAX_SCALE && text.matches("[-+0-9.eE]+")) {
                    return ofUnixSeconds(name, new BigDecimal(text));
                }
                return OffsetDateTime.parse(text);
            } catch (DateTimeException | NumberFormatException e) {
                throw new ToolException(
                        name + " is " + Text.quote(text) + ": give a time in ISO 8601 with Z or an offset,"
                                + " such as 2026-03-13T15:33:20.5Z, or Unix seconds" + alternative);
            }
        }
        throw new ToolException(name + " is " + Text.quote(value)
                + ": give a time in ISO 8601 with Z or an offset, or Unix seconds" + alternative);
    }

    private static OffsetDateTime ofUnixSeconds(String name, BigDecimal seconds) {
        if (Math.abs((long) seconds.scale()) > MAX_SCALE || seconds.abs().compareTo(MAX_UNIX_SECONDS) > 0) {
            throw new ToolException(name + " is " + Text.quote(seconds)
                    + ", outside the years 1677 to 2262: give Unix seconds, not milliseconds");
        }
        return Instant.ofEpochSecond(
                        0,
                        seconds.movePointRight(9)
                                .setScale(0, RoundingMode.HALF_EVEN)
                                .longValueExact())
                .atOffset(ZoneOffset.UTC);
    }

    private static BigDecimal number(String name, Object value) {
        if (value instanceof BigDecimal decimal && Math.abs((long) decimal.scale()) <= MAX_SCALE) {
            return decimal;
        }
        if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
            return BigDecimal.valueOf(number.doubleValue());
        }
        throw new ToolException(name + " is " + Text.quote(value) + ": give a number");
    }

    /**
     * A reading as get_time returns it, or the little that matters of it. What is only probable is refused: an order that is
     * called certain must not rest on a standard deviation.
     */
    static TimeBounds reading(String name, Object value) {
        if (!(value instanceof Map<?, ?> reading)) {
            throw new ToolException(name + " is " + Text.quote(value)
                    + ": give an object, either a result of get_time or {time, uncertainty}");
        }
        Object earliest = reading.get("earliest");
        Object latest = reading.get("latest");
        try {
            if (earliest != null && latest != null) {
                return TimeBounds.of(instant(name + ".earliest", earliest), instant(name + ".latest", latest));
            }
            Object time = firstOf(reading, "time", "corrected_time_iso", "corrected_time");
            Object uncertainty = firstOf(reading, "uncertainty", "max_error");
            if (time == null || uncertainty == null) {
                throw new ToolException(name + " lacks " + (time == null ? "time" : "uncertainty")
                        + ": give earliest and latest, or time and uncertainty, where uncertainty is the hard bound in"
                        + " seconds (max_error of get_time, not time_uncertainty, which is a standard deviation)");
            }
            double bound = number(name + ".uncertainty", uncertainty).doubleValue();
            if (!(bound >= 0 && bound <= 1e9)) {
                throw new ToolException(name + ".uncertainty is " + bound + ": give seconds, 0 or more");
            }
            long middle = epochNanos(name + ".time", instant(name + ".time", time));
            long half = (long) Math.ceil(bound * 1e9);
            return new TimeBounds(Math.subtractExact(middle, half), Math.addExact(middle, half));
        } catch (ToolException e) {
            throw e;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ToolException(name + " is no interval: " + e.getMessage());
        }
    }

    private static @Nullable Object firstOf(Map<?, ?> map, String... names) {
        for (String name : List.of(names)) {
            Object value = map.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
