// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.agent.CivilTime;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.TimeInterval;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "now",
        description = "Print date and time in words, in this machine's time zone and in UTC, with the uncertainty.",
        footer = {
            "",
            "The time of a daemon, or, unless --shm is given, of an MCP server of yours that measures by itself. Where neither",
            "has one this is the system clock's, marked as not synchronized.",
            "",
            "Exit code: 0 the time is good, 1 the daemon is warming up, 3 no daemon, 4 the record is expired;",
            "with --for-agent always 0, so that a hook does not fail.",
            "",
            "Examples:",
            "  chronotick now",
            "  chronotick now --for-agent          what a model should know, before each prompt",
            "  TZ=Asia/Tokyo chronotick now        in another time zone"
        })
final class NowCommand extends SegmentCommand {
    /** A share of 95 % of a normal law. */
    private static final double PROBABLY = 1.96;

    private static final String NOT_SYNCHRONIZED = "not synchronized";

    @Option(
            names = "--for-agent",
            description =
                    "Print one line, for a hook that puts it before a model's prompt. Never fails for lack of a daemon.")
    boolean forAgent;

    /** Not a ZoneId: that would read the rules of all zones once more, which takes longer than all else here. */
    private final TimeZone zone;

    NowCommand(Shell shell) {
        this(shell, TimeZone.getDefault());
    }

    NowCommand(Shell shell, TimeZone zone) {
        super(shell);
        this.zone = zone;
    }

    @Override
    boolean accept(String option) {
        forAgent |= option.equals("--for-agent");
        return option.equals("--for-agent");
    }

    @Override
    public Integer call() {
        ChronoTickException refusal = print(segment());
        // An agent's server measures by itself where no daemon does.
        if (refusal == null || (shm == null && print(OwnSegment.of(shell.environment())) == null)) {
            return ExitCode.OK;
        }
        printSystemTime(refusal);
        return forAgent ? ExitCode.OK : ExitCode.of(refusal);
    }

    /** Returns what is the matter, if it cannot print the time of a segment. */
    private @Nullable ChronoTickException print(Path segment) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            ChronoTickException refusal = reading.refusal();
            if (refusal == null) {
                print(reading.now(), reading.uncertainty());
            }
            return refusal;
        } catch (ChronoTickException e) {
            return e;
        }
    }

    private void print(TimeInterval now, double uncertainty) {
        String probably = "±" + Format.duration(uncertainty * PROBABLY);
        String certainly = "±" + Format.duration(now.boundNanos() * 1e-9);
        if (forAgent) {
            shell.line(sentence(now.estimateNanos()) + " Measured against time servers by ChronoTick: probably within "
                    + probably + " (95 %), certainly within " + certainly + ".");
            return;
        }
        printTime(now.estimateNanos());
        shell.line("Probably:   within " + probably + " (95 %)");
        shell.line("Certainly:  within " + certainly);
    }

    private void printSystemTime(ChronoTickException refusal) {
        long nanos = System.currentTimeMillis() * 1_000_000;
        String reason = String.valueOf(refusal.getMessage());
        if (forAgent) {
            shell.line(sentence(nanos) + " This is the system clock, " + NOT_SYNCHRONIZED
                    + " by ChronoTick: it may be wrong by any amount. Cause: " + Shell.hint(reason) + ".");
            return;
        }
        printTime(nanos);
        shell.line("Source:     the system clock, " + NOT_SYNCHRONIZED + ": it may be wrong by any amount");
        shell.error(reason);
    }

    private void printTime(long epochNanos) {
        shell.line("Local:      " + local(epochNanos));
        shell.line("UTC:        " + Format.iso(epochNanos));
    }

    private String sentence(long epochNanos) {
        return "Current time: " + local(epochNanos) + ", in this machine's time zone; UTC " + utcToTheSecond(epochNanos)
                + ".";
    }

    private static String utcToTheSecond(long epochNanos) {
        String iso = Format.iso(epochNanos);
        return iso.substring(0, iso.indexOf('.')) + "Z";
    }

    private String local(long epochNanos) {
        Instant instant = Instant.ofEpochSecond(0, epochNanos);
        ZoneOffset offset = ZoneOffset.ofTotalSeconds(zone.getOffset(instant.toEpochMilli()) / 1000);
        CivilTime local = CivilTime.of(instant, offset, zone.getID());
        return local.inWords() + " (" + local.timezone() + ")";
    }
}
