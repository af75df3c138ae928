// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.lab.LabException;
import io.chronotick.lab.simulate.TrainingFile;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "dataset",
        description =
                "Write made-up exchanges with the engine's features and the truth, to train the learned filter on.",
        footer = {
            "",
            "Every sequence has its own clock, server, path and poll; training/README.md says what is drawn from which laws and",
            "what the file holds. The same seed gives the same bytes, whatever --jobs says.",
            "",
            "Examples:",
            "  chronotick lab dataset --seed 1 --count 16384 --out train.bin",
            "  chronotick lab dataset --seed 3 --count 512 --held-back --out unknown.bin"
        })
final class LabDatasetCommand implements Callable<Integer> {
    private static final int MOST_SEQUENCES = 1_000_000;
    private static final int MOST_EXCHANGES = 100_000;

    private final Shell shell;

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
            names = {"-j", "--jobs"},
            paramLabel = "N",
            description = "At the same time. Default: one a processor.")
    int jobs = Runtime.getRuntime().availableProcessors();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    LabDatasetCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (jobs < 1 || count < 1 || count > MOST_SEQUENCES || length < 2 || length > MOST_EXCHANGES) {
            throw new UserException(
                    ExitCode.USAGE,
                    "--jobs takes 1 or more, --count 1 to " + MOST_SEQUENCES + ", --length 2 to " + MOST_EXCHANGES);
        }
        try {
            TrainingFile.write(out, seed, count, length, heldBack, jobs, new Progress(shell, "sequence", count));
        } catch (LabException e) {
            throw new UserException(ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
        return ExitCode.OK;
    }
}
