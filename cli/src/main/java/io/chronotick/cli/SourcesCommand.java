// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Json;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Table;
import io.chronotick.cli.text.Text;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.NtsStatus;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "sources",
        description = "List the NTP servers and how the daemon rates them.",
        footer = {
            "",
            "The mark before the name: * selected, + candidate, x falseticker, ? unreachable, ! unauthenticated, - denied.",
            "Reach is octal: the last eight requests, newest in the lowest bit, 377 when all were answered. Offset is",
            "positive when the server is ahead of the published time. Below the table: the address of each server where its",
            "name does not say it, and what is wrong with its answers.",
            "",
            "Examples:",
            "  chronotick sources",
            "  chronotick sources --wide    # all columns, whatever the width of the screen",
            "  chronotick sources --drops",
            "  chronotick sources --nts     # servers that are to be authenticated",
            "  chronotick sources --json | jq '.[] | {name, address, trouble}'"
        })
final class SourcesCommand extends SegmentCommand {
    @Option(names = "--drops", description = "Show why datagrams were dropped, by reason.")
    boolean drops;

    @Option(names = "--nts", description = "Show how the servers' authentication (NTS) is doing.")
    boolean nts;

    @Option(names = "--json", description = "One JSON array, an object for each server, seconds throughout.")
    boolean json;

    @Option(names = "--wide", description = "Show all columns, whatever the width of the screen.")
    boolean wide;

    SourcesCommand(Shell shell) {
        super(shell);
    }

    @Override
    boolean accept(String option) {
        drops |= option.equals("--drops");
        nts |= option.equals("--nts");
        json |= option.equals("--json");
        wide |= option.equals("--wide");
        return List.of("--drops", "--nts", "--json", "--wide").contains(option);
    }

