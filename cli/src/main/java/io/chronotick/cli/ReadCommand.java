// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "read",
        description = "Read the corrected time once.",
        footer = {
            "",
            "Exit code: 0 the time is good, 1 the daemon is warming up, 3 no daemon, 4 the record is expired.",
            "",
            "Examples:",
            "  chronotick read",
            "  chronotick read --json | jq -r .corrected_time_ns",
            "  chronotick read --shm lab2"
        })
final class ReadCommand extends SegmentCommand {
    private static final String NOT_KNOWN = "not known yet";

    @Option(names = "--json", description = "Print one JSON object instead, as `chronotick json` does.")
    boolean json;

    ReadCommand(Shell shell) {
        super(shell);
    }

    @Override
    boolean accept(String option) {
        json |= option.equals("--json");
        return option.equals("--json");
    }

    @Override
    public Integer call() {
        if (json) {
            return JsonCommand.print(shell, segment(), false);
        }
        try (ChronoTickReader reader = ChronoTickReader.attach(segment())) {
            Reading reading = new Reading(reader);
            StatusPage page = reader.status();
            print(reading, page);
            String remark = Remark.of(reading, page);
            if (remark != null) {
                shell.error(remark);
            }
            return ExitCode.of(reading);
        }
    }

    private void print(Reading reading, StatusPage page) {
        CorrectionRecord record = reading.record();
        if (reading.refusal() == null) {
            line("Corrected Time:", time(reading.now().estimateNanos()));
        } else {
            line("Corrected Time:", "none");
        }
        line("System Time:", time(reading.systemNanos()));
        boolean known = Double.isFinite(reading.uncertainty());
        line("Offset:", known ? Format.offset(reading.offset()) : NOT_KNOWN);
        line("Drift Rate:", known ? Format.ppm(record.driftRate()) : NOT_KNOWN);
        line("Uncertainty:", known ? "±" + Format.duration(reading.uncertainty()) + " (1σ)" : NOT_KNOWN);
        if (known && page.isUncertaintyDivided()) {
            line("  Statistical:", "±" + Format.duration(page.statisticalUncertainty()));
            line("  Systematic:", "±" + Format.duration(page.systematicUncertainty()));
        }
        if (reading.refusal() == null) {
            line("Bound:", "±" + Format.duration(reading.now().boundNanos() * 1e-9));
            line("Earliest:", time(reading.now().earliestNanos()));
            line("Latest:", time(reading.now().latestNanos()));
        } else {
            line("Bound:", "none");
        }
        line("Confidence:", Format.percent(record.confidence(), 1));
        line("Source:", record.source().name());
        line("Valid:", yesOrNo(reading.refusal() == null));
        line("NTP Ready:", yesOrNo(record.isNtpReady()));
        line("Models Ready:", yesOrNo(record.isModelsReady()));
        if (reading.isStale()) {
            line("Record Age:", Format.duration(reading.ageSeconds()));
        }
    }

    private void line(String label, String value) {
        shell.out().append(label);
        for (int i = label.length(); i < 17; i++) {
            shell.out().append(' ');
        }
        shell.line(value);
    }

    private static String time(long epochNanos) {
        return Format.unixSeconds(epochNanos) + " s   " + Format.iso(epochNanos);
    }

    private static String yesOrNo(boolean value) {
        return value ? "yes" : "no";
    }
}
