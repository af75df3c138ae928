// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Style;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/** What {@link TopCommand} draws: the daemon on one screen, of whatever width. Not thread-safe. */
final class TopView {
    private static final String GAP = "   ";
    private static final String BARS = "▁▂▃▄▅▆▇█";

    /** More than the widest screen shows. */
    private static final int KEPT = 1_000;

    /** Narrower, the bars would say nothing. */
    private static final int LEAST_BAR = 11;

    /** A factor beyond which an axis that is logarithmic is no flat line any more. */
    private static final double LEAST_RATIO = 1.2;

    private final Style style;
    private final Deque<Double> uncertainties = new ArrayDeque<>();
    private final Deque<Double> bounds = new ArrayDeque<>();

    TopView(Style style) {
        this.style = style;
    }

    /** All lines of a frame, none wider than the screen. */
    List<String> frame(Reading reading, StatusPage page, int columns) {
        boolean hasTime = reading.refusal() == null;
        double bound = hasTime ? reading.now().boundNanos() * 1e-9 : Double.NaN;
        keep(uncertainties, hasTime ? reading.uncertainty() : Double.NaN);
        keep(bounds, bound);
        CorrectionRecord record = reading.record();
        Health health = new Health(reading, page);
        List<String> lines = new ArrayList<>();
        String state = reading.label();
        String time = hasTime ? Format.iso(reading.now().estimateNanos()) : "no valid time";
        String head = cut(time + "   " + (hasTime ? "±" + Format.duration(bound) : ""), columns - state.length() - 2);
        lines.add(style.bold(head)
                + " ".repeat(Math.max(1, columns - head.length() - state.length()))
                + (reading.state() == Reading.State.READY ? style.good(state) : style.warning(state)));
        if (!health.waitingFor().isEmpty()) {
            lines.add(style.warning(cut("Waiting for " + health.waitingFor(), columns)));
        }
        lines.add("");
        flow(
                lines,
                columns,
                "Offset " + Format.offset(reading.offset()),
                "Uncertainty ±" + Format.duration(reading.uncertainty()),
                "Drift " + Format.ppm(record.driftRate()),
                "Source " + record.source().name(),
                "short-term " + Format.percent(page.weightShortTerm(), 0),
                "long-term " + Format.percent(page.weightLongTerm(), 0),
                "Confidence " + Format.percent(record.confidence(), 1));
        lines.add("");
        servers(lines, page, bound, columns);
        lines.add("");
        lines.add(spark("Bound ", bounds, columns));
        lines.add(spark("1σ    ", uncertainties, columns));
        lines.add("");
        flow(
                lines,
                columns,
                "Up " + Format.age(record.daemonUptime()),
                Format.grouped(record.measurementCount()) + " measurements",
                "writer p99 " + Format.duration(page.latencyP99Ns() * 1e-9),
                "missed ticks " + Format.grouped(page.tickOverruns()),
                "memory " + Format.fixed(page.residentBytes() / 1e6, 0) + " MB");
        return lines;
    }

    /** As many to a line as there is room for. */
    private static void flow(List<String> lines, int columns, String... parts) {
        StringBuilder line = new StringBuilder();
        for (String part : parts) {
            if (!line.isEmpty() && line.length() + GAP.length() + part.length() > columns) {
                lines.add(cut(line.toString(), columns));
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : GAP).append(part);
        }
        lines.add(cut(line.toString(), columns));
    }

    private static void keep(Deque<Double> values, double newest) {
        values.addLast(newest);
        if (values.size() > KEPT) {
            values.removeFirst();
        }
    }

    // --- The servers, each as an interval against the agreed one ---

