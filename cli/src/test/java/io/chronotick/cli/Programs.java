// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Programs of this machine that tests run. */
final class Programs {
    private static final long PATIENCE_MINUTES = 20;

    /** The user that owns nothing. */
    static final String NOBODY = "65534";

    /** Runs a program as that user: these words before the program's. For root. */
    static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");

    /** Runs a program as process 1 of a pid namespace of its own, as in a container. For root. */
    static final List<String> IN_PID_NAMESPACE = List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc");

    private Programs() {}

    /** Runs a program in a time namespace whose monotonic and boot clocks are so many seconds ahead. For root. */
    static List<String> inTimeNamespace(int seconds) {
        String offset = String.valueOf(seconds);
        return List.of("unshare", "--time", "--monotonic", offset, "--boottime", offset, "--fork", "--kill-child");
    }

    /** Whether this is root, whatever name it has here: only root can be several users. */
    static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return false; // no Linux
        }
    }

    /** Skips the test where this is not root, or cannot become another user or make namespaces. */
    static void requireRoot() {
        assumeTrue(isRoot(), "to be another user, too, takes root");
        require("setpriv", "Debian: apt-get install util-linux");
        require("unshare", "Debian: apt-get install util-linux");
    }

    /**
     * What a program printed.
     *
     * @param out standard output
     * @param err standard error
     */
    record Result(int exitCode, String out, String err) {
        Result check() {
            assertThat(exitCode).as(this::toString).isZero();
            return this;
        }

        @Override
        public String toString() {
            return "exit code " + exitCode + "\n" + out + err;
        }
    }

    /** Skips the test where the program is not installed; in continuous integration that is a failure. */
    static void require(String program, String remedy) {
        boolean installed = find(program).isPresent();
        if (System.getenv("CI") != null) {
            assertThat(installed)
                    .as(program + " has to be installed in continuous integration: " + remedy)
                    .isTrue();
        }
        assumeTrue(installed, program + " is not installed (" + remedy + ")");
    }

    /** Ends processes with all that they have started, and forgets them. */
    static void kill(List<Process> processes) throws InterruptedException {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        processes.clear();
    }

    /** Where it is, on the PATH. */
    static Optional<Path> find(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static Result run(Path directory, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("out", "");
        Path err = Files.createTempFile("err", "");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("still running after " + PATIENCE_MINUTES + " minutes: " + command);
            }
            return new Result(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }
}
