// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.config.ServerConfig.Poll;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerConfigTest {
    private static final InetAddress PUBLIC = InetAddress.ofLiteral("192.0.2.1");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.255.254",
                "::1", // loopback
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1", // RFC 1918
                "100.64.0.1",
                "100.127.255.255", // RFC 6598
                "169.254.0.1",
                "fe80::1", // link local
                "fc00::1",
                "fdff:ffff::1", // unique local
                "::ffff:10.0.0.1",
                "0.0.0.0"
            })
    void shouldPollLoopbackAndPrivateServersAsConfigured(String address) {
        ServerConfig server = ServerConfig.of("x", 123);
        assertThat(server.poll(OptionalDouble.of(2), InetAddress.ofLiteral(address)))
                .isEqualTo(new Poll(2, 2));
        assertThat(server.poll(OptionalDouble.empty(), InetAddress.ofLiteral(address)))
                .isEqualTo(new Poll(16, 64));
        assertThat(server.burstSeconds(0.1, InetAddress.ofLiteral(address))).isEqualTo(0.1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8.8.8.8", "9.255.255.255", "11.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.0.1", "192.169.0.1",
                "100.63.255.255", "100.128.0.0", "169.253.0.1", "128.0.0.1", "2001:db8::1", "fbff::1", "fe00::1",
                "::ffff:8.8.8.8", "2001:4860:4806::"
            })
    void shouldNotPollPublicServersFasterThanEvery64Seconds(String address) {
        ServerConfig server = ServerConfig.of("x", 123);
        assertThat(server.poll(OptionalDouble.of(2), InetAddress.ofLiteral(address)))
                .isEqualTo(new Poll(64, 64));
        assertThat(server.poll(OptionalDouble.empty(), InetAddress.ofLiteral(address)))
                .isEqualTo(new Poll(64, 1024));
        assertThat(server.poll(OptionalDouble.of(100), InetAddress.ofLiteral(address)))
                .isEqualTo(new Poll(100, 100));
        assertThat(server.burstSeconds(0.1, InetAddress.ofLiteral(address))).isEqualTo(2);
        assertThat(server.burstSeconds(3, InetAddress.ofLiteral(address))).isEqualTo(3);
    }

    @Test
    void shouldPollPublicServerFastWhereThatIsAllowed() {
        ServerConfig server = new ServerConfig(
                "x", 123, OptionalInt.empty(), OptionalInt.empty(), true, OptionalDouble.empty(), Optional.empty());
        assertThat(server.poll(OptionalDouble.of(2), PUBLIC)).isEqualTo(new Poll(2, 2));
        assertThat(server.burstSeconds(0.1, PUBLIC)).isEqualTo(0.1);
    }

    @ParameterizedTest
    @CsvSource({
        // interval, minpoll, maxpoll, poll of a private server, poll of a public one
        "10, 1, , 2, 64", // minpoll takes the place of the interval
        "10, 6, , 64, 64",
        "100, , 5, 32, 64", // maxpoll cuts it
        "10, , 5, 10, 64",
        "10, 3, 3, 8, 64", // politeness counts more than maxpoll
        "10, 0, 17, 1, 64",
        "200000, , 17, 131072, 131072",
    })
    void shouldPollWithinMinpollAndMaxpoll(
            double interval, @Nullable Integer minpoll, @Nullable Integer maxpoll, double privately, double publicly) {
        ServerConfig server = new ServerConfig(
                "x", 123, optional(minpoll), optional(maxpoll), false, OptionalDouble.empty(), Optional.empty());
        assertThat(server.poll(OptionalDouble.of(interval), InetAddress.getLoopbackAddress()))
                .isEqualTo(new Poll(privately, privately));
        assertThat(server.poll(OptionalDouble.of(interval), PUBLIC)).isEqualTo(new Poll(publicly, publicly));
    }

    @ParameterizedTest
    @CsvSource({
        // minpoll, maxpoll, polls of a private server, polls of a public one, whether that is what was configured
        ", , 16, 64, 64, 1024, true",
        "5, , 32, 64, 64, 1024, false",
        "8, , 256, 256, 256, 1024, true",
        "12, , 4096, 4096, 4096, 4096, true",
        ", 8, 16, 256, 64, 256, true",
        ", 3, 8, 8, 64, 64, false",
        "0, 17, 1, 131072, 64, 131072, false",
        "7, 7, 128, 128, 128, 128, true",
    })
    void shouldAdaptThePollBetweenMinpollAndMaxpollWhereThereIsNoInterval(
            @Nullable Integer minpoll,
            @Nullable Integer maxpoll,
            double shortestPrivate,
            double longestPrivate,
            double shortestPublic,
            double longestPublic,
            boolean asConfigured) {
        ServerConfig server = new ServerConfig(
                "x", 123, optional(minpoll), optional(maxpoll), false, OptionalDouble.empty(), Optional.empty());
        assertThat(server.poll(OptionalDouble.empty(), InetAddress.getLoopbackAddress()))
                .isEqualTo(new Poll(shortestPrivate, longestPrivate));
        Poll publicly = server.poll(OptionalDouble.empty(), PUBLIC);
        assertThat(publicly).isEqualTo(new Poll(shortestPublic, longestPublic));
        assertThat(publicly.equals(server.configuredPoll(OptionalDouble.empty(), PUBLIC)))
                .isEqualTo(asConfigured);
    }

    @Test
    void shouldSayThePollAsAPersonWould() {
        assertThat(new Poll(64, 1024)).hasToString("64 to 1024 s");
        assertThat(new Poll(10, 10)).hasToString("10 s");
        assertThat(new Poll(0.5, 0.5)).hasToString("0.5 s");
    }

    @Test
    void shouldNameTheServerAsAPersonWould() {
        assertThat(ServerConfig.of("ntp.example", 123).name()).isEqualTo("ntp.example");
        assertThat(ServerConfig.of("ntp.example", 11123).name()).isEqualTo("ntp.example:11123");
        assertThat(ServerConfig.of("::1", 123).name()).isEqualTo("::1");
        assertThat(ServerConfig.of("::1", 11123).name()).isEqualTo("[::1]:11123");
    }

    private static OptionalInt optional(@Nullable Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
