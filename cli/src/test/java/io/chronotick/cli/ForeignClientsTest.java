// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The readers in other languages: their own tests, and that they say what the chronotick program says. */
class ForeignClientsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path CLIENTS = ROOT.resolve("clients");
    private static final Path PYTHON = CLIENTS.resolve("python");
    private static final Path QUICK_REFERENCE = ROOT.resolveSibling("shared").resolve("spec/quick-reference.md");

    /** Larger than any process id of Linux (2^22). */
    private static final int NO_PROCESS = 1 << 30;

    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldPassThePythonTests() throws Exception {
        requirePython();
        Programs.Result result = python(Map.of(), "-m", "unittest");
        // Only root can be several users.
        boolean root = "root".equals(System.getProperty("user.name"));
        assertThat(result.check().err()).containsPattern(root ? "\nOK\n" : "\nOK( \\(skipped=\\d+\\))?\n");
    }

    @Test
    void shouldPassThePythonTestsAgainstADaemon() throws Exception {
        requirePython();
        try (LiveDaemon daemon = new LiveDaemon(directory)) {
            Map<String, String> environment = new HashMap<>();
            environment.put("CHRONOTICK_SHM", daemon.segment().toString());
            if (Files.exists(QUICK_REFERENCE)) {
                environment.put("CHRONOTICK_QUICK_REFERENCE", QUICK_REFERENCE.toString());
            }
            Programs.Result result = python(environment, "-m", "unittest", "tests.live");
            assertThat(result.check().err()).contains("\nOK\n");
            assertThat(daemon.segment()).exists();
        }
    }

    /** As both compilers see it, in the languages that it is written for. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gcc -std=c11",
                "clang -std=c11",
                "g++ -x c++ -std=c++17",
                "g++ -x c++ -std=c++20",
                "g++ -x c++ -std=c++23",
                "clang++ -x c++ -std=c++17",
                "clang++ -x c++ -std=c++20",
                "clang++ -x c++ -std=c++2b" // as Clang calls 23 before its version 17
            })
    void shouldPassTheCTests(String compiler) throws Exception {
        passCTests(compiler, "vectors", "machine");
    }

    /** What is undefined in C, or reads and writes what it should not, ends the program. */
    @Test
    void shouldPassTheCTestsUnderSanitizers() throws Exception {
        passCTests(
                "gcc -std=c11 -g -fsanitize=address,undefined,float-cast-overflow,float-divide-by-zero"
                        + " -fno-sanitize-recover=all",
                "vectors",
                "machine",
                "hostile");
    }

    private void passCTests(String compiler, String... tests) throws Exception {
        List<String> compile = new ArrayList<>(List.of(compiler.split(" ")));
        Programs.require(compile.get(0), "Debian: apt-get install gcc g++ clang libc6-dev");
        for (String test : tests) {
            Path program = directory.resolve(test + "_test");
            List<String> command = new ArrayList<>(compile);
            command.addAll(
                    List.of("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-O2", "-I.."));
            command.addAll(List.of(test + "_test.c", "-lm", "-o", program.toString()));
            Programs.run(CLIENTS.resolve("c/test"), Map.of(), command).check();
            List<String> run = new ArrayList<>(List.of(program.toString()));
            if (test.equals("vectors")) {
                run.add(CLIENTS.resolve("test-vectors/vectors.jsonl").toString());
            }
            run.add(directory.toString());
            Programs.Result result = Programs.run(directory, Map.of(), run);
            assertThat(result.check().out()).matches("\\d+ (checks|vectors), 0 failures\n");
        }
    }

    @Test
    void shouldSayInPythonWhatTheProgramSays() throws Exception {
        requirePython();
        Path segment = directory.resolve("segment");
        for (String state : List.of("ready", "holdover", "warming up", "no measurement", "expired", "dead", "none")) {
            if (state.equals("none")) {
                Files.delete(segment);
            } else {
                sample(state).writeTo(segment);
            }
            for (String command : List.of("read", "status", "json --pretty")) {
                String[] arguments = (command + " --shm " + segment).split(" ");
                TestShell shell = new TestShell();
                int exitCode = shell.run(arguments);
                Programs.Result result = python(Map.of(), ("-m chronotick " + String.join(" ", arguments)).split(" "));
                String what = state + ": " + command;
                assertThat(result.exitCode()).as(what).isEqualTo(exitCode);
                assertThat(labels(result.out())).as(what).isEqualTo(labels(shell.out()));
                assertThat(numberless(result.err())).as(what).isEqualTo(numberless(shell.err()));
            }
        }
    }

    private static SampleSegment sample(String state) {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        // The machine may be slow: a record some seconds old still has to count as that of a running daemon.
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        int ready = RecordLayout.FLAG_VALID | RecordLayout.FLAG_NTP_READY | RecordLayout.FLAG_WARMUP_COMPLETE;
        long mono = sample.bytes.getLong(RecordLayout.MONOTONIC_NS);
        switch (state) {
            case "holdover" -> sample.bytes.putInt(RecordLayout.FLAGS, ready | RecordLayout.FLAG_HOLDOVER);
            case "warming up" -> sample.bytes.putInt(RecordLayout.FLAGS, RecordLayout.FLAG_NTP_READY);
            case "no measurement" -> SegmentCommandsTest.knowsNothing(sample);
            case "expired" -> sample.bytes.putLong(RecordLayout.MONOTONIC_NS, mono - 3_600_000_000_000L);
            case "dead" ->
                sample.bytes
                        .putInt(RecordLayout.WRITER_PID, NO_PROCESS)
                        .putLong(RecordLayout.MONOTONIC_NS, mono - 3_600_000_000_000L);
            default -> assertThat(state).isEqualTo("ready");
        }
        return sample;
    }

    private static List<String> labels(String out) {
        return out.lines().map(line -> line.replaceFirst(":.*", "")).collect(Collectors.toList());
    }

    private static String numberless(String text) {
        return text.replaceAll("-?[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?", "#");
    }

    private static void requirePython() {
        Programs.require("python3", "Debian: apt-get install python3");
    }

    private static Programs.Result python(Map<String, String> environment, String... arguments) throws Exception {
        Map<String, String> all = new HashMap<>(environment);
        all.put("PYTHONDONTWRITEBYTECODE", "1"); // the sources stay as they are
        all.put("PYTHONUTF8", "1");
        List<String> command = new ArrayList<>(List.of("python3"));
        command.addAll(List.of(arguments));
        return Programs.run(PYTHON, all, command);
    }
}
