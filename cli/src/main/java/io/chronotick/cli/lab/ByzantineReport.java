// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Table;
import io.chronotick.lab.simulate.ByzantineFamily;
import io.chronotick.lab.simulate.ByzantineResult;
import io.chronotick.lab.simulate.ByzantineSummary;
import io.chronotick.lab.simulate.Findings;
import java.util.List;
import java.util.Locale;

/** What came of worlds with an adversary, within the width of the terminal. */
public final class ByzantineReport {
    private static final int MOST_LINES = 20;
    private static final double DAY = 86_400;

    private final Shell shell;
    private final List<ByzantineResult> results;

    public ByzantineReport(Shell shell, List<ByzantineResult> results) {
        this.shell = shell;
        this.results = results;
    }

    /** Prints the families and the first violations. */
    public void print() {
        Table table = new Table("<Family", "worlds", "violated", "by up to", "for up to", "answered", "valid", "bound");
        for (ByzantineFamily family : ByzantineFamily.values()) {
            List<ByzantineResult> of =
                    results.stream().filter(result -> result.family() == family).toList();
            if (!of.isEmpty()) {
                row(table, name(family), ByzantineSummary.of(of));
            }
        }
        row(table, "all", ByzantineSummary.of(results));
        table.printTo(shell);
        List<ByzantineResult> violations = ByzantineSummary.violations(results);
        if (!violations.isEmpty()) {
            shell.line("");
            violations.stream().limit(MOST_LINES).forEach(result -> shell.line(line(result)));
            if (violations.size() > MOST_LINES) {
                shell.line("and " + (violations.size() - MOST_LINES) + " more");
            }
        }
        shell.line("");
        shell.line(results.size() - violations.size() + " of " + results.size() + " worlds kept the bound");
    }

    private static void row(Table table, String name, ByzantineSummary of) {
        table.row(
                name,
                Integer.toString(of.worlds()),
                Integer.toString(of.violated()),
                of.worstExcess() > 0 ? time(of.worstExcess()) : "-",
                of.longestOutside() > 0 ? time(of.longestOutside()) : "-",
                Format.fixed(of.answered() / 3600.0, 1) + " h",
                Double.isNaN(of.availability()) ? "-" : Format.percent(of.availability(), 3),
                Double.isNaN(of.boundMedian()) ? "-" : time(of.boundMedian()));
    }

    private String line(ByzantineResult result) {
        Findings findings = result.findings();
        String what = result.failure()
                .map(RuntimeException::toString)
                .orElseGet(() -> time(findings.worstExcess()) + " outside at " + time(findings.worstAt()));
        String line = "seed " + result.seed() + " " + name(result.family()) + ": " + what + "; " + result.about();
        int width = shell.width();
        return line.length() <= width ? line : line.substring(0, width - 3) + "...";
    }

    private static String name(ByzantineFamily family) {
        return family.name().toLowerCase(Locale.ROOT);
    }

    /** With three significant digits, in the unit that suits. */
    private static String time(double seconds) {
        double size = Math.abs(seconds);
        if (size >= DAY) {
            return Format.fixed(seconds / DAY, 0) + " d";
        }
        if (size >= 1) {
            return Format.fixed(seconds, size >= 100 ? 0 : 1) + " s";
        }
        double millis = seconds * 1e3;
        return size >= 1e-3
                ? Format.fixed(millis, size >= 0.1 ? 0 : 1) + " ms"
                : Format.fixed(seconds * 1e6, size >= 1e-4 ? 0 : 1) + " us";
    }
}
