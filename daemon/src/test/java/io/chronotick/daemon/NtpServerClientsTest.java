// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.daemon.output.NtpServerProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A real chronyd and a real ntpd of NTPsec, in a network of their own, that ask our NTP server for the time and set nothing by it. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class NtpServerClientsTest {
    private static final Path NTPD = Path.of("/opt/ntpsec/usr/sbin/ntpd");
    private static final Path CHRONYD = Path.of("/usr/sbin/chronyd");
    private static final String SERVER = "10.99.1.1";

    @TempDir
    Path directory = Path.of("");

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void serve() throws Exception {
        boolean possible = Files.isExecutable(NTPD)
                && Files.isExecutable(CHRONYD)
                && Files.isExecutable(Path.of("/usr/bin/setpriv"));
        if (System.getenv("CI") != null) {
            assertThat(possible)
                    .as("continuous integration needs setpriv, chrony and ntpsec")
                    .isTrue();
        }
        assumeTrue(possible, "needs setpriv, chronyd and an ntpd of NTPsec in /opt/ntpsec (see .ci/run)");
    }

    private NetworkNamespace namespace() throws IOException {
        NetworkNamespace made = NetworkNamespace.open();
        opened.add(made);
        return made;
    }

    private void spawn(String name, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(name + ".log").toFile())
                .start();
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

    @Test
    void shouldBeBelievedByChronydAndNtpd() throws Exception {
        NetworkNamespace here = namespace();
        NetworkNamespace there = namespace();
        here.ip("link add toclients type veth peer name toserver netns " + there.pid());
        here.ip("address add " + SERVER + "/24 dev toclients");
        here.ip("link set toclients up");
        there.ip("address add 10.99.1.2/24 dev toserver");
        there.ip("link set toserver up");
        there.ip("link set lo up");
        spawn(
                "server",
                here.in(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NtpServerProgram.class.getName(),
                        SERVER,
                        "123"));

        Path chrony = Files.writeString(directory.resolve("chrony.conf"), """
                server %s minpoll 0 maxpoll 0 iburst
                logchange 0.001
                port 0
                cmdport 0
                pidfile %s/chronyd.pid
                bindcmdaddress %s/chronyd.sock
                """.formatted(SERVER, directory, directory));
        spawn("chronyd", there.in(CHRONYD.toString(), "-x", "-d", "-U", "-u", "root", "-f", chrony.toString()));
        Path peers = directory.resolve("peerstats");
        Path ntp = Files.write(
                directory.resolve("ntp.conf"),
                List.of(
                        "server " + SERVER + " iburst minpoll 3 maxpoll 3",
                        "disable ntp",
                        "statsdir " + directory + "/",
                        "statistics peerstats",
                        "filegen peerstats file peerstats type none enable"));
        // The kernel refuses it the clock.
        List<String> ntpd = there.in("setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time");
        ntpd.addAll(List.of(
                NTPD.toString(), "-n", "-l", directory.resolve("ntpd.log").toString(), "-c", ntp.toString()));
        spawn("ntpd-said", ntpd);

        double wanted = NtpServerProgram.OFFSET_NANOS * 1e-9;
        MatchResult wrong = await(directory.resolve("chronyd.log"), "System clock wrong by ([-0-9.]+) seconds");
        assertThat(Double.parseDouble(wrong.group(1))).isCloseTo(wanted, within(1e-3));
        assertThat(Files.readString(directory.resolve("chronyd.log"))).contains("Selected source " + SERVER);
        // Day, second, address, status, offset, delay, dispersion, jitter: with the bound in the dispersion.
        MatchResult peer = await(peers, SERVER.replace(".", "\\.") + " \\S+ ([-0-9.]+) ([-0-9.]+) ([-0-9.]+)");
        assertThat(Double.parseDouble(peer.group(1))).isCloseTo(wanted, within(1e-3));
    }

    /** The first place where a file that grows is so. */
    private static MatchResult await(Path file, String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        TestDaemon.await(
                pattern + " in " + file, () -> compiled.matcher(text(file)).find());
        return compiled.matcher(text(file)).results().findFirst().orElseThrow();
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
