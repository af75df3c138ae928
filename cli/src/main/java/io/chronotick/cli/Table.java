// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import java.util.ArrayList;
import java.util.List;

/** Columns as wide as their widest cell. Numbers are aligned right, so their units stand below each other. */
final class Table {
    private final String[] header;
    private final boolean[] left;
    private final List<String[]> rows = new ArrayList<>();

    /** @param header titles; one that begins with '<' is of a column aligned left */
    Table(String... header) {
        this.header = header.clone();
        this.left = new boolean[header.length];
        for (int i = 0; i < header.length; i++) {
            left[i] = header[i].startsWith("<");
            this.header[i] = left[i] ? header[i].substring(1) : header[i];
        }
        rows.add(this.header);
    }

    /** @param cells one for each title */
    void row(String... cells) {
        rows.add(cells.clone());
    }

    void printTo(Shell shell) {
        int[] widths = new int[header.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        Style style = Style.of(shell);
        for (int r = 0; r < rows.size(); r++) {
            String[] row = rows.get(r);
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                text.append(left[i] ? row[i] + padding : padding + row[i]).append("  ");
            }
            String line = text.toString().stripTrailing();
            shell.line(r == 0 ? style.bold(line) : line);
        }
    }
}
