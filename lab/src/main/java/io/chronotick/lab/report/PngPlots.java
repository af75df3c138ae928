// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplayResult;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.replay.ReplaySummary.Cell;
import io.chronotick.lab.score.AllanDeviation;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.score.TimeSeries;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The main plots as pictures. */
public final class PngPlots {
    private static final int WIDTH = 1100;
    private static final int HEIGHT = 640;
    private static final int DPI = 110;

    /** Points of one line; a picture has no more. */
    private static final int POINTS = 3000;

    private static final double SIGMA_95 = 1.96;

    private PngPlots() {}

    /**
     * Writes ratios.png, error.png, calibration.png and allan.png.
     *
     * @param directory that exists
     */
    public static void write(ReportData data, Path directory) throws IOException {
        save(ratios(data.replay()), directory.resolve("ratios.png"));
        Map.Entry<ReplayCase, TimeSeries> shown = data.replaySeries().entrySet().stream()
                .filter(entry -> entry.getKey().cell().equals("thermal/wan"))
                .findFirst()
                .orElseGet(() -> data.replaySeries().entrySet().iterator().next());
        save(error(shown.getKey(), shown.getValue()), directory.resolve("error.png"));
        save(calibration(data.replay()), directory.resolve("calibration.png"));
        save(allan(data), directory.resolve("allan.png"));
    }

    private static void save(XYChart chart, Path file) throws IOException {
        BitmapEncoder.saveBitmapWithDPI(chart, file.toString(), BitmapFormat.PNG, DPI);
    }

    private static XYChart chart(String title, String x, String y) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(x)
                .yAxisTitle(y)
                .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setPlotBorderVisible(false);
        chart.getStyler().setPlotGridLinesColor(new Color(0xdfe4ea));
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        chart.getStyler().setLegendBorderColor(Color.WHITE);
        chart.getStyler().setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        chart.getStyler().setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        return chart;
    }

    /** One line a poll over all cells. */
    private static XYChart ratios(ReplaySummary summary) {
        XYChart chart = chart("RMS error of chrony / own RMS error", "", "ratio");
        chart.getStyler().setYAxisLogarithmic(true);
        Map<String, Double> positions = new LinkedHashMap<>();
        summary.cells().forEach(cell -> positions.putIfAbsent(cell.name(), (double) positions.size()));
        summary.cells().stream().map(Cell::pollSeconds).distinct().forEach(poll -> {
            List<Double> xs = new ArrayList<>();
            List<Double> ys = new ArrayList<>();
            for (Cell cell : summary.cells(poll)) {
                cell.ratio(ReplayResult.PUBLISHED).ifPresent(ratio -> {
                    xs.add(positions.get(cell.name()));
                    ys.add(ratio);
                });
            }
            if (!xs.isEmpty()) {
                XYSeries series = chart.addSeries("poll " + poll + " s", xs, ys);
                series.setLineStyle(new BasicStroke(0));
                series.setLineColor(new Color(0, 0, 0, 0));
                series.setMarker(SeriesMarkers.CIRCLE);
            }
        });
        XYSeries equal =
                chart.addSeries("as good as chrony", new double[] {-0.5, positions.size() - 0.5}, new double[] {1, 1});
        equal.setMarker(SeriesMarkers.NONE);
        equal.setLineColor(Color.DARK_GRAY);
        List<String> names = List.copyOf(positions.keySet());
        chart.getStyler().setXAxisLabelRotation(60);
        chart.getStyler().setXAxisMaxLabelCount(names.size());
        chart.setCustomXAxisTickLabelsFormatter(at -> {
            int index = (int) Math.round(at);
            return index >= 0 && index < names.size() && Math.abs(at - index) < 1e-6 ? names.get(index) : "";
        });
        return chart;
    }

    private static XYChart error(ReplayCase which, TimeSeries full) {
        TimeSeries series = full.every(full.seconds().length / POINTS + 1);
        XYChart chart = chart("Error of the published time, " + which.cell() + ", poll 16 s", "hours", "us");
        double[] hours =
                Arrays.stream(series.seconds()).map(second -> second / 3600).toArray();
        double[] width =
                Arrays.stream(series.sds()).map(sd -> SIGMA_95 * sd * 1e6).toArray();
        line(chart, "+95 %", hours, width, new Color(0x1b6ca8), 1);
        line(chart, "-95 %", hours, Arrays.stream(width).map(w -> -w).toArray(), new Color(0x1b6ca8), 1);
        line(
                chart,
                "error",
                hours,
                Arrays.stream(series.errors()).map(e -> e * 1e6).toArray(),
                Color.BLACK,
                1);
        return chart;
    }

    private static XYChart calibration(ReplaySummary summary) {
        XYChart chart = chart("How often the truth was inside", "nominal, %", "inside, %");
        double[] nominal = IntStream.rangeClosed(0, 100).asDoubleStream().toArray();
        ReplaySummary.groups(summary.cells()).forEach((name, cells) -> {
            double[] mean = new double[nominal.length];
            for (Cell cell : cells) {
                for (ReplayResult run : cell.runs()) {
                    IntervalScore interval = run.published().interval().orElseThrow();
                    for (int i = 0; i < mean.length; i++) {
                        mean[i] += 100
                                * interval.calibration().get(i)
                                / (cells.size() * cell.runs().size());
                    }
                }
            }
            XYSeries series = chart.addSeries(name, nominal, mean);
            series.setMarker(SeriesMarkers.NONE);
        });
        line(chart, "true", nominal, nominal, Color.DARK_GRAY, 2);
        return chart;
    }

    private static XYChart allan(ReportData data) {
        XYChart chart = chart("Allan deviation: raw clocks and published time", "averaging time, s", "s/s");
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setYAxisLogarithmic(true);
        Color[] colours = {new Color(0x1b6ca8), new Color(0xd9822b), new Color(0x2f9e6b), new Color(0xa6438f)};
        int next = 0;
        for (Map.Entry<String, AllanDeviation> clock : data.clocks().entrySet()) {
            Color colour = colours[next++ % colours.length];
            XYSeries raw = chart.addSeries(
                    clock.getKey(), clock.getValue().tau(), clock.getValue().deviation());
            raw.setLineColor(colour);
            raw.setLineStyle(
                    new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 5}, 0));
            raw.setMarker(SeriesMarkers.NONE);
            AllanDeviation of = data.published().getOrDefault(clock.getKey(), clock.getValue());
            XYSeries published = chart.addSeries(clock.getKey() + ", published", of.tau(), of.deviation());
            published.setLineColor(colour);
            published.setMarker(SeriesMarkers.NONE);
        }
        return chart;
    }

    private static void line(XYChart chart, String name, double[] xs, double[] ys, Color colour, float width) {
        XYSeries series = chart.addSeries(name, xs, ys);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(colour);
        series.setLineStyle(new BasicStroke(width));
    }
}
