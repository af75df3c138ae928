// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import io.chronotick.daemon.segment.SegmentFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
        name = "doctor",
        description = "Check everything that has to hold, and say what to do where it does not.",
        footer = {
            "",
            "Exit code: 0 when every check holds, 1 otherwise.",
            "",
            "Examples:",
            "  chronotick doctor",
            "  chronotick doctor --shm lab2"
        })
final class DoctorCommand extends SegmentCommand {
    private static final int LATENCY_READS = 100_000;

    /** The checklist of the quick reference: "Benchmark shows < 1 us latency". */
    private static final double MAX_LATENCY_NANOS = 1_000;

    /** The same: "NTP measurements > 30". */
    private static final long MIN_MEASUREMENTS = 30;

    /** The same: "Confidence > 90 %". */
    private static final double MIN_CONFIDENCE = 0.9;

    private static final Path CLOCK_SOURCE =
            Path.of("/sys/devices/system/clocksource/clocksource0/current_clocksource");

    /** Clock sources that the kernel cannot read from user space: each look at the clock is then a system call. */
    private static final Set<String> SLOW_CLOCK_SOURCES =
            Set.of("hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen");

    private int failures;

    DoctorCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        Path segment = segment();
        shell.line("ChronoTick " + CommandTree.Version.program() + ", Java " + Runtime.version() + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version"));
        shell.line("Segment " + segment);
        shell.line("");
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            checkDaemon(reader, reading, reader.status());
        } catch (ChronoTickException e) {
            check(false, "Daemon runs", "", e.getMessage());
        }
        checkPermissions(segment);
        checkClockSource();
        shell.line("");
        shell.line(
                failures == 0
                        ? Style.of(shell).good("All checks hold.")
                        : Style.of(shell).bad(failures + (failures == 1 ? " check fails." : " checks fail.")));
        return failures == 0 ? ExitCode.OK : ExitCode.NOT_MET;
    }

    private void checkDaemon(ChronoTickReader reader, Reading reading, StatusPage page) {
        check(
                reading.isWriterAlive() && !reading.isStale(),
                "Daemon runs",
                "process " + reading.record().writerPid(),
                isServed(reader.segment())
                        ? "it lives and does not write: continue it (SIGCONT to process "
                                + reading.record().writerPid() + " where it runs) or give it CPU (--cpu-affinity)"
                        : "start it with: chronotick daemon");
        check(
                reading.record().isWarmupComplete(),
                "Warm-up complete",
                Format.percent(page.warmupProgress(), 0),
                "wait" + (page.waitingFor().isEmpty() ? "" : " for " + page.waitingFor())
                        + "; if it stays so, look at: chronotick sources");
        ChronoTickException refusal = reading.refusal();
        check(
                refusal == null,
                "Time can be read",
                refusal == null ? Format.iso(reading.now().estimateNanos()) : "",
                refusal == null ? null : refusal.getMessage());
        checkLatency(reader, refusal == null);
        Reading.State state = reading.state();
        check(
                state == Reading.State.READY,
                "Status is READY",
                state.label(),
                "look at what it waits for: chronotick status, chronotick sources");
        long measurements = reading.record().measurementCount();
        check(
                measurements > MIN_MEASUREMENTS,
                "More than " + MIN_MEASUREMENTS + " NTP measurements",
                Format.grouped(measurements),
                "wait; they come at the poll interval that `chronotick sources` shows");
        double confidence = reading.record().confidence();
        check(
                confidence > MIN_CONFIDENCE,
                "Confidence above 90 %",
                Format.percent(confidence, 1),
                "wait for more measurements; if it stays so, look for unstable servers: chronotick sources");
        check(
                page.daemonVersion().equals(CommandTree.Version.program()),
                "Daemon of this version",
                page.daemonVersion(),
                "restart the daemon after an update");
    }

    /** By the daemon's claim, not by its process id, which in a container is another's here. */
    private static boolean isServed(Path segment) {
        try {
            return SegmentFile.isServed(segment);
        } catch (IOException e) {
            return false; // gone meanwhile
        }
    }

    private void checkLatency(ChronoTickReader reader, boolean readable) {
        double nanos = Double.NaN;
        if (readable) {
            try {
                nanos = BenchmarkCommand.measureReads(reader, LATENCY_READS, shell)
                        .p50();
            } catch (ChronoTickException e) {
                // It went while we were measuring: counts as not readable.
                nanos = Double.NaN;
            }
        }
        check(
                nanos < MAX_LATENCY_NANOS,
                "A read takes less than 1 µs",
                Double.isNaN(nanos) ? "" : Format.fixed(nanos, 0) + " ns",
                Double.isNaN(nanos)
                        ? "it can be measured when the time can be read"
                        : "look for load (top); bind the daemon to another CPU: chronotick daemon --cpu-affinity");
    }

    private void checkPermissions(Path segment) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(segment);
            check(
                    permissions.contains(PosixFilePermission.OTHERS_READ)
                            && !permissions.contains(PosixFilePermission.OTHERS_WRITE)
                            && !permissions.contains(PosixFilePermission.GROUP_WRITE),
                    "All may read the segment, only its owner may write it",
                    PosixFilePermissions.toString(permissions),
                    "chmod 644 " + segment);
        } catch (IOException | UnsupportedOperationException e) {
            return; // no segment, which has been said, or a system without such permissions
        }
    }

    private void checkClockSource() {
        try {
            String source =
                    Files.readString(CLOCK_SOURCE, StandardCharsets.US_ASCII).strip();
            check(
                    !SLOW_CLOCK_SOURCES.contains(source),
                    "The clock can be read without a system call",
                    "clock source " + source,
                    "the kernel gave up its fast clock: see dmesg | grep clocksource");
        } catch (IOException e) {
            return; // not Linux
        }
    }

    private void check(boolean holds, String what, String found, @Nullable String remedy) {
        Style style = Style.of(shell);
        shell.line((holds ? style.good("✓ ") : style.bad("✗ ")) + what + (found.isEmpty() ? "" : " (" + found + ")"));
        if (!holds) {
            failures++;
            shell.line("    " + remedy);
        }
    }
}
