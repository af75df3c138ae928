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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A chronyd of this machine's own, serving its system clock without touching it. */
final class RealChronyd implements AutoCloseable {
    private final Process process;
    private final String address;

    private RealChronyd(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    /** Starts one on loopback, or skips the test where chrony is not installed. */
    static RealChronyd start(Path directory) throws IOException {
        return start(directory, "127.0.0.1", List.of());
    }

    /** Starts one on an address by another program, which gives it its network; or skips the test where chrony is not installed; in continuous integration that is a failure. */
    static RealChronyd start(Path directory, String ip, List<String> launcher) throws IOException {
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
                allow all
                bindaddress %s
                cmdport 0
                pidfile %s/chronyd.pid
                bindcmdaddress %s/chronyd.sock
                """.formatted(port, ip, directory, directory));
        List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of(
                programs.getFirst().toString(),
                "-x",
                "-d",
                "-u",
                System.getProperty("user.name"),
                "-f",
                config.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chronyd.log").toFile())
                .start();
        return new RealChronyd(process, ip + ":" + port);
    }

    String address() {
        return address;
    }

    @Override
    public void close() {
        process.destroy();
        TestDaemon.await("the end of chronyd", () -> !process.isAlive());
    }
}
