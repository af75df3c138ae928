// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON from maps, lists, texts and numbers. */
public final class JsonText {
    private static final JsonMapper COMPACT = JsonMapper.shared();
    private static final JsonMapper PRETTY =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final MathContext DIGITS = new MathContext(6);

    private JsonText() {}

    /** On one line. */
    public static String compact(Object tree) {
        return COMPACT.writeValueAsString(tree);
    }

    /** Indented, for people and for {@code diff}. */
    public static String pretty(Object tree) {
        return PRETTY.writeValueAsString(tree);
    }

    /** Six significant digits; null for what is no number. */
    static @Nullable BigDecimal number(double value) {
        return Double.isFinite(value) ? new BigDecimal(value).round(DIGITS).stripTrailingZeros() : null;
    }

    /** Microseconds. */
    static @Nullable BigDecimal micros(double seconds) {
        return number(seconds * 1e6);
    }

    /** Each as {@link #number}. */
    static List<@Nullable BigDecimal> numbers(List<Double> values) {
        List<@Nullable BigDecimal> numbers = new ArrayList<>();
        values.forEach(value -> numbers.add(number(value)));
        return numbers;
    }

    /** Microseconds with three significant digits: for plots. */
    static List<@Nullable BigDecimal> plotMicros(double[] seconds) {
        List<@Nullable BigDecimal> numbers = new ArrayList<>();
        for (double value : seconds) {
            numbers.add(
                    Double.isFinite(value)
                            ? new BigDecimal(value * 1e6)
                                    .round(new MathContext(3))
                                    .stripTrailingZeros()
                            : null);
        }
        return numbers;
    }
}
