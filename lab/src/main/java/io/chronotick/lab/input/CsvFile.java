// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.input;

import io.chronotick.lab.LabException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A file of comma-separated values whose first line names the columns; cells are plain, never quoted. */
public final class CsvFile {
    private final Path file;
    private final Map<String, Integer> columns = new HashMap<>();
    private final List<Row> rows = new ArrayList<>();

    private CsvFile(Path file) {
        this.file = file;
    }

    /**
     * Reads all rows.
     *
     * @param file may be packed by gzip
     * @param required columns without which it is not the file that was meant
     */
    public static CsvFile read(Path file, String... required) {
        CsvFile csv = new CsvFile(file);
        TextFile.forEachLine(file, csv::line);
        for (String column : required) {
            if (!csv.has(column)) {
                throw new LabException(file + " has no column " + column + ": its first line has to name "
                        + String.join(", ", required));
            }
        }
        return csv;
    }

    private void line(String line, int number) {
        String[] cells = line.split(",", -1);
        if (number == 1) {
            for (int i = 0; i < cells.length; i++) {
                columns.put(cells[i].strip(), i);
            }
        } else if (!line.isBlank()) {
            if (cells.length != columns.size()) {
                throw new LabException(file + ", line " + number + " has " + cells.length
                        + " cells, the first line names " + columns.size() + ": it is damaged");
            }
            rows.add(new Row(number, cells));
        }
    }

    /** Whether there is such a column. */
    public boolean has(String column) {
        return columns.containsKey(column);
    }

    /** In the order of the file. */
    public List<Row> rows() {
        return rows;
    }

    /** One line. */
    public final class Row {
        private final int number;
        private final String[] cells;

        private Row(int number, String[] cells) {
            this.number = number;
            this.cells = cells;
        }

        /** The cell of a column that exists. */
        public String text(String column) {
            Integer index = columns.get(column);
            if (index == null) {
                throw new IllegalArgumentException("no column " + column);
            }
            return cells[index];
        }

        /** A finite number within a range. */
        public double number(String column, double lowest, double highest) {
            double value = Numbers.parse(text(column));
            if (!(value >= lowest && value <= highest)) {
                throw new LabException(file + ", line " + number + ": " + column + " is '"
                        + Numbers.shortened(text(column)) + "', not a number from " + lowest + " to " + highest);
            }
            return value;
        }
    }
}