    private void servers(List<String> lines, StatusPage page, double bound, int columns) {
        double reach = Double.isFinite(bound) ? bound : 0;
        int nameWidth = 6;
        for (SourceRow row : page.sources()) {
            nameWidth = Math.max(nameWidth, row.name().length());
            if (row.state() == SourceRow.State.SELECTED) {
                reach = Math.max(reach, Math.abs(row.offset()) + row.sd());
            }
        }
        nameWidth = Math.min(nameWidth, Math.max(10, columns / 3));
        int numbers = 26;
        int bar = columns - nameWidth - numbers - 6;
        boolean hasBars = bar >= LEAST_BAR && reach > 0;
        for (SourceRow row : page.sources()) {
            boolean answered = row.accepted() > 0;
            String text = SourcesCommand.mark(row.state()) + " " + fit(row.name(), nameWidth) + "  "
                    + (hasBars ? bar(row, answered, bound, 1.1 * reach, bar) + "  " : "")
                    + (answered
                            ? Format.offset(row.offset()) + " ±" + Format.duration(row.sd())
                            : row.state().name().toLowerCase(Locale.ROOT));
            String line = cut(text, columns);
            lines.add(
                    switch (row.state()) {
                        case SELECTED -> line;
                        case FALSETICKER -> style.bad(line);
                        default -> style.warning(line);
                    });
        }
    }

    /** The interval of a server over the agreed one, around the published time in the middle. */
    private static String bar(SourceRow row, boolean answered, double bound, double reach, int width) {
        char[] cells = " ".repeat(width).toCharArray();
        if (Double.isFinite(bound)) {
            fill(cells, cell(-bound, reach, width), cell(bound, reach, width), '·');
        }
        if (answered && Math.abs(row.offset()) - row.sd() < reach) {
            fill(cells, cell(row.offset() - row.sd(), reach, width), cell(row.offset() + row.sd(), reach, width), '━');
            cells[width / 2] = '│';
            cells[cell(row.offset(), reach, width)] = '●';
            return new String(cells);
        }
        cells[width / 2] = '│';
        if (answered) {
            cells[row.offset() > 0 ? width - 1 : 0] = row.offset() > 0 ? '▸' : '◂';
        }
        return new String(cells);
    }

    private static void fill(char[] cells, int from, int to, char with) {
        for (int i = from; i <= to; i++) {
            cells[i] = with;
        }
    }

    private static int cell(double offset, double reach, int width) {
        long cell = Math.round((width - 1) * (0.5 + 0.5 * offset / reach));
        return (int) Math.clamp(cell, 0, width - 1L);
    }

    // --- What came before ---

    private static String spark(String title, Deque<Double> values, int columns) {
        List<Double> all = new ArrayList<>(values);
        int room = Math.max(1, columns - title.length() - 26);
        List<Double> shown = all.subList(Math.max(0, all.size() - room), all.size());
        double least = shown.stream()
                .filter(Double::isFinite)
                .mapToDouble(each -> each)
                .min()
                .orElse(Double.NaN);
        double most = shown.stream()
                .filter(Double::isFinite)
                .mapToDouble(each -> each)
                .max()
                .orElse(Double.NaN);
        if (Double.isNaN(least)) {
            return title + "-";
        }
        double scale = Math.log(Math.max(most / Math.max(least, 1e-12), LEAST_RATIO));
        StringBuilder line = new StringBuilder(title);
        for (double value : shown) {
            if (Double.isFinite(value)) {
                double height = Math.log(Math.max(value, 1e-12) / Math.max(least, 1e-12)) / scale;
                line.append(BARS.charAt(
                        (int) Math.clamp(Math.round(height * (BARS.length() - 1)), 0L, BARS.length() - 1L)));
            } else {
                line.append(' ');
            }
        }
        return cut(line + "  " + Format.duration(least) + " .. " + Format.duration(most), columns);
    }

    private static String fit(String text, int width) {
        return text.length() > width ? text.substring(0, width - 1) + "…" : text + " ".repeat(width - text.length());
    }

    private static String cut(String text, int columns) {
        return text.length() <= columns ? text : text.substring(0, Math.max(0, columns));
    }
}
