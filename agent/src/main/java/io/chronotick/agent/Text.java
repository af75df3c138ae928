// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.util.Locale;

/** Numbers in sentences. */
final class Text {
    private static final int QUOTE_LENGTH = 60;

    private Text() {}

    /** A duration in the unit that suits it. */
    static String seconds(double seconds) {
        double magnitude = Math.abs(seconds);
        if (magnitude >= 1) {
            return String.format(Locale.ROOT, "%.3f s", seconds);
        }
        if (magnitude >= 1e-3) {
            return String.format(Locale.ROOT, "%.3f ms", seconds * 1e3);
        }
        return magnitude >= 1e-6
                ? String.format(Locale.ROOT, "%.3f µs", seconds * 1e6)
                : String.format(Locale.ROOT, "%.0f ns", seconds * 1e9);
    }

    /** How far a time is from now: in 2 d 3 h, 5 min 7 s ago. */
    static String fromNow(double seconds) {
        long whole = Math.round(Math.abs(seconds));
        if (whole == 0) {
            return "now";
        }
        StringBuilder words = new StringBuilder();
        String[] units = {" d ", " h ", " min ", " s "};
        long[] counts = {whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60};
        for (int i = 0; i < units.length; i++) {
            if (counts[i] != 0) {
                words.append(counts[i]).append(units[i]);
            }
        }
        return seconds > 0 ? "in " + words.toString().strip() : words + "ago";
    }

    /** How a clock stands that needs this correction. */
    static String offset(double correction) {
        return seconds(Math.abs(correction)) + (correction >= 0 ? " behind" : " ahead");
    }

    /** What a caller has given, short enough for a message, on one line. */
    static String quote(Object value) {
        String text = String.valueOf(value).replaceAll("\\p{Cntrl}", " ");
        String kind = value instanceof String ? "'" : "";
        return text.length() <= QUOTE_LENGTH
                ? kind + text + kind
                : kind + text.substring(0, QUOTE_LENGTH) + "..." + kind + " (" + text.length() + " characters)";
    }
}
