// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Progress;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.lab.simulate.RecordedPaths;
import io.chronotick.lab.simulate.TrainingFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "dataset",
        description =
                "Write simulated exchanges with the engine's features and the true time, to train the learned filter on.",
        footer = {
            "",
            "Every sequence has its own clock, server, path and poll; training/README.md says what is drawn from which laws and",
            "what the file holds. The same seed gives the same bytes, whatever --jobs says.",
            "",
            "With --recorded a share of the sequences has the pauses and delays of runs of recorded exchanges, from random starts,",
            "each split into both ways by the engine; clocks are made up all the same. The same seed and files, the same bytes.",
            "A run needs --length + 32 exchanges in a row with one server.",
            "",
            "Examples:",
            "  chronotick lab dataset --seed 1 --count 16384 --out train.bin",
            "  chronotick lab dataset --recorded exchanges.csv.1 --recorded exchanges.csv --out fleet.bin",
            "  chronotick lab dataset --seed 3 --count 512 --held-back --out unknown.bin"
        })
public final class LabDatasetCommand extends LabJobCommand {
    private static final int MOST_SEQUENCES = 1_000_000;
    private static final int MOST_EXCHANGES = 100_000;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "Where to write.")
    Path out = Path.of("");

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
    long seed;

    @Option(names = "--count", paramLabel = "N", defaultValue = "1024", description = "Sequences. Default: 1024.")
    int count;

    @Option(
            names = "--length",
            paramLabel = "N",
            defaultValue = "512",
            description = "Exchanges of each. Default: 512.")
    int length;

    @Option(names = "--held-back", description = "Queues of the laws that training never sees.")
    boolean heldBack;

    @Option(
            names = "--recorded",
            paramLabel = "FILE",
            description =
                    "Recorded exchanges (chronotick lab record, or the daemon's logging.exchanges). May be given again, older"
                            + " files first.")
    List<Path> records = new ArrayList<>();

    @Option(
            names = "--recorded-share",
            paramLabel = "SHARE",
            defaultValue = "0.5",
            description = "Of the sequences, 0 to 1, that have a recorded path. Default: 0.5.")
    double share;

    public LabDatasetCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run() throws InterruptedException {
        if (count < 1 || count > MOST_SEQUENCES || length < 2 || length > MOST_EXCHANGES) {
            throw new UserException(
                    ExitCode.USAGE, "--count takes 1 to " + MOST_SEQUENCES + ", --length 2 to " + MOST_EXCHANGES);
        }
        if (!(share >= 0 && share <= 1)) {
            throw new UserException(ExitCode.USAGE, "--recorded-share " + share + " is out of range: give 0 to 1");
        }
        Optional<RecordedPaths> recorded = records.isEmpty() ? Optional.empty() : Optional.of(read());
        TrainingFile.write(out, seed, count, length, heldBack, recorded, jobs, new Progress(shell, "sequence", count));
        return ExitCode.OK;
    }

    private RecordedPaths read() throws InterruptedException {
        RecordedPaths recorded =
                RecordedPaths.read(records, share, length, jobs, total -> new Progress(shell, "stretch", total));
        shell.error(recorded.exchanges() + " recorded exchanges in " + recorded.stretches()
                + (recorded.stretches() == 1 ? " stretch" : " stretches") + "; " + recorded.broken()
                + " broken lines left out");
        return recorded;
    }
}
