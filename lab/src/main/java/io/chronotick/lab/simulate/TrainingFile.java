// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.learned.ExchangeFeatures;
import io.chronotick.lab.LabException;
import io.chronotick.lab.Parallel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;

/**
 * Training sequences in one file, little-endian: 8 bytes "CTSEQ002", then as int32 the number of sequences, the exchanges of
 * each, the targets and the features of each exchange, as int64 the seed; then the sequences one after the other as {@link
 * TrainingSequence#write} has them. Sequence k of seed s is the same in every file that holds it.
 */
public final class TrainingFile {
    private static final byte[] MAGIC = "CTSEQ002".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER = 32;

    /** Sequences made before any is written: they wait in memory. */
    private static final int BLOCK = 64;

    /** Seeds of different files have their sequences far apart. */
    private static final long STRIDE = 0x9E3779B97F4A7C15L;

    private TrainingFile() {}

    /**
     * Makes up sequences and writes them.
     *
     * @param recorded paths that were measured, for a share of the sequences
     * @param progress is told how many are done, from any thread
     */
    public static void write(
            Path file,
            long seed,
            int count,
            int length,
            boolean heldBack,
            Optional<RecordedPaths> recorded,
            int jobs,
            IntConsumer progress)
            throws InterruptedException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(HEADER)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(MAGIC)
                    .putInt(count)
                    .putInt(length)
                    .putInt(TrainingSequence.TARGETS)
                    .putInt(ExchangeFeatures.COUNT)
                    .putLong(seed)
                    .array());
            for (int from = 0; from < count; from += BLOCK) {
                int first = from;
                List<Callable<TrainingSequence>> block = new ArrayList<>();
                for (int k = from; k < Math.min(from + BLOCK, count); k++) {
                    long own = seed * STRIDE + k;
                    block.add(() -> TrainingPrior.sequence(
                            own, length, heldBack, recorded.flatMap(paths -> paths.draw(own, length))));
                }
                ByteBuffer bytes =
                        ByteBuffer.allocate(length * TrainingSequence.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (TrainingSequence sequence : Parallel.run(block, jobs, done -> progress.accept(first + done))) {
                    sequence.write(bytes.clear());
                    out.write(bytes.array());
                }
            }
        } catch (IOException e) {
            throw new LabException(file + " cannot be written: " + e.getMessage());
        }
    }
}
