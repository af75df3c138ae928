// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import static io.chronotick.lab.document.JsonText.micros;
import static io.chronotick.lab.document.JsonText.number;

import io.chronotick.lab.baseline.Oracle;
import io.chronotick.lab.replay.ReplayResult;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.replay.ReplaySummary.Cell;
import io.chronotick.lab.score.IntervalScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Results of a replay for programs. Times in microseconds, shares 0..1; null where something is not known. */
public final class ReplayDocument {
    private ReplayDocument() {}

    /** A tree of maps and lists: the groups of paths, and under each cell its runs. */
    public static Map<String, Object> tree(ReplaySummary summary) {
        Map<String, Object> document = new LinkedHashMap<>();
        List<Object> polls = new ArrayList<>();
        summary.cells().stream().map(Cell::pollSeconds).distinct().forEach(poll -> {
            List<Cell> cells = summary.cells(poll);
            Map<String, Object> of = new LinkedHashMap<>();
            of.put("poll_s", poll);
            List<Object> groups = new ArrayList<>();
            ReplaySummary.groups(cells).forEach((name, members) -> groups.add(group(name, members)));
            of.put("groups", groups);
            of.put("cells", cells.stream().map(ReplayDocument::cell).toList());
            polls.add(of);
        });
        document.put("polls", polls);
        return document;
    }

    private static Map<String, Object> group(String name, List<Cell> cells) {
        Map<String, Object> group = new LinkedHashMap<>();
        group.put("name", name);
        group.put("cells", cells.size());
        Map<String, Object> ratios = new LinkedHashMap<>();
        for (String forecaster : cells.get(0).forecasters()) {
            ReplaySummary.ratios(cells, forecaster).ifPresent(of -> ratios.put(forecaster, ratios(of)));
        }
        group.put("ratio_to_chrony", ratios);
        group.put(
                "ratio_to_oracle",
                ReplaySummary.oracleRatios(cells).map(ReplayDocument::ratios).orElse(null));
        group.put(
                "bound_of_chronys",
                ReplaySummary.boundRatios(cells).map(ReplayDocument::ratios).orElse(null));
        return group;
    }

    private static Map<String, @Nullable Object> ratios(ReplaySummary.Ratios of) {
        Map<String, @Nullable Object> ratio = new LinkedHashMap<>();
        ratio.put("geometric_mean", number(of.geometricMean()));
        ratio.put("worst", number(of.worst()));
        ratio.put("worst_cell", of.worstCell().name());
        return ratio;
    }

    private static Map<String, @Nullable Object> cell(Cell cell) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("clock", cell.clock());
        document.put("path", cell.path());
        Map<String, @Nullable Object> ratios = new LinkedHashMap<>();
        for (String forecaster : cell.forecasters()) {
            cell.ratio(forecaster).ifPresent(ratio -> ratios.put(forecaster, number(ratio)));
        }
        document.put("ratio_to_chrony", ratios);
        document.put("ratio_to_oracle", cell.oracleRatio().map(JsonText::number).orElse(null));
        document.put("bound_of_chronys", cell.boundRatio().map(JsonText::number).orElse(null));
        document.put("runs", cell.runs().stream().map(ReplayDocument::run).toList());
        return document;
    }

    private static Map<String, @Nullable Object> run(ReplayResult result) {
        Map<String, @Nullable Object> run = new LinkedHashMap<>();
        IntervalScore interval = result.published().interval().orElseThrow();
        run.put("seed", result.replayCase().seed());
        run.put("requests", result.requests());
        run.put("exchanges", result.exchanges());
        run.put("mean_removed", result.biasRemoved());
        run.put("rms_us", micros(result.published().rms()));
        run.put("mean_us", micros(result.published().error().mean()));
        run.put("mae_us", micros(result.published().error().mae()));
        run.put("p50_us", micros(result.published().error().p50()));
        run.put("p95_us", micros(result.published().error().p95()));
        run.put("p99_us", micros(result.published().error().p99()));
        run.put("max_us", micros(result.published().error().max()));
        for (int level = 0; level < IntervalScore.NOMINAL.size(); level++) {
            run.put(
                    "inside_" + Math.round(100 * IntervalScore.NOMINAL.get(level)),
                    number(interval.covered().get(level)));
        }
        run.put("width_95_us", micros(interval.medianWidth95()));
        run.put("inside_bound", number(result.boundCovered()));
        run.put("bound_median_us", micros(result.boundMedian()));
        run.put("convergence_s", result.convergenceSeconds());
        // Not every path has an oracle, and every line as many columns.
        run.put(
                "oracle_rms_us",
                result.forecasts(Oracle.NAME)
                        .map(forecasts -> micros(forecasts.rms()))
                        .orElse(null));
        for (ReplayResult.Forecasts forecasts : result.forecasters()) {
            if (forecasts.name().equals(Oracle.NAME)) {
                continue;
            }
            run.put(forecasts.name().replaceAll("[ -]", "_") + "_rms_us", micros(forecasts.rms()));
        }
        Optional<Double> chronyRms = result.chronyRms();
        run.put("chrony_rms_us", chronyRms.map(JsonText::micros).orElse(null));
        run.put(
                "chrony_bound_median_us",
                result.chrony().map(chrony -> micros(chrony.boundMedian())).orElse(null));
        run.put(
                "chrony_requests",
                result.chrony().map(chrony -> (Object) chrony.requests()).orElse(null));
        run.put("ratio_to_chrony", result.ratio().map(JsonText::number).orElse(null));
        return run;
    }

    /** A line for each run, the first names the columns. */
    public static String csv(ReplaySummary summary) {
        StringBuilder text = new StringBuilder();
        for (Cell cell : summary.cells()) {
            for (ReplayResult result : cell.runs()) {
                Map<String, @Nullable Object> run = run(result);
                if (text.isEmpty()) {
                    text.append("clock,path,poll_s,")
                            .append(String.join(",", run.keySet()))
                            .append('\n');
                }
                text.append(cell.clock())
                        .append(',')
                        .append(cell.path())
                        .append(',')
                        .append(cell.pollSeconds());
                run.values().forEach(value -> text.append(',').append(value == null ? "" : value.toString()));
                text.append('\n');
            }
        }
        return text.toString();
    }
}
