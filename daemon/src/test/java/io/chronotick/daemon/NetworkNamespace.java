// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A network namespace of a test's own, which belongs to a process of the test and goes with it. Needs root. */
final class NetworkNamespace implements AutoCloseable {
    private final Process holder;

    private NetworkNamespace(Process holder) {
        this.holder = holder;
    }

    /** Makes one, or skips the test where that cannot be; in continuous integration that is a failure. */
    static NetworkNamespace open() throws IOException {
        boolean possible = TestUser.isRoot()
                && Files.isExecutable(Path.of("/usr/bin/unshare"))
                && (Files.isExecutable(Path.of("/usr/sbin/ip")) || Files.isExecutable(Path.of("/sbin/ip")));
        if (System.getenv("CI") != null) {
            assertThat(possible)
                    .as("continuous integration needs root, unshare and ip (iproute2)")
                    .isTrue();
        }
        assumeTrue(possible, "needs root, unshare and ip (iproute2)");
        Process holder = new ProcessBuilder("unshare", "--net", "sleep", "3600").start();
        TestDaemon.await(
                "the namespace",
                () -> !network(holder.pid())
                        .equals(network(ProcessHandle.current().pid())));
        return new NetworkNamespace(holder);
    }

    private static Optional<Path> network(long pid) {
        try {
            return Optional.of(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net")));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    long pid() {
        return holder.pid();
    }

    /** A command that runs another one in here. */
    List<String> in(String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net", "--target", String.valueOf(pid())));
        all.addAll(List.of(command));
        return all;
    }

    /** Runs ip(8) in here. */
    void ip(String command) throws Exception {
        List<String> words = new ArrayList<>(List.of("ip"));
        words.addAll(List.of(command.split(" ")));
        run(words.toArray(String[]::new));
    }

    /** Runs a command in here to its end, which has to be a good one; returns what it says. */
    String run(String... command) throws Exception {
        Process process =
                new ProcessBuilder(in(command)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", command), said)
                .isZero();
        return said;
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }
}
