// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.lab.input.CsvFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the earlier, Python system told its clients during the run that a trace records. */
final class PublishedPredictions {
    /** A row older than this is not the prediction for now, s. */
    private static final double STALE = 60;

    private final TreeMap<Double, Double> offsets = new TreeMap<>();

    private PublishedPredictions() {}

    /** The file that stands beside a trace, if any. */
    static Optional<PublishedPredictions> beside(Path trace) {
        for (String extension : new String[] {".csv.gz", ".csv"}) {
            Path file = trace.resolveSibling(Trace.nameOf(trace) + "_reference" + extension);
            if (Files.exists(file)) {
                return Optional.of(read(file));
            }
        }
        return Optional.empty();
    }

    private static PublishedPredictions read(Path file) {
        PublishedPredictions predictions = new PublishedPredictions();
        for (CsvFile.Row row :
                CsvFile.read(file, "t", "predicted_offset_s", "source").rows()) {
            // Rows of source "error" state zero where the system had nothing to say.
            if (!row.text("source").equals("error")) {
                predictions.offsets.put(row.number("t", 0, 1e9), row.number("predicted_offset_s", -1e6, 1e6));
            }
        }
        return predictions;
    }

    /** The last one before an instant: one in the row itself may have used the sample it is judged by. */
    double before(double seconds) {
        Map.Entry<Double, Double> last = offsets.lowerEntry(seconds);
        return last == null || seconds - last.getKey() > STALE ? Double.NaN : last.getValue();
    }
}
