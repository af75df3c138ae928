// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher of the npm package, installed beside a runtime image whose Java is a script that prints its arguments. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "stands on scripts for a POSIX shell")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class NpmLauncherTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
    private static final Instant JAR_TIME = Instant.ofEpochSecond(1_790_000_000);
    private static final String PRINT_ARGUMENTS = "for a in \"$@\"; do echo \"$a\"; done\nexit 7\n";

    @TempDir
    Path directory = Path.of("");

    private final Map<String, String> environment = new HashMap<>();
    private Path node = Path.of("");
    private Path installed = Path.of("");
    private Path image = Path.of("");
    private Path jar = Path.of("");

    @BeforeEach
    void install() throws IOException, InterruptedException {
        Programs.require("node", "Debian: apt-get install nodejs");
        String[] facts = Programs.run(
                        directory,
                        Map.of(),
                        List.of("node", "-p", "process.execPath + '\\n' + process.platform + '-' + process.arch"))
                .check()
                .out()
                .strip()
                .split("\n", 2);
        // Also for a user that owns nothing.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        node = Path.of(facts[0]);
        Path modules = directory.resolve("a place/node_modules");
        installed = modules.resolve("chronotick");
        Files.createDirectories(installed.resolve("bin"));
        Files.createDirectories(installed.resolve("lib"));
        Files.copy(REPOSITORY.resolve("packaging/npm/chronotick.mjs"), installed.resolve("bin/chronotick.mjs"));
        Files.writeString(installed.resolve("package.json"), "{\"version\": \"1.2.3\"}");
        jar = Files.createFile(installed.resolve("lib/chronotick-cli.jar"));
        image = modules.resolve("@chronotick/runtime-" + facts[1]);
        Files.createDirectories(image.resolve("runtime/bin"));
        Files.writeString(
                image.resolve("package.json"), "{\"chronotick\": {\"jarTime\": " + JAR_TIME.getEpochSecond() + "}}");
        script(image.resolve("runtime/bin/java"), PRINT_ARGUMENTS);
        environment.put("PATH", "/nonexistent");
        environment.put("HOME", directory.resolve("home").toString());
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        assertThat(file.toFile().setExecutable(true, false)).isTrue(); // for every user
    }

    private ProcessBuilder launcher(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(node.toString(), installed.resolve("bin/chronotick.mjs").toString()));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder;
    }

    private Programs.Result run(List<String> prefix, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of("env", "-i"));
        environment.forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(launcher(arguments).command());
        return Programs.run(directory, Map.of(), command);
    }

    private Programs.Result run(String... arguments) throws IOException, InterruptedException {
        return run(List.of(), arguments);
    }

    /** Two launchers, one set of flags. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "read",
                "now",
                "json",
                "status",
                "sources",
                "daemon",
                "mcp",
                "demo",
                "benchmark",
                "lab",
                "monitor",
                "top",
                "page",
                "doctor",
                "--version"
            })
    void shouldGiveJavaWhatTheOtherLauncherGivesIt(String command) throws IOException, InterruptedException {
        Path dist = directory.resolve("dist");
        Files.createDirectories(dist.resolve("bin"));
        Files.createDirectories(dist.resolve("lib"));
        Files.createDirectories(dist.resolve("runtime/bin"));
        Files.copy(
                REPOSITORY.resolve("chronotick"), dist.resolve("bin/chronotick"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(jar, dist.resolve("lib/chronotick-cli.jar"));
        script(dist.resolve("runtime/bin/java"), PRINT_ARGUMENTS);
        for (String cache : List.of("chronotick.aot", "chronotick-mcp.aot")) {
            Files.writeString(dist.resolve(cache), "a cache");
        }
        String expected = Programs.run(
                        directory,
                        Map.of(),
                        List.of(dist.resolve("bin/chronotick").toString(), command, "a b", ""))
                .out()
                .replace("-Dchronotick.command=" + dist.resolve("bin/chronotick"), "-Dchronotick.command=chronotick")
                .replace(dist.resolve("bin/chronotick").toString(), "LAUNCHER")
                .replace(dist.resolve("lib").toString(), "LIB")
                .replace(dist.toString(), "IMAGE");
        Programs.Result result = run(command, "a b", "");
        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.err()).isEmpty();
        assertThat(result.out()
                        .replace(installed.resolve("bin/chronotick.mjs").toString(), "LAUNCHER")
                        .replace(installed.resolve("lib").toString(), "LIB")
                        .replace(image.toString(), "IMAGE"))
                .isEqualTo(expected)
                .contains("AOTCache=IMAGE/", "-cp\nLIB/chronotick-cli.jar\n");
    }

    @Test
    void shouldSayHowItIsCalledThroughNpx() throws IOException, InterruptedException {
        environment.put("npm_command", "exec");
        assertThat(run("mcp").out())
                .contains(
                        "-Dchronotick.command=npx -y chronotick\n",
                        "-Dchronotick.launcher=npx\n-Dchronotick.launcher.arguments=-y chronotick\n");
    }

    @Test
    void shouldPassOnSignalsAndInput() throws IOException, InterruptedException {
        script(
                image.resolve("runtime/bin/java"),
                "trap 'kill $!; exit 9' TERM\necho started\nread line\n/bin/sleep 600 &\necho \"$line\"\nwait\n");
        Process process = launcher("read").start();
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        assertThat(reader.readLine()).isEqualTo("started");
        process.outputWriter().append("a line\n").flush();
        assertThat(reader.readLine()).isEqualTo("a line");
        process.destroy();
        assertThat(process.waitFor()).isEqualTo(9);
    }

    @Test
    void shouldEndAsJavaEnded() throws IOException, InterruptedException {
        script(image.resolve("runtime/bin/java"), "kill -KILL $$\n");
        assertThat(run("read").exitCode()).isEqualTo(128 + 9);
    }

    @Test
    void shouldSayWhatIsMissingWhereThereIsNoJava() throws IOException, InterruptedException {
        Files.move(image, directory.resolve("elsewhere"));
        Programs.Result result = run("read");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err())
                .contains("@chronotick/runtime-", "adoptium.net")
                .hasLineCount(1);
    }

    @Test
    void shouldSayThatAJavaCannotBeStarted() throws IOException, InterruptedException {
        Files.delete(image.resolve("runtime/bin/java"));
        Programs.Result result = run("read");
        assertThat(result.exitCode()).isEqualTo(70);
        assertThat(result.err()).contains("cannot start").hasLineCount(1);
    }

    @Test
    void shouldTakeARecentJavaOfTheMachineWhereThereIsNoImage() throws IOException, InterruptedException {
        Files.move(image, directory.resolve("elsewhere"));
        Path old = jdk("jdk-17", "17.0.1");
        Path recent = jdk("jdk-25", "25");
        environment.put("JAVA_HOME", old.toString());
        assertThat(run("read").exitCode()).isEqualTo(2);
        environment.put("PATH", old.resolve("bin") + ":" + recent.resolve("bin"));
        Programs.Result result = run("read");
        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.out()).doesNotContain("AOTCache").endsWith("io.chronotick.cli.Main\nread\n");
        environment.put("JAVA_HOME", recent.toString());
        environment.put("PATH", "/nonexistent");
        assertThat(run("read").exitCode()).isEqualTo(7);
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = directory.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        script(home.resolve("bin/java"), PRINT_ARGUMENTS);
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    /** The JVM takes a cache only if the jars have the times that they had when it was made. */
    @Test
    void shouldGiveTheJarsTheTimeOfTheCache() throws IOException, InterruptedException {
        assertThat(Files.getLastModifiedTime(jar)).isNotEqualTo(FileTime.from(JAR_TIME));
        run("read");
        assertThat(Files.getLastModifiedTime(jar)).isEqualTo(FileTime.from(JAR_TIME));
    }

    @Test
    void shouldUseCopiesWhereTheTimesAreNotItsOwnToSet() throws IOException, InterruptedException {
        Programs.requireRoot();
        Path home = Files.createDirectory(directory.resolve("home"));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        for (int i = 0; i < 2; i++) {
            Path copy = home.resolve(".cache/chronotick/1.2.3-" + JAR_TIME.getEpochSecond());
            Programs.Result result = run(Programs.AS_NOBODY, "read");
            assertThat(result.out()).contains("-cp\n" + copy.resolve("chronotick-cli.jar") + "\n", "AOTCache");
            assertThat(Files.getLastModifiedTime(copy.resolve("chronotick-cli.jar")))
                    .isEqualTo(FileTime.from(JAR_TIME));
            try (Stream<Path> copies = Files.list(copy.resolve(".."))) {
                assertThat(copies).hasSize(1);
            }
        }
        environment.put("XDG_CACHE_HOME", directory.resolve("not to be made").toString());
        Programs.Result result = run(Programs.AS_NOBODY, "read");
        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.out()).contains("-cp\n" + jar + "\n").doesNotContain("AOTCache");
    }
}