    @Override
    public Integer call() {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment())) {
            StatusPage page = reader.status();
            boolean alive = reader.writerAlive();
            // The ages on the page are those at its writing.
            double since = Math.max(0, System.nanoTime() - page.pageMonotonicNs()) * 1e-9;
            if (json) {
                shell.line(page.sources().stream()
                        .map(row -> json(row, since))
                        .collect(Collectors.joining(",", "[", "]")));
            } else if (page.sources().isEmpty()) {
                shell.line("no servers yet");
            } else if (drops) {
                dropTable(page).printTo(shell, wide);
            } else if (nts) {
                ntsTable(page, since).printTo(shell, wide);
            } else {
                sourceTable(page, since).printTo(shell, wide);
                page.sources().forEach(row -> SourceWords.line(row).ifPresent(this::remark));
            }
            return alive ? ExitCode.OK : gone();
        }
    }

    private void remark(String line) {
        Text.wrap(line, 4, wide ? Integer.MAX_VALUE : shell.width()).forEach(shell::line);
    }

    private static String json(SourceRow row, double since) {
        Json json = new Json(false).string("name", row.name());
        row.address()
                .ifPresentOrElse(
                        at -> json.string("address", Format.address(at.getAddress()))
                                .integer("port", at.getPort()),
                        () -> json.nothing("address").nothing("port"));
        boolean answered = row.accepted() > 0;
        json.string("state", label(row.state()))
                .string("trouble", SourceWords.trouble(row).orElse(null))
                .string(
                        "trouble_code",
                        row.trouble()
                                .map(trouble -> trouble.name().toLowerCase(Locale.ROOT))
                                .orElse(null))
                .integer("unanswered", row.unanswered())
                .integer("stratum", row.stratum())
                .integer("reach", row.reach())
                .number("poll", row.pollSeconds())
                .number("offset", answered ? row.offset() : Double.NaN)
                .number("offset_uncertainty", answered ? row.sd() : Double.NaN)
                .number("delay", answered ? row.delay() : Double.NaN)
                .number("jitter", answered ? row.jitter() : Double.NaN)
                .number("root_distance", row.stratum() > 0 ? row.rootDistance() : Double.NaN)
                .bool("kernel_stamps", row.kernelStamps())
                .bool("interleaved", row.interleaved())
                .number("age", row.ageSeconds() + since)
                .integer("sent", row.sent())
                .integer("accepted", row.accepted())
                .integer("dropped", total(row))
                .string("nts", row.nts().map(SourcesCommand::label).orElse(null));
        return json.end();
    }

    private static Table sourceTable(StatusPage page, double since) {
        Table table = new Table(
                        "<",
                        "<Server:15",
                        "<State:11",
                        "Stratum",
                        "Reach",
                        "Poll",
                        "Offset:11",
                        "±:10",
                        "Delay:10",
                        "Jitter:10",
                        "Root Dist:10",
                        "<Stamps",
                        "Age:6",
                        "Drops")
                .spare("Stamps", "Jitter", "Root Dist", "Drops", "Stratum", "Delay", "Poll");
        for (SourceRow row : page.sources()) {
            boolean answered = row.accepted() > 0;
            table.row(
                    mark(row.state()),
                    row.name(),
                    label(row.state()),
                    Integer.toString(row.stratum()),
                    Integer.toOctalString(row.reach()),
                    Format.fixed(row.pollSeconds(), row.pollSeconds() < 1 ? 2 : 0) + " s",
                    answered ? Format.offset(row.offset()) : "-",
                    answered ? Format.duration(row.sd()) : "-",
                    answered ? Format.duration(row.delay()) : "-",
                    answered ? Format.duration(row.jitter()) : "-",
                    answered ? Format.duration(row.rootDistance()) : "-",
                    (row.kernelStamps() ? "kernel" : "user") + (row.interleaved() ? ", interleaved" : ""),
                    Format.age(row.ageSeconds() + since),
                    Format.grouped(total(row)));
        }
        return table;
    }

    private int gone() {
        shell.error("the daemon is gone; this is what it knew last; start it with: chronotick daemon");
        return ExitCode.NO_DAEMON;
    }

    private static Table ntsTable(StatusPage page, double since) {
        Table table = new Table("<", "<Server:15", "<NTS:13", "Cookies", "Key Age:6", "<Key Exchange");
        for (SourceRow row : page.sources()) {
            Optional<NtsStatus> nts = row.nts();
            table.row(
                    mark(row.state()),
                    row.name(),
                    nts.map(SourcesCommand::label).orElse("off"),
                    nts.map(status -> Integer.toString(status.cookies())).orElse("-"),
                    nts.map(status -> Format.age(status.ageSeconds() + since)).orElse("-"),
                    nts.map(SourcesCommand::lastExchange).orElse("-"));
        }
        return table;
    }

    private static String label(NtsStatus nts) {
        return nts.state().name().toLowerCase(Locale.ROOT);
    }

    private static String lastExchange(NtsStatus nts) {
        return nts.failure()
                .map(failure -> "failed: " + failure.words())
                .orElse(Double.isNaN(nts.ageSeconds()) ? "under way" : "succeeded");
    }

    private static Table dropTable(StatusPage page) {
        Table table = new Table("<Server", "Sent", "Accepted", "Dropped", "<Because");
        for (SourceRow row : page.sources()) {
            StringJoiner reasons = new StringJoiner(", ");
            for (int i = 0; i < row.drops().size(); i++) {
                if (row.drops().get(i) > 0) {
                    reasons.add(Format.grouped(row.drops().get(i)) + " " + SourceRow.DROP_REASONS.get(i));
                }
            }
            table.row(
                    row.name(),
                    Format.grouped(row.sent()),
                    Format.grouped(row.accepted()),
                    Format.grouped(total(row)),
                    reasons.toString());
        }
        return table;
    }

    private static long total(SourceRow row) {
        long sum = 0;
        for (long drops : row.drops()) {
            sum += drops;
        }
        return sum;
    }

    static String mark(SourceRow.State state) {
        return switch (state) {
            case SELECTED -> "*";
            case CANDIDATE -> "+";
            case FALSETICKER -> "x";
            case UNAUTHENTICATED -> "!";
            case DENIED, SMEARING -> "-";
            case UNREACHABLE -> "?";
        };
    }

    private static String label(SourceRow.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
