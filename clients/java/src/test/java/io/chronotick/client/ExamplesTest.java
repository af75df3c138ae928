// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs in examples/ compile against the client and run as a newcomer runs them. */
@Tag("slow-on-17") // the compiler holds them to 17 on 25, too
@Execution(ExecutionMode.CONCURRENT)
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("examples");

    /** CLOCK_MONOTONIC at the anchor of every segment. */
    private final long origin = System.nanoTime();

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
                .contains(
                        "ActTogether.java",
                        "DirectAccess.java",
                        "Minimal.java",
                        "OrderEvents.java",
                        "SystemIntegration.java");
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
        assertThat(run(example, segment("shm", 0, 0))).contains("2025-03-13");
    }

    /** Four processes with segments of their own stand for four hosts, each with its error, all of them honest. */
    @Test
    void shouldOrderTheEventsOfSeveralHostsWithoutAWrongCertainAnswer() throws Exception {
        Path segment = segment("exact", 0, 0.0001f);
        String output = run(
                EXAMPLES.resolve("OrderEvents.java"),
                segment,
                segment.toString(),
                segment("ahead", 0.0019, 0.002f).toString(),
                segment("behind", -0.0009, 0.001f).toString(),
                segment("unsure", 0.0001, 0.005f).toString());
        assertThat(output)
                .contains("10000 events")
                .contains("time bounds:  0 wrong certain answers")
                .doesNotContain("plain clocks: 0 wrong");
        // The hosts' errors alone would have misled: what is near is undecided, what is far is not.
        assertThat(output).containsPattern("9[0-9]\\.[0-9]+ % certain");
    }

    /** The time of a host that is off by so much and knows it may be off by the bound; all hosts share the test's origin. */
    private Path segment(String name, double error, float bound) {
        Path path = directory.resolve(name);
        TestSegment.create(path)
                .fill(TestSegment.ANCHOR, origin)
                .with(RecordLayout.OFFSET_CORRECTION, error)
                .withFloat(RecordLayout.MAX_ERROR, bound)
                .with(RecordLayout.VALID_UNTIL, TestSegment.ANCHOR + 100_000)
                .publish();
        return path;
    }

    private String run(Path example, Path segment, String... arguments) throws Exception {
        Path output = directory.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes(),
                example.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("CHRONOTICK_SHM", segment.toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        return Files.readString(output);
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
