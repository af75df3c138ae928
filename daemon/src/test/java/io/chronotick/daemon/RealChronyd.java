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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A chronyd of this machine's own, serving its system clock without touching it. */
final class RealChronyd implements AutoCloseable {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int ATTEMPTS = 5;

    /** In a network of its own. */
    static final int PORT = 11_123;

    private final Process process;
    private final String address;

    private RealChronyd(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    /** Starts one on loopback, or skips the test where chrony is not installed; in continuous integration that is a failure. */
    static RealChronyd start(Path directory) throws IOException {
        String ip = LOOPBACK.getHostAddress();
        // chronyd does not choose a port by itself; one that is free now may be somebody's when it comes to it.
        for (int attempt = 1; ; attempt++) {
            int port;
            try (DatagramSocket free = new DatagramSocket(0, LOOPBACK)) {
                port = free.getLocalPort();
            }
            Process process = launch(directory, ip, port, List.of());
            if (awaitAnswer(process, port)) {
                return new RealChronyd(process, ip + ":" + port);
            }
            assertThat(attempt)
                    .as("chronyd does not start: " + Files.readString(directory.resolve("chronyd.log")))
                    .isLessThan(ATTEMPTS);
        }
    }

    /** Starts one by a program that gives it a network of its own, where every port is free. Nobody here can wait for it. */
    static RealChronyd start(Path directory, String ip, List<String> launcher) throws IOException {
        return new RealChronyd(launch(directory, ip, PORT, launcher), ip + ":" + PORT);
    }

    private static Path program() {
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
        return programs.getFirst();
    }

    private static Process launch(Path directory, String ip, int port, List<String> launcher) throws IOException {
        Path program = program();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
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
        // As whoever runs the test, who need not be root nor have a name: -U does not ask, and "root" is nobody to
        // change to.
        command.addAll(List.of(program.toString(), "-x", "-d", "-U", "-u", "root", "-f", config.toString()));
        return new ProcessBuilder(command)
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
        return address;
    }

    @Override
    public void close() {
        process.destroy();
        TestDaemon.await("the end of chronyd", () -> !process.isAlive());
    }
}
