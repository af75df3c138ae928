// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.OptionalDouble;

/** Kinds of numbers in scenario files, with their units. */
public enum Quantity {
    TIME("16 s, 20 us, 2 h"),
    FREQUENCY("8 ppm, 20 ppb, 1e-9"),
    SHARE("5 %, 0.05"),
    NUMBER("2, 0.5");

    private static final Map<String, Double> TIMES =
            Map.of("s", 1.0, "ms", 1e-3, "us", 1e-6, "ns", 1e-9, "min", 60.0, "h", 3600.0, "d", 86_400.0);
    private static final Map<String, Double> FREQUENCIES = Map.of("", 1.0, "ppm", 1e-6, "ppb", 1e-9);
    private static final Map<String, Double> SHARES = Map.of("", 1.0, "%", 1e-2);
    private static final Map<String, Double> NUMBERS = Map.of("", 1.0);

    private static final int DIGITS = 5;

    private final String examples;

    Quantity(String examples) {
        this.examples = examples;
    }

    private Map<String, Double> units() {
        return switch (this) {
            case TIME -> TIMES;
            case FREQUENCY -> FREQUENCIES;
            case SHARE -> SHARES;
            case NUMBER -> NUMBERS;
        };
    }

    /** How to write it. */
    public String examples() {
        return examples;
    }

    /** A number with its unit, in SI units; empty if it is none. */
    public OptionalDouble parse(String text) {
        String stripped = text.strip();
        int end = stripped.length();
        while (end > 0 && !isOfNumber(stripped.charAt(end - 1))) {
            end--;
        }
        Double unit = units().get(stripped.substring(end).strip());
        try {
            double value = Double.parseDouble(stripped.substring(0, end).strip());
            return unit == null || !Double.isFinite(value) ? OptionalDouble.empty() : OptionalDouble.of(value * unit);
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    private static boolean isOfNumber(char c) {
        return (c >= '0' && c <= '9') || c == '.';
    }

    /** For people, in the unit that suits its size. */
    public String format(double value) {
        double size = Math.abs(value);
        return switch (this) {
            case TIME -> Double.isFinite(value) ? time(value, size) : digits(value);
            case FREQUENCY -> size >= 1e-6 ? digits(value * 1e6) + " ppm" : digits(value * 1e9) + " ppb";
            case SHARE -> digits(value * 100) + " %";
            case NUMBER -> digits(value);
        };
    }

    private static String time(double value, double size) {
        String unit = "us";
        if (size >= 3600 && value % 3600 == 0) {
            unit = "h";
        } else if (size >= 60 && value % 6 == 0) {
            unit = "min";
        } else if (size >= 1 || size == 0) {
            unit = "s";
        } else if (size >= 1e-3) {
            unit = "ms";
        }
        return digits(value / TIMES.getOrDefault(unit, 1.0)) + " " + unit;
    }

    /** Some significant digits, without zeros that say nothing. */
    private static String digits(double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "not known" : value > 0 ? "never" : "-infinity";
        }
        return new BigDecimal(value)
                .round(new MathContext(DIGITS))
                .stripTrailingZeros()
                .toPlainString();
    }
}
