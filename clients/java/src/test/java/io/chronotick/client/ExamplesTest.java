// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs in examples/ compile against the client and run as a newcomer runs them. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("examples");

    @TempDir
    private Path directory;

    ExamplesTest() {
        directory = Path.of("");
    }

    static List<Path> examples() throws Exception {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    @Test
    void shouldCoverTheQuickReference() throws Exception {
        assertThat(examples())
                .extracting(file -> file.getFileName().toString())
                .contains("DirectAccess.java", "Minimal.java", "SystemIntegration.java");
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldCompileForJava17WithoutWarnings(Path example) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of("--release", "17", "-Xlint:all", "-Werror", "-cp", classes(), "-d", directory + ""),
                            null,
                            files.getJavaFileObjects(example))
                    .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldRunAsASingleFile(Path example) throws Exception {
        Path shm = directory.resolve("shm");
        Path output = directory.resolve("output");
        TestSegment.create(shm)
                .fill(TestSegment.ANCHOR, System.nanoTime())
                .with(RecordLayout.VALID_UNTIL, TestSegment.ANCHOR + 100_000)
                .publish();
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classes(),
                        example.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("CHRONOTICK_SHM", shm.toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        assertThat(Files.readString(output)).contains("2025-03-13");
    }

    private static String classes() throws Exception {
        return Path.of(ChronoTickReader.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
    }
}
