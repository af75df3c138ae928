// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.time.CpuAffinity;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs what README.md, docs and the clients' READMEs show, against a live daemon. A fenced block is run if the line above its
 * fence is a mark:
 *
 * <ul>
 *   <li>{@code <!-- run -->}: bash and console blocks by bash, python by Python, java, c and typescript compiled and run, yaml checked by
 *       {@code chronotick config check}. What begins with {@code $} in a console block is a command, the rest what it prints:
 *       that has to have this shape; see below.
 *   <li>{@code <!-- run: exit 3 -->}: it ends with that exit code; {@code any exit}: with whichever.
 *   <li>{@code <!-- run: no daemon -->}: where no daemon runs; may be combined, as in {@code no daemon, exit 3}.
 *   <li>{@code <!-- run: some lines -->}: which of the lines are printed depends on the machine; others must not be.
 *   <li>{@code <!-- run: until ready -->}: a daemon, which is stopped when it is READY.
 *   <li>{@code <!-- run: with --duration 5 -->}: with these arguments appended, because it would take long.
 *   <li>{@code <!-- not run: reason -->}.
 * </ul>
 *
 * <p>What a machine, its speed or its load decides is no part of the shape, by these rules: numbers with their units; what stands
 * in parentheses, where commands put what they have found; whether a check holds, and what to do if not (indented by four);
 * yes and no; the state of a server, who speaks, ratings and versions; that a record is old, where a daemon was starved of CPU.
 *
 * <p>With {@code -Dchronotick.docs=write} the output in the documents is replaced by what the commands print.
 */
