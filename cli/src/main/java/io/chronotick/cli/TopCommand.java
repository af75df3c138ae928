// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Style;
import io.chronotick.cli.text.Text;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "top",
        description = "Watch the daemon at work: the time, every server, what came before.",
        footer = {
            "",
            "The live page in a terminal. Follows the size of the window, and the next daemon when one is restarted; Ctrl-C ends it. In a pipe it"
                    + " prints one frame, or --count.",
            "",
            "Each server is an interval: ━ what it says, ● its middle, · what is agreed, │ the time that is published; ▸ far out.",
            "",
            "Examples:",
            "  chronotick top",
            "  chronotick top --interval 0.2",
            "  chronotick top | head -3"
        })
final class TopCommand extends SegmentCommand {
    private static final double MIN_INTERVAL = 0.05;
    private static final double MAX_INTERVAL = 3_600;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Time between frames, 0.05 to 3600 s. Default: ${DEFAULT-VALUE}.")
    double interval;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            description = "Stop after so many frames. Default: never on a terminal, 1 in a pipe.")
    @Nullable
    Long count;

    TopCommand(Shell shell) {
        super(shell);
    }

    /** One of its ends: at last what the daemon's state is worth. */
    private record Frame(List<String> lines, int exitCode) {}

    @Override
    public Integer call() {
        if (!(interval >= MIN_INTERVAL && interval <= MAX_INTERVAL)) {
            throw new UserException(
                    ExitCode.USAGE, "--interval " + interval + " is out of range: give 0.05 to 3600 seconds");
        }
        if (count != null && count < 1) {
            throw new UserException(ExitCode.USAGE, "--count " + count + " is out of range: give 1 or more");
        }
        if (!shell.terminal()) {
            return watch(Optional.empty(), count == null ? 1 : count);
        }
        try (Screen screen = new Screen(shell)) {
            return watch(Optional.of(screen), count == null ? Long.MAX_VALUE : count);
        }
    }

    private int watch(Optional<Screen> screen, long frames) {
        Path segment = segment();
        TopView view = new TopView(Style.of(shell));
        ChronoTickReader reader = null;
        int exitCode = ExitCode.OK;
        try {
            for (long done = 0; done < frames; done++) {
                if (done > 0) {
                    pause();
                }
                int columns = screen.map(each -> each.size().columns()).orElse(shell.width());
                Frame frame;
                try {
                    if (reader == null) {
                        reader = ChronoTickReader.attach(segment);
                    }
                    Reading reading = new Reading(reader);
                    frame = new Frame(view.frame(reading, reader.status(), columns), ExitCode.of(reading));
                } catch (ChronoTickException e) {
                    frame = new Frame(Text.wrap(Shell.hint(String.valueOf(e.getMessage())), columns), ExitCode.of(e));
                    if (reader != null) {
                        reader.close();
                        reader = null;
                    }
                }
                exitCode = frame.exitCode();
                if (screen.isPresent()) {
                    screen.get().draw(frame.lines());
                } else {
                    print(frame.lines(), done > 0);
                }
                if (shell.out().checkError()) {
                    return ExitCode.OK; // nobody reads on: `| head` has what it wanted
                }
            }
        } finally {
            if (reader != null) {
                reader.close();
            }
        }
        return exitCode;
    }

    private void print(List<String> lines, boolean isLater) {
        List<String> all = new ArrayList<>(isLater ? List.of("") : List.of());
        all.addAll(lines);
        all.stream().map(String::stripTrailing).forEach(shell::line);
        shell.out().flush();
    }

    private void pause() {
        long deadline = System.nanoTime() + Math.round(interval * 1e9);
        while (deadline - System.nanoTime() > 0) {
            LockSupport.parkNanos(deadline - System.nanoTime());
        }
    }
}
