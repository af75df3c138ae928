// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Columns as wide as their widest cell. Numbers are aligned right, so their units stand below each other. Where the whole does
 * not fit the screen, columns that can be spared are left out, which is said below; then text is broken at words.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final char NO_BREAK = '\u00a0';

    /** A column of text is not made narrower than this, or than its only word. */
    private static final int LEAST_TEXT = 8;

    private final String[] header;
    private final boolean[] left;

    /** At least so wide, for whether it fits does not depend on the digits of the day. */
    private final int[] usual;

    private final List<String[]> rows = new ArrayList<>();
    private List<String> spare = List.of();

    /**
     * @param header titles; one that begins with '<' is of a column aligned left, one that ends in ':' and a number of a column
     *     that is usually so wide
     */
    public Table(String... header) {
        this.header = new String[header.length];
        this.left = new boolean[header.length];
        this.usual = new int[header.length];
        for (int i = 0; i < header.length; i++) {
            left[i] = header[i].startsWith("<");
            String title = left[i] ? header[i].substring(1) : header[i];
            int colon = title.lastIndexOf(':');
            usual[i] = colon < 0 ? 0 : Integer.parseInt(title.substring(colon + 1));
            this.header[i] = colon < 0 ? title : title.substring(0, colon);
        }
        rows.add(this.header);
    }

    /**
     * Says what may be left out.
     *
     * @param titles columns to leave out where there is no room for all, in this order
     */
    public Table spare(String... titles) {
        spare = List.of(titles);
        return this;
    }

    /**
     * Adds a row.
     *
     * @param cells one for each title
     */
    public void row(String... cells) {
        rows.add(cells.clone());
    }

    /** A text that is not to be broken at its blanks. */
    public static String unbroken(String text) {
        return text.replace(' ', NO_BREAK);
    }

    /** A line across the columns. */
    public void heading(String text) {
        rows.add(new String[] {text});
    }

    /** Within the width of the screen. */
    public void printTo(Shell shell) {
        List<String> leftOut = print(shell, shell.width());
        if (!leftOut.isEmpty()) {
            Text.wrap(
                            "Not shown for want of room: " + String.join(", ", leftOut) + "; --wide shows all.",
                            shell.width())
                    .forEach(shell::line);
        }
    }

    /**
     * Within the width of the screen, or all of it whatever its width.
     *
     * @param wide whether the user has asked for all columns
     */
    public void printTo(Shell shell, boolean wide) {
        if (wide) {
            print(shell, Integer.MAX_VALUE);
        } else {
            printTo(shell);
        }
    }

    /** Returns the columns that were left out. */
    private List<String> print(Shell shell, int room) {
        int[] widths = new int[header.length];
        for (int i = 0; i < header.length; i++) {
            for (String[] row : rows) {
                widths[i] = Math.max(widths[i], row.length == 1 ? 0 : row[i].length());
            }
        }
        int[] expected = widths.clone();
        Arrays.setAll(expected, i -> Math.max(widths[i], usual[i]));
        boolean[] shown = new boolean[header.length];
        Arrays.fill(shown, true);
        List<String> leftOut = new ArrayList<>();
        for (int s = 0; s < spare.size() && width(expected, shown) > room; s++) {
            int column = List.of(header).indexOf(spare.get(s));
            if (column >= 0) {
                shown[column] = false;
                leftOut.add(spare.get(s));
            }
        }
        narrow(widths, shown, room);
        Style style = Style.of(shell);
        for (int r = 0; r < rows.size(); r++) {
            for (String line : lines(rows.get(r), widths, shown)) {
                shell.line(r == 0 ? style.bold(line) : line);
            }
        }
        return leftOut;
    }

    private static int width(int[] widths, boolean[] shown) {
        int sum = -GAP.length();
        for (int i = 0; i < widths.length; i++) {
            sum += shown[i] ? widths[i] + GAP.length() : 0;
        }
        return sum;
    }

    /** Takes from the widest columns of text what is too much: first what leaves their words whole, then more. */
    private void narrow(int[] widths, boolean[] shown, int room) {
        int[] words = new int[header.length];
        int[] least = new int[header.length];
        for (int i = 0; i < header.length; i++) {
            for (String[] row : rows) {
                for (String word : row.length == 1 ? new String[0] : row[i].split(" ", -1)) {
                    words[i] = Math.max(words[i], word.length());
                }
            }
            least[i] = Math.min(words[i], LEAST_TEXT);
        }
        narrow(widths, words, shown, room);
        narrow(widths, least, shown, room);
    }

    private void narrow(int[] widths, int[] least, boolean[] shown, int room) {
        for (int excess = width(widths, shown) - room; excess > 0; excess--) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                if (shown[i] && left[i] && widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
        }
    }

    /** A row, on as many lines as its longest text takes. */
    private List<String> lines(String[] row, int[] widths, boolean[] shown) {
        if (row.length < header.length) {
            return List.of(row);
        }
        List<List<String>> cells = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < row.length; i++) {
            List<String> parts = left[i] ? Text.wrap(row[i], widths[i]) : List.of(row[i]);
            cells.add(parts);
            height = shown[i] ? Math.max(height, parts.size()) : height;
        }
        List<String> lines = new ArrayList<>();
        for (int h = 0; h < height; h++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                if (shown[i]) {
                    String cell = h < cells.get(i).size() ? cells.get(i).get(h) : "";
                    String padding = " ".repeat(widths[i] - cell.length());
                    line.append(left[i] ? cell + padding : padding + cell).append(GAP);
                }
            }
            lines.add(line.toString().stripTrailing().replace(NO_BREAK, ' '));
        }
        return lines;
    }
}
