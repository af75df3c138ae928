// SPDX-License-Identifier: Apache-2.0
package io.chronotick.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.agent.SampleSegment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes whose system clocks are 80 ms apart send one another messages: in which order do their spans come? */
@Timeout(60)
class SpanOrderTest {
    private static final int MESSAGES = 20;

    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldHaveCausesBeforeEffectsWithChronoTick() throws IOException {
        Path segment = directory.resolve("shm");
        new SampleSegment().publish(segment);
        List<Long> times = sendToAndFro(segment);
        assertThat(times).hasSize(4 * MESSAGES).isSorted();
    }

    @Test
    void shouldHaveEffectsBeforeCausesWithout() throws IOException {
        List<Long> times = sendToAndFro(directory.resolve("none"));
        for (int i = 0; i < times.size(); i += 4) {
            assertThat(times.get(i + 2)).as("start of the answer").isLessThan(times.get(i + 1));
        }
    }

    /** The starts and ends of all spans, in the order in which they happened. */
    private static List<Long> sendToAndFro(Path segment) throws IOException {
        List<Long> times = new ArrayList<>();
        try (Service first = new Service(segment, 0);
                Service second = new Service(segment, -80)) {
            // The first span of a process takes long, for it loads code.
            first.handle("warm up");
            second.handle("warm up");
            for (int i = 0; i < MESSAGES; i++) {
                times.addAll(first.handle("send"));
                times.addAll(second.handle("receive"));
            }
        }
        return times;
    }

    private static final class Service implements AutoCloseable {
        private final Process process;
        private final Writer out;
        private final BufferedReader in;

        Service(Path segment, long skewMillis) throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            SpanProgram.class.getName(),
                            segment.toString(),
                            Long.toString(skewMillis))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            out = process.outputWriter(StandardCharsets.UTF_8);
            in = process.inputReader(StandardCharsets.UTF_8);
        }

        List<Long> handle(String name) throws IOException {
            out.write(name + "\n");
            out.flush();
            String line = in.readLine();
            assertThat(line).as("what the service says").isNotNull();
            String[] times = line.split(" ", -1);
            return List.of(Long.valueOf(times[0]), Long.valueOf(times[1]));
        }

        @Override
        public void close() throws IOException {
            out.close();
            assertThat(process.onExit().join().exitValue()).isZero();
        }
    }
}
