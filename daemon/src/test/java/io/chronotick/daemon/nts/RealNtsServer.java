// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Debian's chronyd as an NTS server on the loopback. It serves the system clock and cannot touch it. */
public final class RealNtsServer implements AutoCloseable {
    private static final Path CHRONYD = Path.of("/usr/sbin/chronyd");
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private final Path directory;
    private final Path certificate;
    private final int ntpPort;
    private final int keyPort;
    private Process process;

    private RealNtsServer(Path directory, Path certificate, int ntpPort, int keyPort) throws IOException {
        this.directory = directory;
        this.certificate = certificate;
        this.ntpPort = ntpPort;
        this.keyPort = keyPort;
        this.process = launch(true);
    }

    /** Starts one, or skips the test where chrony is not installed; in continuous integration that is a failure. */
    public static RealNtsServer start(Path directory, Path certificate) throws IOException {
        if (System.getenv("CI") != null) {
            assertThat(CHRONYD)
                    .as("chronyd has to be installed in continuous integration")
                    .isExecutable();
        }
        assumeTrue(Files.isExecutable(CHRONYD), "chronyd is not installed (Debian: apt-get install chrony)");
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
        // chronyd chooses no port by itself; one that is free now may be somebody's when it comes to it.
        for (int attempt = 1; ; attempt++) {
            int keyPort;
            int ntpPort;
            try (ServerSocket tcp = new ServerSocket(0, 1, LOOPBACK);
                    DatagramSocket udp = new DatagramSocket(0, LOOPBACK)) {
                keyPort = tcp.getLocalPort();
                ntpPort = udp.getLocalPort();
            }
            RealNtsServer server = new RealNtsServer(directory, certificate, ntpPort, keyPort);
            if (server.awaitListening(true)) {
                return server;
            }
            server.close();
            assertThat(attempt).as(Files.readString(directory.resolve("log"))).isLessThan(5);
        }
    }

    public int keyPort() {
        return keyPort;
    }

    public int ntpPort() {
        return ntpPort;
    }

    public KeyExchange keyExchange(Path authority) {
        return new KeyExchange("localhost", keyPort, Optional.of(authority), 123);
    }

    /** Ends it and starts it anew: without a directory for them, its cookie keys are lost. */
    public void restart(boolean nts) throws IOException {
        close();
        process = launch(nts);
        assertThat(awaitListening(nts)).isTrue();
    }

    private Process launch(boolean nts) throws IOException {
        Path config = directory.resolve("chrony.conf");
        List<String> lines = new ArrayList<>(List.of(
                "port " + ntpPort,
                "local stratum 8",
                "allow all",
                "bindaddress 127.0.0.1",
                "cmdport 0",
                "pidfile " + directory + "/chronyd.pid",
                "bindcmdaddress " + directory + "/chronyd.sock"));
        if (nts) {
            lines.addAll(List.of(
                    "ntsport " + keyPort,
                    "ntsservercert " + certificate,
                    "ntsserverkey " + TestAuthority.key(certificate),
                    "ntsprocesses 0"));
        }
        Files.write(config, lines);
        return new ProcessBuilder(CHRONYD.toString(), "-x", "-d", "-U", "-u", "root", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
    }

    private boolean awaitListening(boolean nts) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (process.isAlive() && System.nanoTime() - deadline < 0) {
            if (nts ? isOpen() : Files.exists(directory.resolve("chronyd.sock"))) {
                return true;
            }
            LockSupport.parkNanos(5_000_000);
        }
        return false;
    }

    private boolean isOpen() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(LOOPBACK, keyPort), 1000);
            return true;
        } catch (IOException e) {
            return false; // not yet
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
