// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.segment.SegmentException;
import io.chronotick.daemon.segment.SegmentFile;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
        name = "cleanup",
        description = "Remove a segment that a dead daemon left behind.",
        footer = {
            "",
            "Refuses while a daemon lives that serves it, in whichever container, and touches no file that is not a segment.",
            "The next daemon takes over such a segment by itself: this is for those who will not start one.",
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
        try {
            shell.line(
                    SegmentFile.removeAbandoned(segment)
                            ? "removed " + segment
                            : "nothing to remove: there is no " + segment);
            return ExitCode.OK;
        } catch (SegmentException e) {
            throw new UserException(ExitCode.NOT_MET, String.valueOf(e.getMessage()));
        }
    }
}
