// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Style;
import io.chronotick.cli.text.Text;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "monitor",
        description = "Watch the time and its uncertainty.",
        footer = {
            "",
            "Redraws the screen on a terminal; in a pipe prints one line a reading. Goes on when the daemon is restarted.",
            "Ctrl-C ends it.",
            "",
            "Examples:",
            "  chronotick monitor",
            "  chronotick monitor --wide | tee readings.txt    # all columns, whatever the width of the screen",
            "  chronotick monitor --interval 0.1 --count 100 > readings.txt"
        })
final class MonitorCommand extends SegmentCommand {
    /** Shorter would only burn CPU: the writer publishes 1000 times a second at most. */
    private static final double MIN_INTERVAL = 0.001;

    private static final double MAX_INTERVAL = 86_400;

    private static final String ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Time between readings, 0.001 to 86400 s. Default: ${DEFAULT-VALUE}.")
    double interval;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "0",
            description = "Stop after so many readings; 0 never. Default: ${DEFAULT-VALUE}.")
    long count;

    @Option(names = "--wide", description = "In a pipe, print all columns, whatever the width of the screen.")
    boolean wide;

    private boolean left;

    /**
     * A line for each reading, in columns as wide as their values usually are: a {@link Table} would have to know all rows before it
     * prints the first.
     */
    private static final class Line {
        private static final List<String> TITLES =
                List.of("# time", "offset", "±1σ", "bound", "drift", "confidence", "source", "state");
        private static final int[] WIDTHS = {22, 11, 11, 11, 12, 10, 9, 12};
        private static final Set<String> SPARE = Set.of("drift", "confidence", "source");
        private static final String GAP = "  ";

        /** Width of a line with all columns. */
        static final int ALL = IntStream.of(WIDTHS).sum() + GAP.length() * (WIDTHS.length - 1);

        private Line() {}

        static List<String> headings(boolean wide, int width) {
            boolean all = wide || ALL <= width;
            List<String> lines = new ArrayList<>();
            if (!all) {
                lines.add("# Not shown for want of room: drift, confidence, source; --wide shows all.");
            }
            lines.add(of(all, TITLES.toArray(String[]::new)));
            return lines;
        }

        static String of(boolean all, String... cells) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < cells.length; i++) {
                if (all || !SPARE.contains(TITLES.get(i))) {
                    String padding = " ".repeat(Math.max(0, WIDTHS[i] - cells[i].length()));
                    boolean text = i == 0 || i >= cells.length - 2;
                    line.append(text ? cells[i] + padding : padding + cells[i]).append(GAP);
                }
            }
            return line.toString().stripTrailing();
        }
    }

    MonitorCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        if (!(interval >= MIN_INTERVAL && interval <= MAX_INTERVAL)) {
            throw new UserException(
                    ExitCode.USAGE, "--interval " + interval + " is out of range: give 0.001 to 86400 seconds");
        }
        if (count < 0) {
            throw new UserException(
                    ExitCode.USAGE, "--count " + count + " is out of range: give 0 (never stop) or more");
        }
        if (!shell.terminal()) {
            return watch();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::leaveScreen, "leave-screen"));
        shell.out().append(ENTER_SCREEN);
        try {
            return watch();
        } finally {
            leaveScreen();
        }
    }

    private int watch() {
        Path segment = segment();
        if (!shell.terminal()) {
            Line.headings(wide, shell.width()).forEach(shell::line);
        }
        long intervalNanos = Math.round(interval * 1e9);
        long next = System.nanoTime();
        int exitCode = ExitCode.OK;
        long lastPid = 0;
        ChronoTickReader reader = null;
        for (long done = 0; count == 0 || done < count; done++) {
            if (done > 0) {
                next = sleepUntil(next + intervalNanos);
            }
            try {
                if (reader == null) {
                    reader = ChronoTickReader.attach(segment);
                }
                Reading reading = new Reading(reader);
                exitCode = ExitCode.of(reading);
                long pid = reading.record().writerPid();
                boolean restarted = lastPid != 0 && pid != lastPid;
                lastPid = pid;
                show(segment, reading, reader.status(), restarted);
            } catch (ChronoTickException e) {
                exitCode = ExitCode.of(e);
                show(segment, e);
                if (reader != null) {
                    reader.close();
                    reader = null;
                }
            }
            shell.out().flush();
            if (shell.out().checkError()) {
                return ExitCode.OK; // nobody reads on: `| head` has what it wanted
            }
        }
        if (reader != null) {
            reader.close();
        }
        return exitCode;
    }

    private synchronized void show(Path segment, Reading reading, StatusPage page, boolean restarted) {
        if (left) {
            return;
        }
        CorrectionRecord record = reading.record();
        String remark = restarted
                ? "another daemon has taken over (process " + record.writerPid() + ")"
                : Remark.of(reading, page);
        if (shell.terminal()) {
            draw(segment, reading, remark);
            return;
        }
        if (remark != null) {
            shell.line("# " + Shell.hint(remark));
        }
        if (reading.refusal() == null) {
            shell.line(Line.of(
                    wide || Line.ALL <= shell.width(),
                    Format.unixSeconds(reading.now().estimateNanos()) + " s",
                    Format.offset(reading.offset()),
                    "±" + Format.duration(reading.uncertainty()),
                    "±" + Format.duration(reading.now().boundNanos() * 1e-9),
                    Format.ppm(record.driftRate()),
                    Format.percent(record.confidence(), 1),
                    record.source().name(),
                    reading.label()));
        }
    }

    private synchronized void show(Path segment, ChronoTickException e) {
        if (left) {
            return;
        }
        if (shell.terminal()) {
            drawLine(title(segment));
            drawLine("");
            drawText(Style.of(shell), Shell.hint(String.valueOf(e.getMessage())), true);
            drawLine("");
            drawLine("Waiting for it. Ctrl-C ends.");
            shell.out().append(CLEAR_BELOW);
        } else {
            shell.line("# " + Shell.hint(String.valueOf(e.getMessage())));
        }
    }

    private void draw(Path segment, Reading reading, @Nullable String remark) {
        CorrectionRecord record = reading.record();
        Style style = Style.of(shell);
        boolean good = reading.refusal() == null;
        String state = reading.label();
        drawLine(title(segment));
        drawLine("");
        drawLine("State:          "
                + (reading.state() == Reading.State.READY ? style.good(state) : style.warning(state)));
        drawLine("Corrected Time: " + (good ? Format.iso(reading.now().estimateNanos()) : "none"));
        drawLine("System Time:    " + Format.iso(reading.systemNanos()));
        drawLine("Offset:         " + Format.offset(reading.offset()));
        drawLine("Uncertainty:    ±" + Format.duration(reading.uncertainty()) + " (1σ)");
        drawLine(
                "Bound:          " + (good ? "±" + Format.duration(reading.now().boundNanos() * 1e-9) : "none"));
        drawLine("Drift Rate:     " + Format.ppm(record.driftRate()));
        drawLine("Confidence:     " + Format.percent(record.confidence(), 1));
        drawLine("Source:         " + record.source().name());
        drawLine("Measurements:   " + Format.grouped(record.measurementCount()));
        drawLine("Record Age:     " + Format.duration(reading.ageSeconds()));
        drawLine("");
        drawText(style, remark == null ? "Ctrl-C ends." : Shell.hint(remark), remark != null);
        shell.out().append(CLEAR_BELOW);
    }

    private void drawText(Style style, String text, boolean warning) {
        Text.wrap(text, shell.width()).forEach(line -> drawLine(warning ? style.warning(line) : line));
    }

    private String title(Path segment) {
        return HOME + Style.of(shell).bold("ChronoTick") + "  " + segment + ", every " + Format.duration(interval);
    }

    private void drawLine(String text) {
        shell.out().append(text).append(CLEAR_LINE).append('\n');
    }

    /** Gives the terminal back as it was; after that nothing more is drawn, though the watching goes on until exit. */
    private synchronized void leaveScreen() {
        if (!left) {
            left = true;
            shell.out().append(LEAVE_SCREEN);
            shell.out().flush();
        }
    }

    /** Keeps the pace, but does not try to make up for a suspend. */
    private static long sleepUntil(long deadline) {
        long now = System.nanoTime();
        if (now - deadline > 1_000_000_000L) {
            return now;
        }
        while (deadline - System.nanoTime() > 0) {
            LockSupport.parkNanos(deadline - System.nanoTime());
        }
        return deadline;
    }
}
