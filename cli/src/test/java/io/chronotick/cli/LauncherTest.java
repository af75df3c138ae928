// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a distribution whose Java is a script that prints its arguments. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a script for a POSIX shell")
class LauncherTest {
    private static final Path LAUNCHER =
            Path.of("..", "chronotick").toAbsolutePath().normalize();

    @TempDir
    Path directory = Path.of("");

    private Path dist = Path.of("");
    private Path launcher = Path.of("");
    private Path javaHome = Path.of("");

    @BeforeEach
    void install() throws IOException {
        dist = directory.resolve("a place/dist");
        launcher = dist.resolve("bin/chronotick");
        Files.createDirectories(dist.resolve("bin"));
        Files.createDirectories(dist.resolve("lib"));
        Files.copy(LAUNCHER, launcher, StandardCopyOption.COPY_ATTRIBUTES);
        Files.createFile(dist.resolve("lib/chronotick-cli.jar"));
        javaHome = directory.resolve("jdk");
        Files.createDirectories(javaHome.resolve("bin"));
        Path java = javaHome.resolve("bin/java");
        Files.writeString(java, "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\"; done\nexit 7\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        release("25.0.3");
    }

    private void release(String version) throws IOException {
        Files.writeString(javaHome.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    }

    private record Result(int exitCode, String out) {}

    private Result run(Path workingDirectory, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(workingDirectory.toFile());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        builder.environment().remove("HOME"); // as cron and some containers have it
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out);
    }

    @Test
    void shouldGiveTheDaemonTheModuleForModelsWhereItIsInstalled() throws IOException, InterruptedException {
        String both = dist.resolve("lib/chronotick-cli.jar") + ":" + dist.resolve("onnx") + "/*\n";
        assertThat(run(directory, launcher.toString(), "daemon").out()).doesNotContain(both);
        Files.createDirectories(dist.resolve("onnx"));
        assertThat(run(directory, launcher.toString(), "daemon").out()).contains("-cp\n" + both);
        assertThat(run(directory, launcher.toString(), "read").out()).doesNotContain(both);
    }

    @Test
    void shouldHandOverArgumentsAndExitCodeFromAnywhere() throws IOException, InterruptedException {
        Path link = directory.resolve("link");
        Files.createSymbolicLink(link, launcher);
        Path relative = directory.resolve("relative");
        Files.createSymbolicLink(relative, Path.of("link"));
        for (Result result : Stream.of(
                        run(directory, launcher.toString(), "read", "a b", ""),
                        run(dist.resolve("bin"), "./chronotick", "read", "a b", ""),
                        run(Path.of("/"), link.toString(), "read", "a b", ""),
                        run(directory, "./relative", "read", "a b", ""))
                .toList()) {
            assertThat(result.exitCode()).isEqualTo(7);
            assertThat(result.out()).endsWith("io.chronotick.cli.Main\nread\na b\n\n");
            assertThat(result.out()).contains("-cp\n" + dist.resolve("lib/chronotick-cli.jar") + "\n");
        }
    }

    @Test
    void shouldStartWithoutCacheWhenItCannotBeMade() throws IOException, InterruptedException {
        Result result = run(directory, launcher.toString(), "status");
        assertThat(result.out()).doesNotContain("AOTCache");
        assertThat(dist.resolve("chronotick.aot")).isEmptyFile();
    }

    /** Hosts do not wait: the cache is made beside the first start, and before it when a person asks for the configuration. */
    @Test
    void shouldTellTheMcpServerWhereItIs() throws IOException, InterruptedException {
        Result result = run(directory, launcher.toString(), "mcp", "--print-config");
        assertThat(result.out())
                .contains("-Dchronotick.launcher=" + launcher + "\n")
                .endsWith("io.chronotick.cli.Main\nmcp\n--print-config\n");
        assertThat(dist.resolve("chronotick-mcp.aot")).isEmptyFile();
        assertThat(dist.resolve("chronotick.aot")).doesNotExist();
        result = run(directory, launcher.toString(), "mcp");
        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.out()).endsWith("io.chronotick.cli.Main\nmcp\n");
    }

    @Test
    void shouldNotTakeAnOldJava() throws IOException, InterruptedException {
        release("17.0.1");
        Result result = run(directory, launcher.toString(), "read");
        // Another Java of this machine, or a line that says how to get one; never the old one.
        assertThat(result.exitCode()).isNotEqualTo(7);
        assertThat(result.out()).doesNotContain("unbound variable");
    }

    /** The Java found last time may have been replaced since. */
    @Test
    void shouldNotTakeAnOldJavaThatWasNewWhenItWasFound() throws IOException, InterruptedException {
        assertThat(run(directory, launcher.toString(), "read").exitCode()).isEqualTo(7);
        assertThat(dist.resolve("java.path")).exists();
        release("17.0.1");
        ProcessBuilder builder = new ProcessBuilder(launcher.toString(), "read").redirectErrorStream(true);
        builder.environment().remove("JAVA_HOME");
        Process process = builder.start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).isNotEqualTo(7);
    }

    @Test
    void shouldSayHowItWasCalled() throws IOException, InterruptedException {
        assertThat(run(dist.resolve("bin"), "./chronotick", "read").out())
                .contains("-Dchronotick.command=./chronotick\n");
        assertThat(run(dist.resolve("bin"), launcher.toString(), "read").out()).contains("-Dchronotick.command=");
    }

    @Test
    void shouldSayThatTheInstallationIsIncomplete() throws IOException, InterruptedException {
        Files.delete(dist.resolve("lib/chronotick-cli.jar"));
        Result result = run(directory, launcher.toString(), "read");
        assertThat(result.exitCode()).isEqualTo(ExitCode.INTERNAL_ERROR);
        assertThat(result.out()).contains("incomplete").hasLineCount(1);
    }
}
