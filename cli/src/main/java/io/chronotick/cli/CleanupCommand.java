// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.IncompatibleSegmentException;
import io.chronotick.client.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
        name = "cleanup",
        description = "Remove a segment that a dead daemon left behind.",
        footer = {
            "",
            "Refuses while the daemon lives, and touches no file that is not a segment. The next daemon takes over such a",
            "segment by itself: this is for those who will not start one.",
            "",
            "Exit code: 0 it is gone (or was not there), 1 refused.",
            "",
            "Examples:",
            "  chronotick cleanup",
            "  chronotick cleanup --shm lab2"
        })
final class CleanupCommand extends SegmentCommand {
    CleanupCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        Path segment = segment();
        if (!Files.exists(segment, LinkOption.NOFOLLOW_LINKS)) {
            shell.line("nothing to remove: there is no " + segment);
            return ExitCode.OK;
        }
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            refuseIfAlive(reader, segment);
        } catch (IncompatibleSegmentException e) {
            throw new UserException(
                    ExitCode.NOT_MET,
                    segment + " is not removed, for it is not a segment of this version; rm it by hand");
        }
        try {
            Files.deleteIfExists(segment);
        } catch (IOException e) {
            throw new UserException(
                    ExitCode.NOT_MET, "cannot remove " + segment + " (" + e.getMessage() + "); run as its owner");
        }
        shell.line("removed " + segment);
        return ExitCode.OK;
    }

    private static void refuseIfAlive(ChronoTickReader reader, Path segment) {
        boolean alive = reader.writerAlive();
        try {
            Reading reading = new Reading(reader);
            long pid = reading.record().writerPid();
            if (alive) {
                throw new UserException(
                        ExitCode.NOT_MET,
                        segment + " belongs to a running daemon (process " + pid + "); stop it first: kill " + pid);
            }
            // A daemon in another container has a process id that means nothing here; its record advances all the same.
            if (!reading.isStale() && !reading.isExpired()) {
                throw new UserException(
                        ExitCode.NOT_MET,
                        segment + " was written " + Format.duration(reading.ageSeconds())
                                + " ago; if its daemon is gone, try again in a moment");
            }
        } catch (ChronoTickException e) {
            if (alive) {
                throw new UserException(
                        ExitCode.NOT_MET, segment + " belongs to a daemon that is starting; stop it first");
            }
        }
    }
}
