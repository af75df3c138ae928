// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** ICMP errors that no router has sent, over loopback. Needs Python and, for raw sockets, root. */
final class ForgedIcmp {
    /** "Port unreachable" (type 3, code 3; RFC 792), quoting the headers of a datagram from the client to the server. */
    private static final String SCRIPT = """
            import socket, struct, sys
            client, client_port, server, server_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
            try:
                raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            except PermissionError:
                sys.exit(77)
            quoted = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 76, 1, 0, 64, 17, 0, socket.inet_aton(client), socket.inet_aton(server))
            quoted += struct.pack("!HHHH", client_port, server_port, 56, 0)
            def checksum(data):
                total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
                total = (total & 0xffff) + (total >> 16)
                return ~(total + (total >> 16)) & 0xffff
            head = struct.pack("!BBHI", 3, 3, 0, 0)
            head = struct.pack("!BBHI", 3, 3, checksum(head + quoted), 0)
            raw.sendto(head + quoted, (client, 0))
            """;

    private static final int NO_RAW_SOCKETS = 77;

    private ForgedIcmp() {}

    /** Tells the client that the server cannot be reached; it knows when this returns. */
    static void unreachable(InetSocketAddress client, InetSocketAddress server)
            throws IOException, InterruptedException {
        Process python = new ProcessBuilder(List.of(
                        "python3",
                        "-c",
                        SCRIPT,
                        client.getAddress().getHostAddress(),
                        String.valueOf(client.getPort()),
                        server.getAddress().getHostAddress(),
                        String.valueOf(server.getPort())))
                .redirectErrorStream(true)
                .start();
        String said = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitCode = python.waitFor();
        assumeTrue(System.getenv("CI") != null || exitCode != NO_RAW_SOCKETS, "raw sockets are root's");
        assertThat(exitCode).as(said).isZero();
    }
}
