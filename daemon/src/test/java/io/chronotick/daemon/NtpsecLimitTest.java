// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's ntpsec, told to limit the rate of its clients and to say so to those who exceed it, and daemons that ask it with the polls that
 * they have by default: in a network namespace, since it listens on port 123 only. Needs root.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("slow") // real polls: half a minute and two and a half
class NtpsecLimitTest {
    /** Debian does not install it beside chrony: .ci/run unpacks it there. */
    private static final Path NTPD = Path.of("/opt/ntpsec/usr/sbin/ntpd");

    /** Somebody else's server to whom asks it there (RFC 5737), and one's own. Who asks has the same address. */
    private static final String PUBLIC = "192.0.2.1";

    private static final String OWN = "10.99.0.1";
    private static final String FLOODED = "10.99.0.2";

    @TempDir
    Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private NetworkNamespace network;

    /** In a process of its own, {@code host packets gap source}, ms: says how many answers there are, and how many that are a time or a kiss RATE. */
    public static void main(String[] args) throws IOException {
        int answers = 0;
        int kisses = 0;
        int times = 0;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral(args[3]))) {
            socket.connect(InetAddress.ofLiteral(args[0]), 123);
            socket.setSoTimeout(Integer.parseInt(args[2]));
            byte[] reply = new byte[NtpPacket.HEADER_SIZE];
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                byte[] request = NtpPacket.request(new NtpTimestamp(i + 1)).toBytes();
                try {
                    socket.send(new DatagramPacket(request, request.length));
                    socket.receive(new DatagramPacket(reply, reply.length));
                } catch (SocketTimeoutException | PortUnreachableException e) {
                    continue; // dropped, or not there yet
                }
                NtpPacket said = NtpPacket.parse(reply, reply.length).orElseThrow();
                answers++;
                kisses += said.stratum() == 0 && said.kissCode().equals("RATE") ? 1 : 0;
                times += said.stratum() > 0 && said.stratum() < 16 ? 1 : 0;
            }
        }
        System.out.println("answers " + answers + " times " + times + " kisses " + kisses);
    }

    private String ask(String server, int packets, int gapMillis, String source) throws Exception {
        return network.run(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NtpsecLimitTest.class.getName(),
                        server,
                        String.valueOf(packets),
                        String.valueOf(gapMillis),
                        source)
                .strip();
    }

    private static Optional<SourceRow> row(Path segment) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            return reader.status().sources().stream().findFirst();
        } catch (ChronoTickException e) {
            return Optional.empty();
        }
    }

    @BeforeEach
    void start() throws Exception {
        boolean possible = Files.isExecutable(NTPD) && Files.isExecutable(Path.of("/usr/bin/setpriv"));
        if (System.getenv("CI") != null) {
            assertThat(possible)
                    .as("continuous integration needs setpriv and ntpsec")
                    .isTrue();
        }
        assumeTrue(possible, "needs setpriv and an ntpd of NTPsec in /opt/ntpsec (see .ci/run)");
        network = NetworkNamespace.open();
        opened.add(network);
        network.ip("link set lo up");
        for (String address : List.of(PUBLIC, OWN, FLOODED)) {
            network.ip("address add " + address + "/32 dev lo");
        }
        Path config = directory.resolve("ntp.conf");
        Files.write(config, List.of("restrict default limited kod", "tos orphan 5 orphanwait 1"));
        // The kernel refuses it the clock.
        List<String> command = network.in("setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time");
        command.addAll(List.of(NTPD.toString(), "-n", "-l", log().toString(), "-c", config.toString()));
        spawned(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("said").toFile())
                .start());
        String said = "";
        for (int i = 0; i < 100 && !said.equals("answers 1 times 1 kisses 0"); i++) {
            said = ask("127.0.0.1", 1, 1000, "127.1.0." + (i + 1)); // it limits by source
        }
        assertThat(said).as(Files.readString(log())).isEqualTo("answers 1 times 1 kisses 0");
    }

    private Path log() {
        return directory.resolve("ntpd.log");
    }

    private void spawned(Process process) {
        opened.add(() -> {
            process.destroy();
            process.onExit().join();
        });
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Path daemon(String server) throws IOException {
        Path segment = directory.resolve(server);
        spawned(TestDaemon.spawnWithDefaultPolls(network.in(), directory.resolve(server + ".log"), segment, server));
        return segment;
    }

    private void areAnswered(int own, int others) throws Exception {
        Path one = daemon(OWN);
        Path two = daemon(PUBLIC);
        TestDaemon.await("polls of one's own server", () -> sent(one) >= own);
        TestDaemon.await("polls of somebody else's", () -> sent(two) >= others);
        for (Path segment : List.of(one, two)) {
            SourceRow row = row(segment).orElseThrow();
            assertThat(row.state()).as("%s", row).isEqualTo(SourceRow.State.SELECTED);
            assertThat(row.trouble()).as("%s", row).isEmpty();
            assertThat(drops(row, "kiss")).as("%s", row).isZero();
            // One may be under way; late ones, on a machine that is busy with other things, have been answered, too.
            assertThat(row.accepted() + drops(row, "late")).as("%s", row).isBetween(row.sent() - 1, row.sent());
        }
        // It does limit: this is what becomes of who asks every 20 ms.
        assertThat(ask(FLOODED, 100, 20, FLOODED)).matches("answers (\\d|[1-5]\\d) times \\d+ kisses [1-9]\\d*");
    }

    private static long drops(SourceRow row, String reason) {
        return row.drops().get(SourceRow.DROP_REASONS.indexOf(reason));
    }

    private static long sent(Path segment) {
        return row(segment).map(SourceRow::sent).orElse(0L);
    }

    /** Bursts of up to 8 requests, 1 and 2 s apart, and what comes after at one's own. */
    @Test
    void shouldBeAnsweredFromTheStart() throws Exception {
        areAnswered(9, 4);
    }

    /** After the burst every 64 s. */
    @Test
    void shouldBeAnsweredFromTheStartAndAfter() throws Exception {
        areAnswered(12, 10);
    }
}
