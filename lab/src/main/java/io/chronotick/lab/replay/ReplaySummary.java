// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.baseline.Oracle;
import io.chronotick.lab.score.Quantiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Results put together: the seeds of a cell by their median, the clocks of a path by their geometric mean. (With two seeds
 * the median is the mean.)
 */
public final class ReplaySummary {
    /** The paths whose cells make up the main figure. */
    public static final List<String> MAIN_PATHS = List.of("lan", "wan", "congested", "asymlossy");

    /**
     * The seeds of one clock on one path at one poll.
     *
     * @param runs at least one
     */
    public record Cell(String clock, String path, int pollSeconds, List<ReplayResult> runs) {
        /** Median over the seeds. */
        public double median(ToDoubleFunction<ReplayResult> figure) {
            return Quantiles.median(runs.stream().mapToDouble(figure).toArray());
        }

        /** Median RMS error of chrony over median RMS error of a forecaster; empty when either is missing. */
        public Optional<Double> ratio(String forecaster) {
            List<Double> own = new ArrayList<>();
            List<Double> chrony = new ArrayList<>();
            for (ReplayResult run : runs) {
                run.chronyRms().ifPresent(chrony::add);
                run.forecasts(forecaster).map(ReplayResult.Forecasts::rms).ifPresent(own::add);
            }
            return own.size() == runs.size() && chrony.size() == runs.size()
                    ? Optional.of(median(chrony) / median(own))
                    : Optional.empty();
        }

        /** Median RMS error of what was published over that of the oracle; empty without one. */
        public Optional<Double> oracleRatio() {
            if (runs.stream().anyMatch(run -> run.forecasts(Oracle.NAME).isEmpty())) {
                return Optional.empty();
            }
            double oracle =
                    median(run -> run.forecasts(Oracle.NAME).orElseThrow().rms());
            return Optional.of(median(run -> run.published().rms()) / oracle);
        }

        /** Clock and path. */
        public String name() {
            return clock + "/" + path;
        }

        /** What was published, then every forecaster and baseline. */
        public List<String> forecasters() {
            List<String> names = new ArrayList<>(List.of(ReplayResult.PUBLISHED));
            runs.get(0).forecasters().forEach(forecasts -> names.add(forecasts.name()));
            return names;
        }

        /** Median of our hard bound over that of chrony's; empty when that is not recorded. */
        public Optional<Double> boundRatio() {
            double chrony = median(
                    run -> run.chrony().map(ChronyResults.Result::boundMedian).orElse(Double.NaN));
            return Double.isNaN(chrony) ? Optional.empty() : Optional.of(median(ReplayResult::boundMedian) / chrony);
        }

        /** Median of our requests over that of chrony's; empty when that is not recorded. */
        public Optional<Double> requestRatio() {
            double chrony = median(
                    run -> run.chrony().map(ChronyResults.Result::requests).orElse(0));
            return chrony == 0 ? Optional.empty() : Optional.of(median(ReplayResult::requests) / chrony);
        }

        private static double median(List<Double> values) {
            return Quantiles.median(
                    values.stream().mapToDouble(Double::doubleValue).toArray());
        }
    }

    /**
     * Ratios of several cells to chrony or to the oracle.
     *
     * @param geometricMean over the cells
     * @param worst the smallest of its errors to ours, the largest of our errors to the oracle's and of our bounds to its
     * @param worstCell where that is
     * @param cells how many
     */
    public record Ratios(double geometricMean, double worst, Cell worstCell, int cells) {}

    private final List<Cell> cells;

    public ReplaySummary(List<ReplayResult> results) {
        Map<String, List<ReplayResult>> runs = new LinkedHashMap<>();
        for (ReplayResult result : results) {
            runs.computeIfAbsent(
                            result.pollSeconds() + " " + result.replayCase().cell(), ignored -> new ArrayList<>())
                    .add(result);
        }
        cells = runs.values().stream()
                .map(of -> new Cell(
                        of.get(0).replayCase().clock(),
                        of.get(0).replayCase().path(),
                        of.get(0).pollSeconds(),
                        List.copyOf(of)))
                .toList();
    }

    /** All cells, in the order of the results. */
    public List<Cell> cells() {
        return cells;
    }

    /** The cells of one poll. */
    public List<Cell> cells(int pollSeconds) {
        return cells.stream().filter(cell -> cell.pollSeconds() == pollSeconds).toList();
    }

    /** Cells by their path, then the main ones and all, in the order of the tables. */
    public static Map<String, List<Cell>> groups(List<Cell> cells) {
        Map<String, List<Cell>> groups = new LinkedHashMap<>();
        for (Cell cell : cells) {
            groups.computeIfAbsent(cell.path(), ignored -> new ArrayList<>()).add(cell);
        }
        List<Cell> main =
                cells.stream().filter(cell -> MAIN_PATHS.contains(cell.path())).toList();
        if (!main.isEmpty() && main.size() < cells.size()) {
            groups.put("main", main);
        }
        groups.put("all", cells);
        return groups;
    }

    /** How a forecaster compares with chrony over cells; empty when there is nothing to compare. */
    public static Optional<Ratios> ratios(List<Cell> cells, String forecaster) {
        List<Double> ratios = new ArrayList<>();
        Cell worstCell = null;
        double worst = Double.POSITIVE_INFINITY;
        for (Cell cell : cells) {
            Optional<Double> ratio = cell.ratio(forecaster);
            if (ratio.isPresent()) {
                ratios.add(ratio.get());
                if (worstCell == null || ratio.get() < worst) {
                    worst = ratio.get();
                    worstCell = cell;
                }
            }
        }
        if (worstCell == null) {
            return Optional.empty();
        }
        double[] all = ratios.stream().mapToDouble(Double::doubleValue).toArray();
        return Optional.of(new Ratios(Quantiles.geometricMean(all), worst, worstCell, all.length));
    }

    /** Our error over that of the oracle over cells; empty when there is none. */
    public static Optional<Ratios> oracleRatios(List<Cell> cells) {
        return largest(cells, Cell::oracleRatio);
    }

    /** Median of our hard bound over that of chrony's over cells; empty when none is recorded. */
    public static Optional<Ratios> boundRatios(List<Cell> cells) {
        return largest(cells, Cell::boundRatio);
    }

    /** Median of our requests over that of chrony's over cells; empty when none is recorded. */
    public static Optional<Ratios> requestRatios(List<Cell> cells) {
        return largest(cells, Cell::requestRatio);
    }

    private static Optional<Ratios> largest(List<Cell> cells, Function<Cell, Optional<Double>> ratio) {
        List<Cell> compared =
                cells.stream().filter(cell -> ratio.apply(cell).isPresent()).toList();
        ToDoubleFunction<Cell> value = cell -> ratio.apply(cell).orElseThrow();
        return compared.stream()
                .max(Comparator.comparingDouble(value))
                .map(largest -> new Ratios(
                        Quantiles.geometricMean(
                                compared.stream().mapToDouble(value).toArray()),
                        value.applyAsDouble(largest),
                        largest,
                        compared.size()));
    }
}
