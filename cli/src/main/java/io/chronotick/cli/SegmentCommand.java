// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Shell;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command that looks at a segment. */
abstract class SegmentCommand implements Callable<Integer> {
    final Shell shell;

    @Option(
            names = "--shm",
            paramLabel = "NAME|PATH",
            description = "Segment to use: a name in /dev/shm or the path of a file. Default: $CHRONOTICK_SHM, else"
                    + " chronotick_shm.")
    @Nullable
    String shm;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    SegmentCommand(Shell shell) {
        this.shell = shell;
    }

    Path segment() {
        return shell.segment(shm);
    }

    /**
     * Takes an option without value on the quick path, see {@link QuickStart}.
     *
     * @return whether there is such an option
     */
    boolean accept(String option) {
        return false;
    }
}
