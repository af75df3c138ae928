// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplayResult;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.replay.ReplaySummary.Cell;
import io.chronotick.lab.score.IntervalScore;
import io.chronotick.lab.score.TimeSeries;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
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

    private static void save(Chart<?, ?> chart, Path file) throws IOException {
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
        dress(chart.getStyler());
        return chart;
    }

    private static void dress(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(new Color(0xdfe4ea));
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    }

    private static CategoryChart ratios(ReplaySummary summary) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("RMS error of chrony / own RMS error")
                .yAxisTitle("ratio")
                .build();
        dress(chart.getStyler());
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
        chart.getStyler().setOverlapped(true);
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setXAxisLabelRotation(70);
        List<String> names = summary.cells().stream().map(Cell::name).distinct().toList();
        summary.cells().stream().map(Cell::pollSeconds).distinct().forEach(poll -> {
            Map<String, Double> ratios = new LinkedHashMap<>();
            for (Cell cell : summary.cells(poll)) {
                cell.ratio(ReplayResult.PUBLISHED).ifPresent(ratio -> ratios.put(cell.name(), ratio));
            }
            if (ratios.size() == names.size()) {
                chart.addSeries("poll " + poll + " s", names, List.copyOf(ratios.values()))
                        .setMarker(SeriesMarkers.CIRCLE);
            }
        });
        CategorySeries equal = chart.addSeries("as good as chrony", names, Collections.nCopies(names.size(), 1.0));
        equal.setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Line);
        equal.setMarker(SeriesMarkers.NONE);
        equal.setLineColor(Color.DARK_GRAY);
        return chart;
    }

    private static XYChart error(ReplayCase which, TimeSeries full) {
        TimeSeries series = full.every(full.seconds().length / POINTS + 1);
        XYChart chart = chart("Error of the published time, " + which.cell() + ", poll 16 s", "hours", "us");
        double[] hours =
                Arrays.stream(series.seconds()).map(second -> second / 3600).toArray();
        double[] width =
                Arrays.stream(series.sds()).map(sd -> SIGMA_95 * sd * 1e6).toArray();
        chart.getStyler().setXAxisMin(Math.floor(hours[0])).setXAxisMax(Math.ceil(hours[hours.length - 1]));
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
        chart.getStyler().setXAxisMin(0.0).setXAxisMax(100.0);
        chart.getStyler().setXAxisTickMarkSpacingHint(80);
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
