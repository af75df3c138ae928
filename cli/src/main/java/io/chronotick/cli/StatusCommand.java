// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Style;
import io.chronotick.cli.text.Text;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.DeadWriterException;
import io.chronotick.client.NoSegmentException;
import io.chronotick.client.NotReadyException;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import picocli.CommandLine.Command;

@Command(
        name = "status",
        description = "Show how the daemon is doing.",
        footer = {
            "",
            "  READY        the time is good and its servers answer",
            "  WARMING UP   measuring; says what it waits for",
            "  HOLDOVER     no server answers; the forecast carries on, its uncertainty grows",
            "  WITHDRAWN    the daemon is in doubt and tells no time; says what would settle it",
            "  EXPIRED      the record is too old: the daemon is stopped, or the machine was",
            "  NOT RUNNING  no segment, or its daemon is gone",
            "",
            "Exit code: 0 READY, 3 NOT RUNNING, 1 anything else.",
            "",
            "Examples:",
            "  chronotick status",
            "  until chronotick status > /dev/null; do sleep 1; done"
        })
final class StatusCommand extends SegmentCommand {
    private static final String[] LEAP = {
        "none", "a second is inserted", "a second is deleted", "not synchronized", "smeared by the servers"
    };

    StatusCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        Path segment = segment();
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            StatusPage page = reader.status();
            Reading.State state = reading.state();
            printState(reading, page);
            printDaemon(reading, page, segment);
            String remark = Remark.of(reading, page);
            if (remark != null) {
                shell.error(remark);
            }
            return state == Reading.State.READY
                    ? ExitCode.OK
                    : state == Reading.State.NOT_RUNNING ? ExitCode.NO_DAEMON : ExitCode.NOT_MET;
        } catch (NoSegmentException | DeadWriterException e) {
            return withoutRecord(Reading.State.NOT_RUNNING, e, ExitCode.NO_DAEMON);
        } catch (NotReadyException e) {
            return withoutRecord(Reading.State.WARMING_UP, e, ExitCode.NOT_MET);
        }
    }

    private int withoutRecord(Reading.State state, ChronoTickException why, int exitCode) {
        line("State", coloured(state));
        shell.error(String.valueOf(why.getMessage()));
        return exitCode;
    }

    private void printState(Reading reading, StatusPage page) {
        Health health = new Health(reading, page);
        Reading.State state = reading.state();
        String text = reading.isWithdrawn() ? Style.of(shell).bad(reading.label()) : coloured(state);
        if (state == Reading.State.WARMING_UP) {
            text += " " + Format.percent(page.warmupProgress(), 0);
        }
        line("State", text);
        if (!health.waitingFor().isEmpty()) {
            line("Waiting For", health.waitingFor());
        }
        if (reading.isStale()) {
            line("Record Age", Style.of(shell).warning(Format.duration(reading.ageSeconds())));
        }
    }

    private void printDaemon(Reading reading, StatusPage page, Path segment) {
        CorrectionRecord record = reading.record();
        line(
                "Offset",
                Double.isFinite(reading.uncertainty())
                        ? Format.offset(reading.offset()) + " ±" + Format.duration(reading.uncertainty()) + " (1σ)"
                        : "not known yet");
        if (Double.isFinite(reading.uncertainty()) && page.isUncertaintyDivided()) {
            line(
                    "Uncertainty",
                    "statistical ±" + Format.duration(page.statisticalUncertainty()) + ", systematic ±"
                            + Format.duration(page.systematicUncertainty()));
        }
        if (reading.refusal() == null) {
            line("Bound", "±" + Format.duration(reading.now().boundNanos() * 1e-9));
        }
        line("Drift Rate", Format.ppm(record.driftRate()));
        line("Confidence", Format.percent(record.confidence(), 1));
        line("Source", record.source().name() + weights(page));
        if (!page.learnedModels().isEmpty()) {
            line("Learned Models", page.learnedModels());
        }
        line("Servers", servers(page));
        line("Leap Second", page.leapState() < 0 || page.leapState() >= LEAP.length ? "-" : LEAP[page.leapState()]);
        line("Authenticated", record.isAuthenticated() ? "yes" : "no");
        NtsTrouble.of(page).forEach(trouble -> line("NTS", trouble));
        line("Measurements", Format.grouped(record.measurementCount()));
        line("Corrections", Format.grouped(record.totalCorrections()));
        line(
                "Last NTP",
                record.lastNtpSync() == 0
                        ? "never"
                        : Format.age(Math.max(0, reading.systemNanos() * 1e-9 - record.lastNtpSync())) + " ago");
        line("Uptime", Format.age(record.daemonUptime()));
        line("Update Rate", Format.fixed(page.updateFrequency(), 0) + " Hz");
        line(
                "Writer Latency",
                "mean " + Format.duration(record.averageLatencyMs() * 1e-3) + ", p50 "
                        + Format.duration(page.latencyP50Ns() * 1e-9) + ", p99 "
                        + Format.duration(page.latencyP99Ns() * 1e-9));
        line("Missed Ticks", Format.grouped(page.tickOverruns()));
        line("Clock Steps", Format.grouped(page.clockSteps()) + (record.isClockStepped() ? " (one just now)" : ""));
        line("Memory", page.residentBytes() == 0 ? "-" : Format.fixed(page.residentBytes() / 1e6, 1) + " MB");
        line("CPU", cpu(record, page));
        line("CPU Affinity", page.cpuAffinity().isEmpty() ? "any" : page.cpuAffinity());
        line(
                "Process",
                record.writerPid() + (page.daemonVersion().isEmpty() ? "" : ", version " + page.daemonVersion()));
        line("Segment", segment + mode(segment));
    }

    private void line(String label, String value) {
        Text.wrap(label + ":" + " ".repeat(16 - label.length()) + value, 17, shell.width())
                .forEach(shell::line);
    }

    private String coloured(Reading.State state) {
        Style style = Style.of(shell);
        return switch (state) {
            case READY -> style.good(state.label());
            case WARMING_UP, HOLDOVER -> style.warning(state.label());
            case EXPIRED, NOT_RUNNING -> style.bad(state.label());
        };
    }

    private static String weights(StatusPage page) {
        if (page.weightShortTerm() == 0 && page.weightLongTerm() == 0) {
            return "";
        }
        return " (short-term " + Format.percent(page.weightShortTerm(), 0) + ", long-term "
                + Format.percent(page.weightLongTerm(), 0) + ")";
    }

    private static String servers(StatusPage page) {
        long falsetickers = count(page, SourceRow.State.FALSETICKER);
        long unreachable = count(page, SourceRow.State.UNREACHABLE);
        long smearing = count(page, SourceRow.State.SMEARING);
        return count(page, SourceRow.State.SELECTED) + " of " + page.sources().size() + " selected"
                + (falsetickers == 0 ? "" : ", " + falsetickers + " falseticker" + (falsetickers == 1 ? "" : "s"))
                + (unreachable == 0 ? "" : ", " + unreachable + " unreachable")
                + (smearing == 0 ? "" : ", " + smearing + " left out for smearing a leap second");
    }

    private static long count(StatusPage page, SourceRow.State state) {
        return page.sources().stream().filter(row -> row.state() == state).count();
    }

    private static String cpu(CorrectionRecord record, StatusPage page) {
        String time = Format.fixed(page.cpuSeconds(), 2) + " s";
        return record.daemonUptime() > 0
                ? Format.percent(page.cpuSeconds() / record.daemonUptime(), 2) + " of one core since its start (" + time
                        + ")"
                : time;
    }

    private static String mode(Path segment) {
        try {
            return " (" + PosixFilePermissions.toString(Files.getPosixFilePermissions(segment)) + ")";
        } catch (IOException | UnsupportedOperationException e) {
            return ""; // gone meanwhile, or a file system without modes
        }
    }
}
