// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.zip.GZIPOutputStream;

/** Writes replay sets for tests. */
public final class ReplayFiles {
    private ReplayFiles() {}

    /** A quartz that wanders, on a path with exponential queues. */
    public static void write(Path directory, String clock, String path, int seed) throws IOException {
        Random random = new Random(seed);
        double[] walk = {1e-5};
        numbers(
                directory.resolve("freq_" + clock + "_" + seed + ".txt.gz"),
                40_001,
                i -> walk[0] += 1e-9 * random.nextGaussian());
        for (String way : new String[] {"fwd", "ret"}) {
            numbers(
                    directory.resolve("delay_" + path + "_" + seed + "_" + way + ".txt.gz"),
                    4096,
                    i -> 0.001 - 1e-4 * Math.log(1 - random.nextDouble()));
        }
    }

    static void numbers(Path file, int count, IntToDoubleFunction value) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(value.applyAsDouble(i)).append('\n');
        }
        text(file, text.toString());
    }

    static void text(Path file, String text) throws IOException {
        try (Writer writer =
                new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8)) {
            writer.write(text);
        }
    }
}
