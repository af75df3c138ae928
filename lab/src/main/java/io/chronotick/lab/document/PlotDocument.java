// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.replay.ReplaySummary.Cell;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.score.TimeSeries;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Points of plots. */
public final class PlotDocument {
    /** Points of one line; a screen has no more. */
    private static final int POINTS = 1800;

    private PlotDocument() {}

    /** Time in seconds, error and standard deviation in microseconds. */
    public static Map<String, Object> series(TimeSeries series) {
        int every = series.seconds().length / POINTS + 1;
        // Odd, so that a poll of 16 s is not always met at the same age.
        TimeSeries thin = series.every(every % 2 == 0 ? every + 1 : every);
        List<Object> seconds = new ArrayList<>();
        for (double second : thin.seconds()) {
            seconds.add((Object) Math.round(second));
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("t", seconds);
        tree.put("error", JsonText.plotMicros(thin.errors()));
        tree.put("sd", JsonText.plotMicros(thin.sds()));
        return tree;
    }

    /** Averaging times in seconds, deviations in s/s. */
    public static Map<String, Object> allan(AllanDeviation allan) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("tau", JsonText.numbers(allan.tau()));
        tree.put("deviation", JsonText.numbers(allan.deviation()));
        return tree;
    }

    /** Share of the truth inside the intervals of 0..100 %, for every cell; the mean of its seeds. */
    public static List<Object> calibration(ReplaySummary summary) {
        List<Object> curves = new ArrayList<>();
        for (Cell cell : summary.cells()) {
            List<List<Double>> runs = cell.runs().stream()
                    .map(run -> run.published().interval().orElseThrow())
                    .map(IntervalScore::calibration)
                    .toList();
            List<Double> mean = new ArrayList<>();
            for (int percent = 0; percent < runs.get(0).size(); percent++) {
                int at = percent;
                mean.add(runs.stream().mapToDouble(run -> run.get(at)).average().orElse(Double.NaN));
            }
            Map<String, @Nullable Object> curve = new LinkedHashMap<>();
            curve.put("clock", cell.clock());
            curve.put("path", cell.path());
            curve.put("poll_s", cell.pollSeconds());
            curve.put("covered", JsonText.numbers(mean));
            curves.add(curve);
        }
        return curves;
    }
}
