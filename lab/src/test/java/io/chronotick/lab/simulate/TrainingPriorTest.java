// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.learned.ExchangeFeatures;
import io.chronotick.lab.score.Quantiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingPriorTest {
    private static final int LENGTH = 200;

    /** What training reads from the file is, bit for bit, what the engine makes of the exchanges in it. */
    @Test
    void fileHoldsTheEnginesFeatures(@TempDir Path directory) throws IOException, InterruptedException {
        Path file = directory.resolve("sequences.bin");
        TrainingFile.write(file, 7, 3, LENGTH, false, Optional.empty(), 2, done -> {});
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[8];
        in.get(magic);
        assertThat(magic).asString().isEqualTo("CTSEQ002");
        assertThat(new int[] {in.getInt(), in.getInt(), in.getInt(), in.getInt()})
                .containsExactly(3, LENGTH, TrainingSequence.TARGETS, ExchangeFeatures.COUNT);
        assertThat(in.getLong()).isEqualTo(7);
        for (int s = 0; s < 3; s++) {
            ExchangeFeatures features = new ExchangeFeatures();
            for (int i = 0; i < LENGTH; i++) {
                features.add(in.getDouble(), in.getDouble(), in.getDouble());
                assertThat(in.getDouble()).isEqualTo(features.scale());
                assertThat(in.getDouble()).isEqualTo(features.excess());
                assertThat(in.getDouble()).isEqualTo(features.smoothedGap());
                assertThat(in.getDouble()).isEqualTo(features.raised());
                in.position(in.position() + 2 * TrainingSequence.TARGETS * Double.BYTES);
                for (int k = 0; k < ExchangeFeatures.COUNT; k++) {
                    assertThat(in.getFloat()).isEqualTo((float) features.value(k));
                }
            }
        }
        assertThat(in.hasRemaining()).isFalse();
    }

    @Test
    void sameSeedMakesTheSameBytes(@TempDir Path directory) throws IOException, InterruptedException {
        TrainingFile.write(directory.resolve("a"), 5, 4, 64, true, Optional.empty(), 1, done -> {});
        TrainingFile.write(directory.resolve("b"), 5, 4, 64, true, Optional.empty(), 3, done -> {});
        TrainingFile.write(directory.resolve("c"), 6, 4, 64, true, Optional.empty(), 3, done -> {});
        assertThat(directory.resolve("a")).hasSameBinaryContentAs(directory.resolve("b"));
        assertThat(Files.mismatch(directory.resolve("a"), directory.resolve("c")))
                .isGreaterThanOrEqualTo(0);
    }

    /** An exchange bounds the offset from both sides, whatever the queues did; only bad samples break that. */
    @Test
    void exchangesContainTheTruth() {
        int broken = 0;
        for (int seed = 0; seed < 200; seed++) {
            TrainingSequence sequence = TrainingPrior.sequence(seed, LENGTH, false, Optional.empty());
            for (int i = 0; i < LENGTH; i++) {
                // The truth is known when the reply came, half a delay later; the clock may have wandered 110 ppm of
                // that.
                double error = Math.abs(sequence.offset(i) - sequence.truth(i, 0));
                broken += error > sequence.delay(i) * (0.5 + 1e-3) ? 1 : 0;
                assertThat(sequence.lead(i, 0)).isCloseTo(sequence.delay(i) / 2, offset(1e-6));
                assertThat(sequence.lead(i, 1)).isGreaterThanOrEqualTo(sequence.lead(i, 0));
                assertThat(sequence.gap(i)).isGreaterThan(i == 0 ? -1 : 0);
            }
        }
        // A quarter of the sequences has three bad samples in 512 on average, most of them too large for its delay.
        assertThat(broken / (200.0 * LENGTH)).isBetween(2e-4, 3e-3);
    }

    /** Polls from one second to a thousand, queues from microseconds to a tenth of a second. */
    @Test
    void priorIsBroad() {
        double[] gaps = new double[400];
        double[] scales = new double[400];
        for (int seed = 0; seed < 400; seed++) {
            TrainingSequence sequence = TrainingPrior.sequence(1000 + seed, 64, false, Optional.empty());
            gaps[seed] = Quantiles.median(DoubleStream.iterate(10, i -> i + 1)
                    .limit(50)
                    .map(i -> sequence.gap((int) i))
                    .toArray());
            ExchangeFeatures features = new ExchangeFeatures();
            for (int i = 0; i < 64; i++) {
                features.add(sequence.gap(i), sequence.offset(i), sequence.delay(i));
            }
            scales[seed] = features.scale();
        }
        Arrays.sort(gaps);
        Arrays.sort(scales);
        assertThat(gaps[8]).isLessThan(4);
        assertThat(gaps[392]).isGreaterThan(500);
        assertThat(scales[8]).isLessThan(1e-5);
        assertThat(scales[392]).isGreaterThan(5e-3);
    }
}