@Order(1)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DocumentationTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final boolean WRITE = "write".equals(System.getProperty("chronotick.docs"));
    private static final List<String> RUNNABLE =
            List.of("bash", "console", "python", "java", "c", "typescript", "yaml");
    private static final List<String> LINKED = List.of("clients", "docs", "README.md");
    private static final String USUAL_SEGMENT = "/dev/shm/chronotick_shm";
    private static final Pattern NUMBER = Pattern.compile("[-+±]?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

    @TempDir
    static Path directory = Path.of("");

    private Path work = Path.of("");
    private LiveDaemon daemon;

    @BeforeAll
    void start() throws Exception {
        Programs.require("python3", "Debian: apt-get install python3");
        Programs.require("cc", "Debian: apt-get install gcc libc6-dev");
        daemon = new LiveDaemon(directory);
        // As at the root of the repository, but for the program, which is the classes under test.
        work = Files.createDirectory(directory.resolve("work"));
        for (String name : LINKED) {
            Files.createSymbolicLink(work.resolve(name), ROOT.resolve(name));
        }
        Path program = work.resolve("chronotick");
        Files.writeString(program, """
                #!/bin/sh
                exec '%s' -XX:TieredStopAtLevel=1 -Xshare:auto -Dchronotick.command=./chronotick --enable-native-access=ALL-UNNAMED -cp '%s' io.chronotick.cli.Main "$@"
                """.formatted(java(), System.getProperty("java.class.path")));
        assertThat(program.toFile().setExecutable(true)).isTrue();
    }

    @AfterAll
    void stop() throws IOException {
        for (String name : LINKED) {
            Files.deleteIfExists(work.resolve(name));
        }
        if (daemon != null) {
            daemon.close();
        }
    }

    static List<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(
                            Stream.of(
                                            "README.md",
                                            "clients/python/README.md",
                                            "clients/c/README.md",
                                            "clients/typescript/README.md")
                                    .map(ROOT::resolve),
                            docs.filter(path -> path.toString().endsWith(".md")).sorted())
                    .collect(Collectors.toList());
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void shouldShowWhatHappens(Path document) throws Exception {
        List<String> lines = Files.readAllLines(document);
        List<String> problems = new ArrayList<>();
        int moved = 0;
        for (Block block : Block.in(document, lines)) {
            if (block.mark.startsWith("run")) {
                List<String> printed = run(block, problems);
                if (WRITE && block.language.equals("console")) {
                    List<String> place = lines.subList(block.line + moved, block.line + moved + block.text.size());
                    place.clear();
                    place.addAll(printed);
                    moved += printed.size() - block.text.size();
                }
            }
        }
        if (WRITE) {
            Files.write(document, lines);
        }
        assertThat(problems).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void shouldMarkEveryBlock(Path document) throws IOException {
        List<String> lines = Files.readAllLines(document);
        assertThat(Block.in(document, lines))
                .filteredOn(block -> RUNNABLE.contains(block.language) && block.mark.isEmpty())
                .as("put <!-- run --> above each of these, or <!-- not run: why -->")
                .isEmpty();
        List<String> indented = new ArrayList<>();
        boolean fenced = false;
        for (String line : lines) {
            fenced ^= line.startsWith("```");
            if (!fenced && line.matches(" {4}(\\./chronotick|chronotick|python3?|mvn|cc|\\$) .*")) {
                indented.add(line);
            }
        }
        assertThat(indented).as("put commands into a fenced block").isEmpty();
    }

    @Test
    void shouldCompareWordsAndNotWhatTheMachineDecides() {
        assertThat(shape(List.of("✓ Clock without a call (clock source tsc)", "Offset:  +1.5 µs", "    wait")))
                .isEqualTo(shape(List.of("✗ Clock without a call (clock source kvm-clock)", "Offset:  -22 ms")))
                .isNotEqualTo(shape(List.of("✓ Clock without a call", "Offzet:  +1.5 µs")));
    }

    @Test
    void shouldLinkToFilesThatExist() throws IOException {
        Pattern link = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");
        List<String> missing = new ArrayList<>();
        for (Path document : documents()) {
            Matcher matcher = link.matcher(Files.readString(document));
            while (matcher.find()) {
                if (!Files.exists(document.resolveSibling(matcher.group(1)))) {
                    missing.add(ROOT.relativize(document) + ": " + matcher.group(1));
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    /** A class above 400 lines says why, and ARCHITECTURE.md lists it. */
    @Test
    void shouldGiveAReasonForEveryLongClass() throws IOException {
        Pattern list = Pattern.compile("These classes have more than 400 lines;.*?\\n\\n", Pattern.DOTALL);
        Matcher listed = list.matcher(Files.readString(ROOT.resolve("ARCHITECTURE.md")));
        assertThat(listed.find()).isTrue();
        List<String> names = Pattern.compile("`(\\w+)`")
                .matcher(listed.group())
                .results()
                .map(name -> name.group(1))
                .collect(Collectors.toList());
        List<Path> modules;
        try (Stream<Path> poms = Files.find(ROOT, 3, (path, attributes) -> path.endsWith("pom.xml"))) {
            modules = poms.map(pom -> pom.resolveSibling("src/main/java"))
                    .filter(Files::exists)
                    .collect(Collectors.toList());
        }
        List<String> found = new ArrayList<>();
        for (Path module : modules) {
            try (Stream<Path> sources =
                    Files.find(module, 20, (path, attributes) -> path.toString().endsWith(".java"))) {
                for (Path source : sources.collect(Collectors.toList())) {
                    List<String> lines = Files.readAllLines(source);
                    if (lines.size() > 400) {
                        assertThat(lines).as(source.toString()).anyMatch(line -> line.contains("// Long because: "));
                        found.add(source.getFileName().toString().replace(".java", ""));
                    }
                }
            }
        }
        assertThat(names).containsExactlyInAnyOrderElementsOf(found);
    }

    @Test
    void shouldDocumentTheLayoutThatTheCodeHas() throws Exception {
        Map<String, Integer> documented = new HashMap<>();
        Pattern row = Pattern.compile("\\| (\\d+) \\| [^|]+ \\| (\\w+) \\|.*");
        for (String line : Files.readAllLines(ROOT.resolve("docs/shared-memory.md"))) {
            Matcher matcher = row.matcher(line);
            if (matcher.matches()) {
                documented.put(matcher.group(2), Integer.valueOf(matcher.group(1)));
            }
        }
        Map<String, Integer> coded = new HashMap<>();
        for (Class<?> layout : List.of(RecordLayout.class, PageLayout.class)) {
            for (Field field : layout.getFields()) {
                // Offsets; not sizes, counts, versions and flag bits.
                if (field.getType() == int.class
                        && !field.getName().matches(".*_SIZE|VERSION|MAX_SOURCES|DROP_REASONS|FLAG_.*")) {
                    coded.put(field.getName().toLowerCase(Locale.ROOT), field.getInt(null));
                }
            }
        }
        assertThat(documented).isEqualTo(coded);
    }

    /** Runs a block; returns what it should say, if it is a console block. */
    private List<String> run(Block block, List<String> problems) throws Exception {
        switch (block.language) {
            case "console" -> {
                return runConsole(block, problems);
            }
            case "bash" -> check(block, bash(block, String.join("\n", block.text)), problems);
            case "python" -> check(block, execute(block, "python3", file(block, "example.py")), problems);
            case "java" -> check(block, execute(block, java(), "-cp", classes(), javaFile(block)), problems);
            case "c" -> {
                String compile = "cc -std=gnu11 -Wall -Wextra -Werror -I clients/c -o example ";
                check(
                        block,
                        execute(block, "sh", "-c", compile + file(block, "example.c") + " && ./example"),
                        problems);
            }
            case "typescript" ->
                check(
                        block,
                        TypeScript.built().runSource(String.join("\n", block.text), environment(segmentOf(block))),
                        problems);
            case "yaml" ->
                check(block, execute(block, "./chronotick", "config", "check", file(block, "example.yaml")), problems);
            default -> problems.add(block + ": " + block.language + " cannot be run");
        }
        return List.of();
    }

    /** Command after command, each with its output. */
    private List<String> runConsole(Block block, List<String> problems) throws Exception {
        List<String> session = new ArrayList<>();
        int at = 0;
        while (at < block.text.size()) {
            String command = block.text.get(at);
            assertThat(command).as(block.toString()).startsWith("$ ");
            session.add(command);
            int end = at + 1;
            while (end < block.text.size() && !block.text.get(end).startsWith("$ ")) {
                end++;
            }
            Programs.Result result = bash(block, command.substring(2) + " 2>&1");
            List<String> printed = result.out()
                    .replace(daemon.segment().toString(), USUAL_SEGMENT)
                    .replace(nowhere().toString(), USUAL_SEGMENT)
                    .lines()
                    .map(String::stripTrailing)
                    .collect(Collectors.toList());
            session.addAll(printed);
            boolean last = end == block.text.size();
            if (!(last ? block.expects(result.exitCode()) : result.exitCode() == 0)) {
                problems.add(block + ": " + command + ": " + result);
            } else if (!WRITE) {
                List<String> expected = shape(block.text.subList(at + 1, end));
                if (block.mark.contains("some lines")) {
                    expected.retainAll(shape(printed));
                }
                if (!shape(printed).equals(expected)) {
                    problems.add(block + ": " + command + "\nexpected " + String.join("\n", expected) + "\nprinted "
                            + String.join("\n", shape(printed)));
                }
            }
            at = end;
        }
        return session;
    }

    /** Lines without what differs from run to run and from machine to machine; the rules are those above. */
    private static List<String> shape(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.startsWith("    "))
                .filter(line -> !line.matches("Record Age: .*|chronotick: the record is .* old: .*"))
                .map(line -> line.replaceAll("\\([^()]*\\)", ""))
                .map(line -> NUMBER.matcher(line).replaceAll("#"))
                .map(line -> line.replaceAll("#( #)+", "#"))
                .map(line -> line.replaceAll("(# d )?(# h )?(# min )?# (ns|µs|ms|s)\\b", "#"))
                .map(line -> line.replaceAll("^[*+x?](?= )", "*"))
                .map(line -> line.replaceAll("\\b(selected|candidate|falseticker|unreachable)\\b", "STATE"))
                .map(line -> line.replaceAll("\\b(CPU_MODEL|GPU_MODEL|FUSION|NTP)\\b", "SOURCE"))
                .map(line -> line.replaceAll("\\b(true|false|yes|no|kernel|user)\\b", "WORD"))
                .map(line -> line.replaceAll("✗", "✓"))
                .map(line -> line.replaceAll("\\b[MTWFS][a-z]+day, # [A-Z][a-z]+", "DATE"))
                .map(line -> line.replaceAll("⭐.*", "RATING"))
                .map(line -> line.replaceAll("(version|ChronoTick|chronotick) (#|development)\\S*.*", "VERSION"))
                .map(line -> line.replaceAll("^(# checks? fails?\\.|All .*)", "VERDICT"))
                .map(line -> line.replaceAll("[-=─]{3,}", "---"))
                .map(line -> line.replaceAll("\\s+", " ").strip())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.toList());
    }

    private static void check(Block block, Programs.Result result, List<String> problems) {
        if (!block.expects(result.exitCode())) {
            problems.add(block + ": " + result);
        }
    }

    private Programs.Result bash(Block block, String script) throws Exception {
        // The first CPU is CPU 0, unless this machine has taken that from the test.
        String cpu = "--cpu-affinity " + CpuAffinity.available().getFirst();
        String whole = script.replace("--cpu-affinity 0", cpu) + block.appended();
        if (block.mark.contains("until ready")) {
            return untilReady(whole);
        }
        return execute(block, "bash", "-euo", "pipefail", "-c", whole);
    }

    private Programs.Result execute(Block block, String... command) throws Exception {
        return Programs.run(work, environment(segmentOf(block)), List.of(command));
    }

    private Path segmentOf(Block block) {
        return block.mark.contains("no daemon") ? nowhere() : daemon.segment();
    }

    private Path nowhere() {
        return directory.resolve("nowhere");
    }

    private Map<String, String> environment(Path segment) {
        Map<String, String> environment = new HashMap<>();
        environment.put("PATH", work + ":" + System.getenv("PATH"));
        environment.put("CHRONOTICK_SHM", segment.toString());
        environment.put("CHRONOTICK_SERVERS", daemon.serverList()); // nothing leaves this machine
        environment.put("NTP_SERVER", daemon.serverList().replaceFirst(",.*", ""));
        environment.put("PYTHONPATH", "clients/python:clients/python/tests/fake_sdk");
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        environment.put("PYTHONUTF8", "1");
        return environment;
    }

    /** Starts a daemon on a segment of its own, reads its log until it is READY, and stops it as Ctrl-C does. */
    private Programs.Result untilReady(String script) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("bash", "-euc", "exec " + script)
                .directory(work.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(environment(directory.resolve("own")));
        Process process = builder.start();
        CompletableFuture.delayedExecutor(5, TimeUnit.MINUTES)
                .execute(() -> process.toHandle().destroyForcibly());
        StringBuilder log = new StringBuilder();
        try (InputStream out = process.getInputStream()) {
            byte[] some = new byte[4096];
            int length;
            while ((length = out.read(some)) > 0) {
                log.append(new String(some, 0, length, StandardCharsets.UTF_8));
                if (log.indexOf("READY after") >= 0) {
                    process.toHandle().destroy(); // SIGTERM; the log goes on to its end
                }
            }
        }
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        boolean stopped = log.indexOf("READY after") >= 0 && process.exitValue() == ExitCode.OK;
        assertThat(directory.resolve("own")).doesNotExist();
        return new Programs.Result(stopped ? 0 : 1, log.toString(), "");
    }

    private String file(Block block, String name) throws IOException {
        Path file = work.resolve(name);
        Files.write(file, block.text);
        return file.toString();
    }

    /** The statements of the block in a program. */
    private String javaFile(Block block) throws IOException {
        Path file = work.resolve("Example.java");
        Files.writeString(file, """
                import io.chronotick.client.*;
                import java.time.*;
                public class Example {
                    public static void main(String[] args) throws Exception {
                        %s
                    }
                }
                """.formatted(String.join("\n", block.text)));
        return file.toString();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String classes() {
        return System.getProperty("java.class.path");
    }

    /**
     * A fenced block.
     *
     * @param line of its first line of text, from 0
     * @param mark what the comment above it says; empty if there is none
     */
    private record Block(Path document, int line, String language, String mark, List<String> text) {
        private static final Pattern MARK = Pattern.compile("<!-- ((?:not )?run.*?) -->");
        private static final Pattern EXIT = Pattern.compile("exit (\\d+)");
        private static final Pattern WITH = Pattern.compile("with (.*)");

        static List<Block> in(Path document, List<String> lines) {
            List<Block> blocks = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).startsWith("```")) {
                    int end = i + 1;
                    while (!lines.get(end).startsWith("```")) {
                        end++;
                    }
                    Matcher mark = MARK.matcher(i == 0 ? "" : lines.get(i - 1));
                    blocks.add(new Block(
                            document,
                            i + 1,
                            lines.get(i).substring(3).strip(),
                            mark.matches() ? mark.group(1) : "",
                            List.copyOf(lines.subList(i + 1, end))));
                    i = end;
                }
            }
            return blocks;
        }

        boolean expects(int exitCode) {
            Matcher matcher = EXIT.matcher(mark);
            return mark.contains("any exit") || exitCode == (matcher.find() ? Integer.parseInt(matcher.group(1)) : 0);
        }

        String appended() {
            Matcher matcher = WITH.matcher(mark);
            return matcher.find() ? " " + matcher.group(1) : "";
        }

        @Override
        public String toString() {
            return ROOT.relativize(document) + ":" + (line + 1);
        }
    }
}
