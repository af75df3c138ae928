// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any 4096 bytes give an answer or an exception of ours, in bounded time: never a crash, a hang or an overflow. */
class SegmentFuzzTest {
    private static final long MONO = 1_000_000_000_000L;

    @TempDir
    private static Path directory = Path.of("");

    @FuzzTest
    void shouldSurviveAnyBytes(byte[] bytes) {
        readEverything(Arrays.copyOf(bytes, RecordLayout.SEGMENT_SIZE));
    }

    /** The same without a fuzzer: noise, and noise in one place of an otherwise good segment, which gets further. */
    @Test
    void shouldSurviveNoise() throws IOException {
        Random random = new Random(20);
        Path good = directory.resolve("good");
        TestSegment segment = TestSegment.create(good);
        segment.withInt(PageLayout.SOURCE_COUNT, 3).write(TestSegment.ANCHOR, MONO);
        byte[] template = Files.readAllBytes(good);
        int answers = 0;
        for (int i = 0; i < 600; i++) {
            byte[] bytes = new byte[RecordLayout.SEGMENT_SIZE];
            random.nextBytes(bytes);
            if (i % 4 != 0) {
                int from = random.nextInt(i % 2 == 0 ? 128 : 600) & ~3;
                byte[] noise = Arrays.copyOf(bytes, 8);
                bytes = template.clone();
                System.arraycopy(noise, 0, bytes, from, noise.length);
            }
            answers += readEverything(bytes);
        }
        Files.delete(good);
        assertThat(answers).isPositive(); // or the templates got nowhere
    }

    /** Asks for everything; returns how many of the questions had an answer. */
    private static int readEverything(byte[] bytes) {
        Path path = directory.resolve("noise");
        int[] answers = new int[1];
        try {
            Files.write(path, bytes);
            TestSegment.setMode(path, "rw-r--r--");
            VirtualHost host = new VirtualHost(MONO + 1_000_000);
            ChronoTickReader reader = new ChronoTickReader(path, host);
            TimeInterval interval = new TimeInterval();
            CorrectionRecord record = new CorrectionRecord();
            for (Runnable question : new Runnable[] {
                () -> {
                    reader.now(interval);
                    assertThat(interval.earliestNanos()).isLessThan(interval.latestNanos());
                    assertThat(interval.standardUncertaintyNanos()).isNotNaN();
                    assertThat(interval.toString()).isNotEmpty();
                },
                () -> reader.read(record),
                () -> record.intervalAt(host.now, 1e-4, interval),
                () -> record.source(),
                () -> reader.after(0),
                () -> reader.status(),
                () -> assertThat(reader.clock().instant()).isNotNull()
            }) {
                try {
                    question.run();
                    answers[0]++;
                } catch (ChronoTickException e) {
                    assertThat(e).hasMessageNotContaining("\n");
                }
            }
        } catch (ChronoTickException e) {
            assertThat(e).hasMessageNotContaining("\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return answers[0];
    }
}
