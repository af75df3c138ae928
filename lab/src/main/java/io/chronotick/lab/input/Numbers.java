// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.input;

/** Numbers in text. */
final class Numbers {
    private static final int SHORT = 40;

    private Numbers() {}

    /** The number, or not-a-number for whatever is none. */
    static double parse(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** What was there instead, short enough for one line. */
    static String shortened(String text) {
        String stripped = text.strip();
        return stripped.length() <= SHORT ? stripped : stripped.substring(0, SHORT) + "...";
    }
}
