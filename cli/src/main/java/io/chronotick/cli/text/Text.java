// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import java.util.ArrayList;
import java.util.List;

/** Text within a width. */
public final class Text {
    private Text() {}

    /**
     * Breaks at blanks, and within, at a hyphen or slash if there is one, only what is wider than the width by itself. What goes on of an indented line goes on below
     * its last column, or deeper where it has but one. At least one line.
     */
    public static List<String> wrap(String text, int width) {
        if (text.length() <= width) {
            return List.of(text);
        }
        int indented = text.length() - text.stripLeading().length();
        int column = text.lastIndexOf("  ") + 2;
        return wrap(text, indented == 0 ? 0 : column > indented ? column : indented + 2, width);
    }

    /**
     * The same.
     *
     * @param below column at which all lines but the first begin
     */
    public static List<String> wrap(String text, int below, int width) {
        int indented = text.length() - text.stripLeading().length();
        String hanging = " ".repeat(below);
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        String gap = text.substring(0, indented);
        for (String word : text.strip().split(" ", -1)) {
            if (line.length() + gap.length() + word.length() > width
                    && !line.toString().isBlank()) {
                lines.add(line.toString().stripTrailing());
                line = new StringBuilder();
                gap = hanging;
            }
            line.append(gap).append(word);
            gap = " ";
            while (line.length() > width && width > hanging.length()) {
                int end = Math.max(line.lastIndexOf("-", width - 1), line.lastIndexOf("/", width - 1)) + 1;
                end = end <= hanging.length() ? width : end;
                lines.add(line.substring(0, end));
                line = new StringBuilder(hanging).append(line.substring(end));
            }
        }
        lines.add(line.toString());
        return lines;
    }

    /** Neighbouring lines that are not indented are one paragraph: joins them, so that it can be broken anew. */
    public static String[] paragraphs(String... lines) {
        List<String> joined = new ArrayList<>();
        for (String line : lines) {
            String before = joined.isEmpty() ? "" : joined.get(joined.size() - 1);
            if (isProse(before) && isProse(line)) {
                joined.set(joined.size() - 1, before + " " + line);
            } else {
                joined.add(line);
            }
        }
        return joined.toArray(String[]::new);
    }

    private static boolean isProse(String line) {
        return !line.isEmpty() && !line.startsWith(" ");
    }
}
