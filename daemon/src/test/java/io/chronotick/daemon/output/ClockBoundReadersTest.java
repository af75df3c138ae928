// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A reader that shares no code with the writer, which is killed and started again while the system clock is slewed by 500 ppm. */
class ClockBoundReadersTest {
    /** More by a property, as for the figures in the documents. */
    private static final int READS = Integer.getInteger("clockbound.reads", 1_000_000);

    private static final String SLEW = "5e-4";

    @TempDir
    Path directory = Path.of("");

    @Test
    @Tag("slow")
    @EnabledOnOs(OS.LINUX)
    void shouldHoldTheTruthThroughSlewsAndKills() throws Exception {
        Path python = Path.of("/usr/bin/python3");
        if (System.getenv("CI") != null) {
            assertThat(python).isExecutable();
        }
        assumeTrue(Files.isExecutable(python), "python3 is not installed");
        Path segment = directory.resolve("shm0");
        String mono0 = Long.toString(System.nanoTime());
        Process writer = write(segment, mono0);
        Process reader = new ProcessBuilder(
                        python.toString(),
                        Path.of("src/test/python/clockbound_reader.py")
                                .toAbsolutePath()
                                .toString(),
                        segment.toString(),
                        Integer.toString(READS),
                        mono0,
                        SLEW)
                .redirectErrorStream(true)
                .start();
        int kills = 0;
        try {
            while (reader.isAlive()) {
                assertThat(writer.inputReader(StandardCharsets.UTF_8).readLine())
                        .isEqualTo(Long.toString(ClockBoundProgram.ENOUGH));
                writer.destroyForcibly().waitFor();
                kills++;
                writer = write(segment, mono0);
            }
            String said = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(reader.waitFor()).as(said).isZero();
            List<Integer> counts = List.of(said.trim().split(" ", -1)).stream()
                    .map(Integer::valueOf)
                    .toList();
            System.out.println("times, writes met, unknown, generations: " + counts + "; kills " + kills);
            assertThat(counts.get(0)).as("times told").isGreaterThan(READS / 2);
            assertThat(kills).isPositive();
        } finally {
            reader.destroyForcibly();
            writer.destroyForcibly();
        }
    }

    private Process write(Path segment, String mono0) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ClockBoundProgram.class.getName(),
                        segment.toString(),
                        mono0,
                        SLEW)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("0");
        return process;
    }
}
