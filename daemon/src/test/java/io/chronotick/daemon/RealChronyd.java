// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** A chronyd of this machine's own, serving its system clock on loopback without touching it. */
final class RealChronyd implements AutoCloseable {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int ATTEMPTS = 5;

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
        // chronyd does not choose a port by itself; one that is free now may be somebody's when it comes to it.
        for (int attempt = 1; ; attempt++) {
            int port;
            try (DatagramSocket free = new DatagramSocket(0, LOOPBACK)) {
                port = free.getLocalPort();
            }
            Process process = launch(programs.getFirst(), directory, port);
            if (awaitAnswer(process, port)) {
                return new RealChronyd(process, port);
            }
            assertThat(attempt)
                    .as("chronyd does not start: " + Files.readString(directory.resolve("chronyd.log")))
                    .isLessThan(ATTEMPTS);
        }
    }

    private static Process launch(Path program, Path directory, int port) throws IOException {
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
        // As whoever runs the test, who need not be root nor have a name: -U does not ask, and "root" is nobody to
        // change to.
        return new ProcessBuilder(program.toString(), "-x", "-d", "-U", "-u", "root", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chronyd.log").toFile())
                .start();
    }

    /** False if it has ended instead. */
    private static boolean awaitAnswer(Process process, int port) throws IOException {
        try (DatagramSocket client = new DatagramSocket(0, LOOPBACK)) {
            client.setSoTimeout(100);
            byte[] request = new byte[48];
            request[0] = 4 << 3 | 3; // version 4, client
            while (process.isAlive()) {
                try {
                    client.send(new DatagramPacket(request, request.length, LOOPBACK, port));
                    client.receive(new DatagramPacket(new byte[48], 48));
                    return true;
                } catch (SocketTimeoutException e) {
                    // not yet
                }
            }
            return false;
        }
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
