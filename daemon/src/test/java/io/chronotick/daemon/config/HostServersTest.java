// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On the files of a host that the test has made. */
class HostServersTest {
    @TempDir
    Path root;

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path.substring(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private List<String> found() {
        return HostServers.find(root).entries().stream()
                .map(entry -> entry.describe() + " " + entry.origin())
                .toList();
    }

    @Test
    void shouldAskThePoolWhereNothingElseIsSaid() {
        assertThat(found()).containsExactly("{host: 2.pool.ntp.org, port: 123, pool: 4} nothing else names a server");
        assertThat(HostServers.find(root).servers()).hasSize(4);
    }

    /** As Debian's package has it. */
    @Test
    void shouldAskWhomChronyAsks() throws IOException {
        file("/etc/chrony/chrony.conf", """
                # Include configuration files found in /etc/chrony/conf.d.
                confdir /etc/chrony/conf.d

                pool 2.debian.pool.ntp.org iburst
                sourcedir /run/chrony-dhcp
                sourcedir /etc/chrony/sources.d
                ! server commented.example
                % server commented.example
                ; server commented.example
                driftfile /var/lib/chrony/chrony.drift
                """);
        file("/etc/chrony/conf.d/10-own.conf", "Server ntp1.example minpoll 5 maxpoll 9 iburst prefer\n");
        file("/etc/chrony/conf.d/ignored.txt", "server ignored.example\n");
        file("/run/chrony-dhcp/eth0.sources", "server 10.0.0.1 iburst\n");
        file("/etc/chrony/sources.d/b.sources", "server 2001:db8::1 port 1123\n");
        file("/etc/chrony/sources.d/a.sources", "pool corp.example maxsources 2\nserver watched.example noselect\n");
        file("/etc/systemd/timesyncd.conf", "[Time]\nNTP=timesyncd.example\n");
        assertThat(found())
                .containsExactly(
                        "{host: ntp1.example, port: 123, minpoll: 5, maxpoll: 9} /etc/chrony/conf.d/10-own.conf:1",
                        "{host: 2.debian.pool.ntp.org, port: 123, pool: 2} /etc/chrony/chrony.conf:4",
                        "10.0.0.1 /run/chrony-dhcp/eth0.sources:1",
                        "{host: corp.example, port: 123, pool: 2} /etc/chrony/sources.d/a.sources:1",
                        "[2001:db8::1]:1123 /etc/chrony/sources.d/b.sources:1");
    }

    @Test
    void shouldReadAChronyThatNamesItsFilesOtherwise() throws IOException {
        file("/etc/chrony.conf", """
                include /etc/chrony.d/*.conf
                confdir /run/first /etc/second
                server time.example nts
                server own.example nts ntsport 4461
                pool many.example nts
                """);
        file("/etc/chrony.d/x.conf", "server x.example\ninclude /etc/chrony.d/x.conf\n");
        file("/run/first/a.conf", "server first.example\n");
        file("/etc/second/a.conf", "server hidden.example\n");
        file("/etc/second/b.conf", "server second.example\nserver x.example\n");
        assertThat(found())
                .containsExactly(
                        "x.example /etc/chrony.d/x.conf:1",
                        "first.example /run/first/a.conf:1",
                        "second.example /etc/second/b.conf:1",
                        "{host: time.example, port: 123, nts: true} /etc/chrony.conf:3",
                        "{host: own.example, port: 123, nts: true, nts_port: 4461} /etc/chrony.conf:4",
                        "{host: many.example, port: 123, nts: true} /etc/chrony.conf:5");
    }

    @Test
    void shouldTellOfLinesThatNameNoServerAndGoOn() throws IOException {
        file(
                "/etc/chrony.conf",
                "server\nserver a/b\npool\nserver good.example minpoll -6 maxpoll x port 0\nserver s minpoll 9 maxpoll 3\n");
        HostServers host = HostServers.find(root);
        assertThat(host.problems())
                .containsExactly(
                        "/etc/chrony.conf:1: found nothing in the place of a server's name",
                        "/etc/chrony.conf:2: found \"a/b\" in the place of a server's name",
                        "/etc/chrony.conf:3: found nothing in the place of a server's name");
        assertThat(host.servers())
                .contains(ServerConfig.of("good.example", 123))
                .anySatisfy(server -> {
                    assertThat(server.host()).isEqualTo("s");
                    assertThat(server.minpoll()).isEqualTo(OptionalInt.of(9));
                    assertThat(server.maxpoll()).isEmpty();
                });
    }

    @Test
    void shouldAskWhomTimesyncdAsksWhereChronySaysNothing() throws IOException {
        file("/etc/chrony/chrony.conf", "# nothing\n");
        file("/etc/systemd/timesyncd.conf", """
                [Time]
                #NTP=commented.example
                NTP=replaced.example
                FallbackNTP=fallback.example
                [Other]
                NTP=other.example
                """);
        file("/usr/lib/systemd/timesyncd.conf.d/10.conf", "[Time]\nNTP=vendor.example\n");
        file("/etc/systemd/timesyncd.conf.d/10.conf", "[Time]\nNTP=\nNTP=one.example \\\n  two.example\n");
        file("/run/systemd/timesyncd.conf.d/20.conf", "[Time]\n NTP = three.example bad:name\n");
        assertThat(found())
                .containsExactly(
                        "one.example /etc/systemd/timesyncd.conf.d/10.conf:3",
                        "two.example /etc/systemd/timesyncd.conf.d/10.conf:3",
                        "three.example /run/systemd/timesyncd.conf.d/20.conf:2");
        assertThat(HostServers.find(root).problems())
                .containsExactly(
                        "/run/systemd/timesyncd.conf.d/20.conf:2: found \"bad:name\" in the place of a server's name");
    }

    @Test
    void shouldTakeTimesyncdsFallbackWhereThereIsNothingElse() throws IOException {
        file("/usr/lib/systemd/timesyncd.conf", "[Time]\nFallbackNTP=0.vendor.example 1.vendor.example\n");
        assertThat(found())
                .containsExactly(
                        "0.vendor.example /usr/lib/systemd/timesyncd.conf:2",
                        "1.vendor.example /usr/lib/systemd/timesyncd.conf:2");
    }

    /** As Debian's ntpsec has it: four pools are eight servers, not sixteen. */
    @Test
    void shouldAskWhomNtpsecAsks() throws IOException {
        file("/etc/ntpsec/ntp.conf", """
                driftfile /var/lib/ntpsec/ntp.drift
                tos maxclock 11
                pool 0.debian.pool.ntp.org iburst
                pool 1.debian.pool.ntp.org iburst
                pool 2.debian.pool.ntp.org iburst
                pool 3.debian.pool.ntp.org iburst # comment
                server 127.127.1.0
                restrict default kod nomodify nopeer noquery limited
                """);
        assertThat(HostServers.find(root).servers()).hasSize(8);
        assertThat(found())
                .first()
                .isEqualTo("{host: 0.debian.pool.ntp.org, port: 123, pool: 2} /etc/ntpsec/ntp.conf:3");
        file("/run/ntpsec/ntp.conf.dhcp", "server -4 10.0.0.2 iburst\nincludefile \"/etc/ntpsec/more\"\n");
        file("/etc/ntpsec/more", "server more.example\n");
        assertThat(found()).containsExactly("10.0.0.2 /run/ntpsec/ntp.conf.dhcp:1", "more.example /etc/ntpsec/more:1");
    }

    @Test
    void shouldAskWhomNtpdAsks() throws IOException {
        file("/etc/ntp.conf", "SERVER ntp.example prefer\npeer peer.example\n");
        assertThat(found()).containsExactly("ntp.example /etc/ntp.conf:1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sys_vendor", "board_vendor", "bios_vendor"})
    void shouldAskTheServerOfAmazonsCloud(String dmi) throws IOException {
        file("/sys/class/dmi/id/" + dmi, "Amazon EC2\n");
        assertThat(found()).containsExactly("169.254.169.123 Amazon EC2 (DMI)");
    }

    @Test
    void shouldAskTheServerOfGooglesCloudUnlessTheHostSaysOtherwise() throws IOException {
        file("/sys/class/dmi/id/product_name", "Google Compute Engine\n");
        assertThat(found()).containsExactly("metadata.google.internal Google Compute Engine (DMI)");
        file("/etc/ntp.conf", "server ntp.example\n");
        assertThat(found()).containsExactly("ntp.example /etc/ntp.conf:1");
    }

    @Test
    void shouldSayInTheConfigurationWhereEachComesFrom() throws IOException, ConfigException {
        file("/etc/ntp.conf", "server one.example\npool two.example\nserver\n");
        LoadedConfig loaded =
                ConfigLoader.parse("", "test", Map.of("CHRONOTICK_SERVERS", "auto"), ConfigOverrides.NONE, 1);
        assertThat(loaded.config().servers()).isEmpty();
        LoadedConfig full = loaded.withHostServers(HostServers.find(root));
        assertThat(full.config().serverNames())
                .containsExactly("one.example", "two.example#1", "two.example#2", "two.example#3", "two.example#4");
        assertThat(full.table().lines().filter(line -> line.startsWith("clock_measurement.ntp.servers")))
                .satisfiesExactly(
                        line -> assertThat(line).matches(".*servers +auto +environment variable CHRONOTICK_SERVERS"),
                        line -> assertThat(line).matches(".*servers\\[0] +one.example +/etc/ntp.conf:1"),
                        line -> assertThat(line)
                                .matches(".*servers\\[1] +\\{host: two.example.*pool: 4} +/etc/ntp.conf:2"));
        assertThat(full.warnings()).containsExactly("/etc/ntp.conf:3: found nothing in the place of a server's name");
        LoadedConfig own =
                ConfigLoader.parse("", "test", Map.of("CHRONOTICK_SERVERS", "mine"), ConfigOverrides.NONE, 1);
        assertThat(own.withHostServers(HostServers.find(root))).isSameAs(own);
    }

    @Test
    void shouldNotMixServersThatSmearWithOthers() throws IOException, ConfigException {
        file("/etc/ntp.conf", "server one.example\nserver time.google.com\n");
        LoadedConfig loaded = ConfigLoader.parse("", "test", Map.of(), ConfigOverrides.NONE, 1);
        assertThatThrownBy(() -> loaded.withHostServers(HostServers.find(root)))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .singleElement()
                                .asString()
                                .contains(
                                        "auto: one.example (/etc/ntp.conf:1)", "smear leap seconds (time.google.com)"));
        file("/etc/ntp.conf", "server time1.google.com\nserver time2.google.com\n");
        assertThat(loaded.withHostServers(HostServers.find(root)).config().followsSmear())
                .isTrue();
    }

    @Test
    void shouldRefuseAHostThatNamesFewerServersThanHaveToAgree() throws IOException, ConfigException {
        file("/etc/ntp.conf", "server one.example\nserver two.example\n");
        LoadedConfig loaded = ConfigLoader.parse(
                "clock_measurement: {ntp: {min_servers: 3}}", "test", Map.of(), ConfigOverrides.NONE, 1);
        assertThatThrownBy(() -> loaded.withHostServers(HostServers.find(root)))
                .hasMessageContaining("at least min_servers, which is 3");
    }
}
