// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.input.CsvFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The errors of chrony on the same files, as recorded. Immutable. */
public final class ChronyResults {
    /** Its configuration with the poll of the replay: 16 s is minpoll 4, 64 s is minpoll 6; by default it adapts between 64 and 1024 s. */
    private static final Map<Integer, String> CONFIGURATION =
            Map.of(ReplayRules.ADAPTIVE, "A_default", 16, "B_p4", 64, "C_p6");

    private static final String[] COLUMNS = {
        "scenario", "delay", "poll", "seed", "rms_us", "mae_us", "cov_pct", "bound_median_us", "requests"
    };

    private static final double LARGEST = 1e12;

    private final Map<String, Result> results = new HashMap<>();
    private final Set<String> names = new LinkedHashSet<>();

    /**
     * One run.
     *
     * @param rms of the error from second 4000 on, s
     * @param mae mean of the absolute error, s
     * @param covered share of the time in which its bound held, 0..1
     * @param boundMedian median of its bound, from the middle to an end, s
     * @param requests sent
     */
    public record Result(double rms, double mae, double covered, double boundMedian, int requests) {

        /**
         * RMS error with the mean removed, s. The error of an asymmetric path keeps its sign, so the mean of the absolute error
         * is the absolute mean: var = rms^2 - mae^2. The file has four digits; of an error of 5 ms with a deviation of 0.2 ms
         * that leaves the deviation good to some 5 %.
         */
        public double rmsWithoutBias() {
            return Math.sqrt(Math.max(0, rms * rms - mae * mae));
        }
    }

    private ChronyResults() {}

    /** Reads the file; a file that does not exist is empty. */
    static ChronyResults read(Path file) {
        ChronyResults results = new ChronyResults();
        if (Files.exists(file)) {
            CsvFile.read(file, COLUMNS).rows().forEach(results::add);
        }
        return results;
    }

    private void add(CsvFile.Row row) {
        names.add(row.text("scenario"));
        names.add(row.text("delay"));
        results.put(
                key(row.text("scenario"), row.text("delay"), row.text("poll"), row.text("seed")),
                new Result(
                        row.number("rms_us", 0, LARGEST) * 1e-6,
                        row.number("mae_us", 0, LARGEST) * 1e-6,
                        row.number("cov_pct", 0, 100) * 1e-2,
                        row.number("bound_median_us", 0, LARGEST) * 1e-6,
                        (int) row.number("requests", 0, LARGEST)));
    }

    /** Its run on the same files at the same poll, if recorded. */
    public Optional<Result> of(ReplayCase which, int pollSeconds) {
        String configuration = CONFIGURATION.get(pollSeconds);
        return configuration == null
                ? Optional.empty()
                : Optional.ofNullable(results.get(key(which.clock(), which.path(), configuration, which.seed())));
    }

    private static String key(String clock, String path, String poll, String seed) {
        return String.join(",", clock, path, poll, seed);
    }

    /** Names in the order in which the file has them first, then the others by the alphabet. */
    List<String> inRecordedOrder(Collection<String> present) {
        List<String> ordered = new ArrayList<>(names);
        ordered.retainAll(present);
        present.stream().filter(name -> !names.contains(name)).sorted().forEach(ordered::add);
        return ordered;
    }
}
