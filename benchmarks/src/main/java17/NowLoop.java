// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;
import java.nio.file.Path;
import java.util.Arrays;

/** now() and System.nanoTime() in ns, medians of many batches; plain Java 17, so that any JDK from 17 on runs it as it is. */
public final class NowLoop {
    private static final int BATCH = 200_000;
    private static final int BATCHES = 101;

    public static void main(String[] args) {
        try (ChronoTickReader reader = ChronoTickReader.attach(Path.of(args[0]))) {
            TimeInterval interval = new TimeInterval();
            double[] now = new double[BATCHES];
            double[] bare = new double[BATCHES];
            long sink = 0;
            for (int i = 0; i < 2 * BATCHES; i++) {
                long begin = System.nanoTime();
                for (int k = 0; k < BATCH; k++) {
                    reader.now(interval);
                    sink += interval.latestNanos();
                }
                long middle = System.nanoTime();
                for (int k = 0; k < BATCH; k++) {
                    sink += System.nanoTime();
                }
                long end = System.nanoTime();
                now[i % BATCHES] = (middle - begin) / (double) BATCH;
                bare[i % BATCHES] = (end - middle) / (double) BATCH;
            }
            Arrays.sort(now);
            Arrays.sort(bare);
            System.out.println(now[BATCHES / 2] + " " + bare[BATCHES / 2] + (sink == 0 ? " " : ""));
        }
    }
}
