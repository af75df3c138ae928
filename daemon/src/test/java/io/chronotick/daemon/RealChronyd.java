// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** A chronyd of this machine's own, serving its system clock on loopback without touching it. */
final class RealChronyd implements AutoCloseable {
    private final Process process;
    private final int port;

    private RealChronyd(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one, or skips the test where chrony is not installed; in continuous integration that is a failure. */
    static RealChronyd start(Path directory) throws IOException {
        List<Path> programs = Stream.of("/usr/sbin/chronyd", "/usr/bin/chronyd", "/sbin/chronyd")
                .map(Path::of)
                .filter(Files::isExecutable)
                .toList();
        if (System.getenv("CI") != null) {
            assertThat(programs)
                    .as("chronyd has to be installed in continuous integration")
                    .isNotEmpty();
        }
        assumeTrue(!programs.isEmpty(), "chronyd is not installed (Debian: apt-get install chrony)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
        int port;
        try (DatagramSocket free = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            port = free.getLocalPort();
        }
        Path config = directory.resolve("chrony.conf");
        Files.writeString(config, """
                port %d
                local stratum 8
                allow 127.0.0.1
                bindaddress 127.0.0.1
                cmdport 0
                pidfile %s/chronyd.pid
                bindcmdaddress %s/chronyd.sock
                """.formatted(port, directory, directory));
        Process process = new ProcessBuilder(
                        programs.getFirst().toString(),
                        "-x",
                        "-d",
                        "-u",
                        System.getProperty("user.name"),
                        "-f",
                        config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chronyd.log").toFile())
                .start();
        return new RealChronyd(process, port);
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroy();
        TestDaemon.await("the end of chronyd", () -> !process.isAlive());
    }
}
