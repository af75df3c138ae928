// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Style;
import io.chronotick.cli.text.Text;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.time.VmClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
        name = "doctor",
        description = "Check the daemon and this machine, and say how to fix what fails.",
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

    /** A daemon that has not written for so long does not only wait for a CPU. */
    private static final double BUSY_SECONDS = 10;

    private static final long LOOK_NANOS = 20_000_000;

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
            checkDaemon(reader);
            checkPermissions(segment);
        } catch (ChronoTickException e) {
            check(false, "Daemon runs", "", e.getMessage());
        }
        checkClockSource();
        tellOfVmClock();
        shell.line("");
        shell.line(
                failures == 0
                        ? Style.of(shell).good("All checks hold.")
                        : Style.of(shell).bad(failures + (failures == 1 ? " check fails." : " checks fail.")));
        return failures == 0 ? ExitCode.OK : ExitCode.NOT_MET;
    }

    /** Of what follows from each other only the first that fails. */
    private void checkDaemon(ChronoTickReader reader) {
        Reading reading = look(reader);
        StatusPage page = reader.status();
        boolean runs = reading.isWriterAlive() && !reading.isStale();
        check(
                runs,
                "Daemon runs",
                "process " + reading.record().writerPid(),
                isServed(reader.segment())
                        ? "it lives and has not written for " + Format.age(reading.ageSeconds())
                                + ": continue it (SIGCONT to process "
                                + reading.record().writerPid()
                                + " where it runs) or give it CPU (--cpu-affinity)"
                        : "start it with: chronotick daemon");
        if (!runs) {
            return;
        }
        // First, for it may be why there is no time.
        checkAuthentication(reading, page);
        if (checkTime(reading, page)) {
            checkQuality(reader, reading, page);
        }
        check(
                page.daemonVersion().equals(CommandTree.Version.program()),
                "Daemon of this version",
                page.daemonVersion(),
                "restart the daemon after an update");
    }

    private void checkAuthentication(Reading reading, StatusPage page) {
        if (NtsTrouble.isWanted(page)) {
            List<String> troubles = NtsTrouble.of(page);
            check(
                    troubles.isEmpty(),
                    "Servers that have to authenticate themselves do",
                    reading.record().isAuthenticated() ? "the time is authenticated" : "the time is not authenticated",
                    String.join("; ", troubles));
        }
    }

    /** On a busy machine a record may be late, which is no reason to say that nobody writes: waits for the next. */
    private static Reading look(ChronoTickReader reader) {
        Reading reading = new Reading(reader);
        while (reading.isStale() && reading.isWriterAlive() && reading.ageSeconds() < BUSY_SECONDS) {
            LockSupport.parkNanos(LOOK_NANOS);
            reading = new Reading(reader);
        }
        return reading;
    }

    /** Whether there is one, and if not, why. */
    private boolean checkTime(Reading reading, StatusPage page) {
        Health health = new Health(reading, page);
        String remedy = "waits for " + health.waitingFor() + ": " + health.remedy();
        boolean warm = check(
                reading.record().isWarmupComplete(),
                "Warm-up complete",
                Format.percent(page.warmupProgress(), 0),
                remedy);
        ChronoTickException refusal = reading.refusal();
        boolean readable = warm
                && check(
                        refusal == null,
                        "Time can be read",
                        refusal == null ? Format.iso(reading.now().estimateNanos()) : reading.label(),
                        reading.isWithdrawn() || refusal == null ? remedy : refusal.getMessage());
        if (!readable) {
            diagnose(page);
        }
        return readable;
    }

    /** Asks those that do not answer, as `chronotick query` does. */
    private void diagnose(StatusPage page) {
        List<String> silent = page.sources().stream()
                .filter(row -> row.reach() == 0 && row.nts().isEmpty() && !isClock(row))
                .map(row -> row.name().replaceFirst(" = .*", ""))
                .toList();
        if (silent.isEmpty()) {
            return;
        }
        try {
            QueryCommand.failures(shell, silent).forEach(this::remedy);
        } catch (IOException e) {
            remedy("they cannot be asked from here: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Not a server but a clock of this machine, as far as it has not been read. */
    private static boolean isClock(SourceRow row) {
        return row.trouble()
                .filter(trouble -> trouble == SourceRow.Trouble.CLOCK_UNREADABLE)
                .isPresent();
    }

    private void checkQuality(ChronoTickReader reader, Reading reading, StatusPage page) {
        checkLatency(reader);
        Reading.State state = reading.state();
        Health health = new Health(reading, page);
        boolean ready = check(
                state == Reading.State.READY,
                "Status is READY",
                state.label(),
                health.waitingFor().isEmpty()
                        ? "no server answers at present: see which with: chronotick sources"
                        : "waits for " + health.waitingFor() + ": " + health.remedy());
        if (!ready) {
            diagnose(page);
        }
        long measurements = reading.record().measurementCount();
        check(
                measurements > MIN_MEASUREMENTS,
                "More than " + MIN_MEASUREMENTS + " NTP measurements",
                Format.grouped(measurements),
                "wait; they come at the poll interval that chronotick sources --wide shows");
        double confidence = reading.record().confidence();
        check(
                confidence > MIN_CONFIDENCE,
                "Confidence above 90 %",
                Format.percent(confidence, 1),
                "wait for more measurements; if it stays so, look for unstable servers: chronotick sources");
    }

    /** By the daemon's claim, not by its process id, which in a container is another's here. */
    private static boolean isServed(Path segment) {
        try {
            return SegmentFile.isServed(segment);
        } catch (IOException e) {
            return false; // gone meanwhile
        }
    }

    private void checkLatency(ChronoTickReader reader) {
        double nanos = Double.NaN;
        try {
            nanos = BenchmarkCommand.measureReads(reader, LATENCY_READS, shell).p50();
        } catch (ChronoTickException e) {
            nanos = Double.NaN; // it went while we were measuring
        }
        check(
                nanos < MAX_LATENCY_NANOS,
                "A read takes less than 1 µs",
                Double.isNaN(nanos) ? "" : Format.fixed(nanos, 0) + " ns",
                Double.isNaN(nanos)
                        ? "the time could no longer be read meanwhile: run this again"
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

    /** No check: a machine without one is as good, only less well watched. */
    private void tellOfVmClock() {
        String found;
        try {
            found = "told by " + VmClock.open(VmClock.DEVICE);
        } catch (IOException e) {
            found = Files.exists(VmClock.DEVICE)
                    ? String.valueOf(e.getMessage())
                    : "no VMClock: seen at a server's answer";
        }
        shell.line("  Pause or move of a virtual machine (" + found + ")");
    }

    private boolean check(boolean holds, String what, String found, @Nullable String remedy) {
        Style style = Style.of(shell);
        shell.line((holds ? style.good("✓ ") : style.bad("✗ ")) + what + (found.isEmpty() ? "" : " (" + found + ")"));
        if (!holds) {
            failures++;
            remedy(String.valueOf(remedy));
        }
        return holds;
    }

    private void remedy(String text) {
        Text.wrap("    " + Shell.hint(text), 4, shell.width()).forEach(shell::line);
    }
}
