// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.agent.Tool;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The readers in other languages: their own tests, and that they say what the chronotick program says. */
@Order(2)
class ForeignClientsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path CLIENTS = ROOT.resolve("clients");
    private static final Path PYTHON = CLIENTS.resolve("python");
    private static final Path QUICK_REFERENCE = ROOT.resolveSibling("shared").resolve("spec/quick-reference.md");

    /** Larger than any process id of Linux (2^22). */
    private static final int NO_PROCESS = 1 << 30;

    private static final int NOBODY = 65534;

    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldPassThePythonTests() throws Exception {
        requirePython();
        Programs.Result result = python(Map.of(), "-m", "unittest");
        // What Python leaves out needs root, or programs that are installed in continuous integration.
        boolean strict = Programs.isRoot() && System.getenv("CI") != null;
        assertThat(result.check().err()).containsPattern(strict ? "\nOK\n" : "\nOK( \\(skipped=\\d+\\))?\n");
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

    @Test
    void shouldPassTheTypeScriptTests() throws Exception {
        Programs.Result result = TypeScript.built().run(Map.of(), "npm", "test");
        assertThat(result.check().out()).containsPattern("\n# pass [1-9]\\d*\n# fail 0\n# cancelled 0\n");
        // What they leave out needs root.
        if (Programs.isRoot()) {
            assertThat(result.out()).contains("\n# skipped 0\n");
        }
    }

    /** The daemon's own writer at its highest rate. */
    @Test
    @Tag("slow")
    void shouldReadNoTornRecordInTypeScriptWhileADaemonWrites() throws Exception {
        TypeScript client = TypeScript.built();
        try (LiveDaemon daemon = new LiveDaemon(directory, "--freq", "1000")) {
            Map<String, String> environment =
                    Map.of("CHRONOTICK_SHM", daemon.segment().toString());
            Programs.Result result = client.run(environment, "node", "dist/test/measure.js", "200000");
            assertThat(result.check().out())
                    .containsPattern("while [1-9]\\d* records were written: 0 torn, 0 backwards\n$");
            assertThat(daemon.segment()).exists();
        }
    }

    /** With the frameworks themselves, 125 MB from npm, and as one who has installed the package. */
    @Test
    @Tag("slow")
    void shouldOfferTheToolsToTheFrameworksOfTypeScript() throws Exception {
        TypeScript client = TypeScript.built();
        Path adapters = client.root.resolve("adapters");
        TypeScript.install(adapters);
        Programs.Result result = Programs.run(adapters, Map.of(), List.of("npm", "test"));
        assertThat(result.check().out()).containsPattern("\n# pass [1-9]\\d*\n# fail 0\n# cancelled 0\n# skipped 0\n");
        client.run(Map.of(), "npm", "run", "build:adapters").check();
        client.run(Map.of(), "npm", "pack", "--ignore-scripts").check();
        TypeScript.installPacked(client.root, adapters);
        Programs.Result consumer = Programs.run(adapters, Map.of(), List.of("node", "test/consumer.mjs"));
        assertThat(consumer.check().out())
                .isEqualTo("function ./x function\nget_time,get_daemon_status get_time,get_daemon_status\n");
    }

    /** A model reads the same whichever language its host is written in. */
    @Test
    void shouldDescribeTheToolsInTypeScriptAsInJava() throws Exception {
        String program = "import { chronotickTools } from './dist/src/tools.js';"
                + " console.log(JSON.stringify(chronotickTools().map(({ call, ...tool }) => tool)));";
        Programs.Result result = TypeScript.built().run(Map.of(), "node", "--input-type=module", "--eval", program);
        ObjectMapper json = new ObjectMapper();
        List<Map<String, Object>> inJava = Stream.of(Tool.GET_TIME, Tool.GET_DAEMON_STATUS)
                .map(tool -> Map.of(
                        "name", tool.id(),
                        "title", tool.title(),
                        "description", tool.description(),
                        "inputSchema", tool.inputSchema()))
                .collect(Collectors.toList());
        assertThat(json.readTree(result.check().out())).isEqualTo(json.valueToTree(inJava));
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

    /** The same exit code and labels, and the same sentence about what is wrong. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ready",
                "learned models",
                "holdover",
                "warming up",
                "no measurement",
                "expired",
                "suspended",
                "dead",
                "another boot",
                "another time namespace",
                "another magic",
                "short",
                "writable",
                "link",
                "of another user",
                "directory",
                "none"
            })
    void shouldSayInEveryLanguageWhatTheProgramSays(String state) throws Exception {
        requirePython();
        TypeScript typeScript = TypeScript.built(); // first: the record below ages
        Path segment = directory.resolve("segment");
        write(state, segment);
        for (String command : List.of("read", "status", "json --pretty")) {
            String[] arguments = (command + " --shm " + segment).split(" ");
            TestShell shell = new TestShell();
            int exitCode = shell.run(arguments);
            Programs.Result result = python(Map.of(), ("-m chronotick " + String.join(" ", arguments)).split(" "));
            assertThat(result.exitCode()).as(command).isEqualTo(exitCode);
            assertThat(labels(result.out())).as(command).isEqualTo(labels(shell.out()));
            assertThat(numberless(result.err())).as(command).isEqualTo(numberless(shell.err()));
            if (command.equals("read")) {
                assertThat(numberless(inC(segment).err())).isEqualTo(numberless(shell.err()));
                Programs.Result inTypeScript = typeScript.run(Map.of(), "node", "dist/test/say.js", segment.toString());
                assertThat(numberless(inTypeScript.check().err())).isEqualTo(numberless(shell.err()));
            }
        }
    }

    private Programs.Result inC(Path segment) throws Exception {
        Programs.require("cc", "Debian: apt-get install gcc libc6-dev");
        Path program = directory.resolve("say");
        Programs.run(
                        CLIENTS.resolve("c/test"),
                        Map.of(),
                        List.of("cc", "-std=c11", "-I..", "say.c", "-o", program.toString()))
                .check();
        return Programs.run(directory, Map.of(), List.of(program.toString(), segment.toString()))
                .check();
    }

    private static void write(String state, Path segment) throws Exception {
        SampleSegment sample = new SampleSegment(ProcessHandle.current().pid());
        // The machine may be slow: a record some seconds old still has to count as that of a running daemon.
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        int ready = RecordLayout.FLAG_VALID | RecordLayout.FLAG_NTP_READY | RecordLayout.FLAG_WARMUP_COMPLETE;
        long mono = sample.bytes.getLong(RecordLayout.MONOTONIC_NS);
        switch (state) {
            case "learned models" -> sample.text(PageLayout.LEARNED_MODELS, "short-term: heard");
            case "holdover" -> sample.bytes.putInt(RecordLayout.FLAGS, ready | RecordLayout.FLAG_HOLDOVER);
            case "warming up" -> sample.bytes.putInt(RecordLayout.FLAGS, RecordLayout.FLAG_NTP_READY);
            case "no measurement" -> SegmentCommandsTest.knowsNothing(sample);
            case "expired" -> sample.bytes.putLong(RecordLayout.MONOTONIC_NS, mono - 3_600_000_000_000L);
            case "suspended" ->
                sample.bytes
                        .putDouble(PageLayout.UPDATE_FREQUENCY, 100)
                        .putLong(RecordLayout.MONOTONIC_NS, mono - 1_000_000_000L)
                        .putDouble(
                                RecordLayout.VALID_UNTIL,
                                sample.bytes.getDouble(RecordLayout.SYSTEM_TIMESTAMP) + 1_000_000)
                        .putLong(PageLayout.BOOTTIME_LEAD_NS, -1_000_000_000_000L)
                        .putInt(PageLayout.BOOTTIME_KNOWN, 1);
            case "dead" ->
                sample.bytes
                        .putInt(RecordLayout.WRITER_PID, NO_PROCESS)
                        .putLong(RecordLayout.MONOTONIC_NS, mono - 3_600_000_000_000L);
            case "another boot" -> sample.bytes.putLong(PageLayout.BOOT_ID, 1);
            case "another time namespace" -> sample.bytes.putLong(PageLayout.TIME_NAMESPACE, 1);
            case "another magic" -> sample.bytes.putLong(PageLayout.MAGIC, 1);
            default -> {} // ready, or not in its bytes
        }
        switch (state) {
            case "none" -> {}
            case "directory" -> Files.createDirectory(segment);
            case "short" -> Files.write(segment, new byte[128]);
            case "link" -> {
                Path file = segment.resolveSibling("file");
                sample.writeTo(file);
                Files.createSymbolicLink(segment, file);
            }
            default -> sample.writeTo(segment);
        }
        if (state.equals("writable")) {
            Files.setPosixFilePermissions(segment, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        if (state.equals("of another user") && Programs.isRoot()) {
            Files.setAttribute(segment, "unix:uid", NOBODY);
        }
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
