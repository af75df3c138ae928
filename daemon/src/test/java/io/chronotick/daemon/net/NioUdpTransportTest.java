// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("counts the open files of the process")
class NioUdpTransportTest extends NtpTransportContract {
    @Override
    NtpTransport open(HostClocks clocks) throws IOException {
        return new NioUdpTransport(clocks);
    }

    /** Java is told at its start whether there is any IPv6: so a process of its own. */
    @Test
    void shouldSayThatAHostWithoutIpv6HasNone() throws Exception {
        Process without = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.net.preferIPv4Stack=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WithoutIpv6.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(without.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said.strip()).isEqualTo("cannot reach 2001:db8:0:0:0:0:0:1 port 123: no IPv6 on this host");
        assertThat(without.waitFor()).isZero();
    }

    /** Prints why an address of IPv6 cannot be asked. */
    static final class WithoutIpv6 {
        private WithoutIpv6() {}

        public static void main(String[] arguments) {
            try (NtpTransport transport = new NioUdpTransport(HostClocks.system())) {
                transport.connect(0, new InetSocketAddress(InetAddress.ofLiteral("2001:db8::1"), 123));
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
