// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.chronotick.daemon.nts.KeyExchange;
import io.chronotick.engine.forecast.Correction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

final class ConfigLoaderTest {
    private static final int CPUS = 4;

    @TempDir
    Path dir;

    @Test
    void shouldAskAsManyServersOfAPoolAsItSays() throws ConfigException {
        LoadedConfig loaded = load(
                "clock_measurement: {ntp: {servers: [ntp.example, {host: pool.example, pool: 3, maxpoll: 9}, {host: pool.example}]}}");
        assertThat(loaded.config().serverNames())
                .containsExactly("ntp.example", "pool.example#1", "pool.example#2", "pool.example#3", "pool.example#4");
        assertThat(loaded.table())
                .contains("[ntp.example, {host: pool.example, port: 123, maxpoll: 9, pool: 3}, pool.example]");
        assertThat(problems("clock_measurement: {ntp: {servers: [a, {host: b, pool: 16}]}}"))
                .singleElement()
                .asString()
                .contains("found 17 servers with those of the pools, allowed: at most 16");
        assertThat(problems("clock_measurement: {ntp: {servers: [{host: b, pool: 2, nts: true}]}}"))
                .singleElement()
                .asString()
                .contains("servers[0].pool: found 2 beside nts: true, allowed: 1");
    }

    @Test
    void shouldReportAllMistakesAtOnceWithTheirPlaces() {
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [ntp.example]
                    timeout_secs: 2.0
                    max_acceptable_uncertainty: ten
                daemon:
                  frequency: 5000
                  frequency: 100
                logging:
                  level: LOUD
                """;
        assertThat(problems(yaml))
                .containsExactly(
                        "test.yaml:4:5: clock_measurement.ntp.timeout_secs: unknown key; did you mean timeout_seconds?"
                                + " Allowed here: " + ConfigKeys.ALL.names("clock_measurement.ntp"),
                        "test.yaml:5:33: clock_measurement.ntp.max_acceptable_uncertainty: found the text \"ten\","
                                + " allowed: a number from 0.000001 to 10 (s)",
                        "test.yaml:7:14: daemon.frequency: found 5000, allowed: a whole number from 1 to 1000 (Hz)",
                        "test.yaml:8:3: daemon.frequency: found a second time, allowed: once; the first is on line 7",
                        "test.yaml:10:10: logging.level: found the text \"LOUD\", allowed: one of TRACE, DEBUG, INFO,"
                                + " WARN, WARNING, ERROR, CRITICAL");
    }

    @Test
    void shouldPreferOptionToEnvironmentToFileToDefault() throws ConfigException, IOException {
        Path file = Files.writeString(
                dir.resolve("c.yaml"), "daemon: {frequency: 10, shm: in_file}\nlogging:\n  level: WARNING\n");
        Map<String, String> environment = Map.of("CHRONOTICK_FREQ", "20", "CHRONOTICK_SHM", "in_environment");
        ConfigOverrides options = ConfigOverrides.NONE.with("--freq", "30");
        LoadedConfig loaded = ConfigLoader.load(Optional.of(file), environment, options, CPUS);

        assertThat(loaded.config().frequencyHz()).isEqualTo(30);
        assertThat(loaded.config().shm()).isEqualTo("in_environment");
        assertThat(loaded.config().logLevel()).isEqualTo(Level.WARN);
        assertThat(loaded.effective())
                .contains(
                        new EffectiveValue("daemon.frequency", "30", "option --freq", true),
                        new EffectiveValue("daemon.shm", "in_environment", "environment variable CHRONOTICK_SHM", true),
                        new EffectiveValue("logging.level", "WARN", file + ":3", true),
                        new EffectiveValue("daemon.cpu_affinity", "[]", "default", true));
        assertThat(loaded.table().lines())
                .hasSize(1 + loaded.effective().size())
                .anyMatch(line -> line.matches("daemon\\.frequency +30 +option --freq"))
                .allMatch(line -> line.length() > 20);
    }

    @Test
    void shouldReadEveryOptionAndVariable() throws ConfigException {
        Map<String, String> environment = Map.of(
                "CHRONOTICK_SERVERS", "127.0.0.1:11123, [::1]:11124,ntp.example",
                "CHRONOTICK_LOG_LEVEL", "error",
                "CHRONOTICK_CPU_AFFINITY", "3,1",
                "CHRONOTICK_FREQ", " 10 ",
                "CHRONOTICK_SHM", "123");
        DaemonConfig fromEnvironment = ConfigLoader.load(Optional.empty(), environment, ConfigOverrides.NONE, CPUS)
                .config();
        assertThat(fromEnvironment.servers())
                .extracting(ServerConfig::name)
                .containsExactly("127.0.0.1:11123", "[::1]:11124", "ntp.example");
        assertThat(fromEnvironment.logLevel()).isEqualTo(Level.ERROR);
        assertThat(fromEnvironment.cpuAffinity()).containsExactly(1, 3);
        assertThat(fromEnvironment.frequencyHz()).isEqualTo(10);
        assertThat(fromEnvironment.shm()).isEqualTo("123");

        ConfigOverrides options = ConfigOverrides.NONE
                .with("--freq", "1000")
                .with("--cpu-affinity", "0 2")
                .with("--log-level", "DEBUG")
                .with("--shm", "/dev/shm/other");
        DaemonConfig fromOptions =
                ConfigLoader.load(Optional.empty(), environment, options, CPUS).config();
        assertThat(fromOptions.frequencyHz()).isEqualTo(1000);
        assertThat(fromOptions.cpuAffinity()).containsExactly(0, 2);
        assertThat(fromOptions.logLevel()).isEqualTo(Level.DEBUG);
        assertThat(fromOptions.shm()).isEqualTo("/dev/shm/other");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--freq | 0 | daemon.frequency: found 0, allowed: a whole number from 1 to 1000 (Hz)",
                "--freq | 5000 | daemon.frequency: found 5000, allowed: a whole number from 1 to 1000 (Hz)",
                "--freq | fast | daemon.frequency: found the text \"fast\", allowed: a whole number from 1 to 1000 (Hz)",
                "--cpu-affinity | 0 99 | daemon.cpu_affinity: found 99, allowed: a whole number from 0 to 3 (this host has 4 CPUs)",
                "--cpu-affinity | -1 | daemon.cpu_affinity: found -1, allowed: a whole number from 0 to 3 (this host has 4 CPUs)",
                "--log-level | LOUD | logging.level: found the text \"LOUD\", allowed: one of TRACE, DEBUG, INFO, WARN, WARNING, ERROR, CRITICAL",
            })
    void shouldReportABadOptionInOneLine(String option, String value, String problem) {
        ConfigException e = catchThrowableOfType(
                ConfigException.class,
                () -> ConfigLoader.load(Optional.empty(), Map.of(), ConfigOverrides.NONE.with(option, value), CPUS));
        assertThat(e).hasMessage("option " + option + ": " + problem);
    }

    @Test
    void shouldCheckEverySourceEvenWhereAnotherOverridesIt() {
        ConfigException e = catchThrowableOfType(
                ConfigException.class,
                () -> ConfigLoader.parse(
                        "daemon: {frequency: 0}",
                        "test.yaml",
                        Map.of("CHRONOTICK_FREQ", "x", "CHRONOTICK_SERVERS", "a,b:0"),
                        ConfigOverrides.NONE.with("--freq", "10"),
                        CPUS));
        assertThat(e.problems()).hasSize(3);
        assertThat(e)
                .hasMessageContainingAll(
                        "test.yaml:1:21: daemon.frequency: found 0",
                        "environment variable CHRONOTICK_FREQ: daemon.frequency: found the text \"x\"",
                        "environment variable CHRONOTICK_SERVERS: clock_measurement.ntp.servers[1]: found the text \"b:0\"");
    }

    @Test
    void shouldTakeTheFileFromTheEnvironmentUnlessAnOptionNamesOne() throws ConfigException, IOException {
        Path one = Files.writeString(dir.resolve("one.yaml"), "daemon: {frequency: 1}");
        Path two = Files.writeString(dir.resolve("two.yaml"), "daemon: {frequency: 2}");
        Map<String, String> environment = Map.of("CHRONOTICK_CONFIG", one.toString());
        assertThat(ConfigLoader.load(Optional.empty(), environment, ConfigOverrides.NONE, CPUS)
                        .config()
                        .frequencyHz())
                .isEqualTo(1);
        assertThat(ConfigLoader.load(Optional.of(two), environment, ConfigOverrides.NONE, CPUS)
                        .config()
                        .frequencyHz())
                .isEqualTo(2);
    }

    @Test
    void shouldCountBlankVariablesAsNotSetAndReportNearMisses() throws ConfigException {
        Map<String, String> environment =
                Map.of("CHRONOTICK_FREQ", "", "CHRONOTICK_FREQUENCY", "10", "CHRONOTICK_HOME", "x", "PATH", "y");
        LoadedConfig loaded = ConfigLoader.load(Optional.empty(), environment, ConfigOverrides.NONE, CPUS);
        assertThat(loaded.config().frequencyHz()).isEqualTo(100);
        assertThat(loaded.warnings())
                .containsExactly("environment variable CHRONOTICK_FREQUENCY: not read; did you mean CHRONOTICK_FREQ?");
    }

    @Test
    void shouldSayWhichCovariatesNobodyMeasures() throws ConfigException {
        LoadedConfig loaded = load("covariates:\n  variables: [cpu_usage, memory_usage, fan]\n");
        assertThat(loaded.config().covariates()).contains("cpu_usage");
        assertThat(loaded.warnings())
                .containsExactly(
                        "test.yaml: covariates.variables (line 2): memory_usage, fan: not followed here; there are"
                                + " temperature, cpu_usage, cpu_frequency");
        assertThat(load("covariates: {enabled: false, variables: [memory_usage]}\n")
                        .warnings())
                .singleElement()
                .asString()
                .contains("covariates.enabled is false");
    }

    @Test
    void shouldRefuseAnOptionThatOverridesNothing() {
        assertThatThrownBy(() -> ConfigLoader.load(
                        Optional.empty(), Map.of(), ConfigOverrides.NONE.with("--frequency", "1"), CPUS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--frequency");
    }

    @Test
    void shouldReadEveryFormOfAServer() throws ConfigException {
        String yaml = """
                clock_measurement:
                  ntp:
                    servers:
                      - ntp.example
                      - ntp.example:11123
                      - 192.0.2.1
                      - 192.0.2.1:1
                      - 2001:db8::1
                      - "[2001:db8::1]"
                      - "[2001:db8::1]:65535"
                      - "fe80::1%eth0"
                      - host: "::1"
                      - {host: ntp.example, port: 4123, nts: false, minpoll: 1, maxpoll: 6, allow_fast_polling: true}
                """;
        assertThat(load(yaml).config().servers())
                .containsExactly(
                        ServerConfig.of("ntp.example", 123),
                        ServerConfig.of("ntp.example", 11123),
                        ServerConfig.of("192.0.2.1", 123),
                        ServerConfig.of("192.0.2.1", 1),
                        ServerConfig.of("2001:db8::1", 123),
                        ServerConfig.of("2001:db8::1", 123),
                        ServerConfig.of("2001:db8::1", 65535),
                        ServerConfig.of("fe80::1%eth0", 123),
                        ServerConfig.of("::1", 123),
                        new ServerConfig(
                                "ntp.example",
                                4123,
                                OptionalInt.of(1),
                                OptionalInt.of(6),
                                true,
                                OptionalDouble.empty(),
                                Optional.empty()));
    }

    /** It is what other servers have made of it, and would be what we make of it. */
    @Test
    void shouldTakeTheSystemClockAloneOnly() throws ConfigException {
        String alone = "clock_measurement: {ntp: {servers: [{kind: system, max_error: 0.1, maxpoll: 3}]}}\n";
        LoadedConfig loaded = load(alone);
        assertThat(loaded.config().serverNames()).containsExactly("system clock");
        assertThat(loaded.effective().stream().map(EffectiveValue::value))
                .contains("[{kind: system, max_error: 0.1, maxpoll: 3}]");
        load(alone + "outputs: {clockbound: /run/shm0}\n");
        for (String other : List.of("ntp.example", "{kind: phc}", "{kind: system}")) {
            assertThat(problems("clock_measurement: {ntp: {servers: [{kind: system}, " + other + "]}}"))
                    .singleElement()
                    .asString()
                    .contains("found kind: system beside others, allowed: alone");
        }
        for (String wrong : List.of("host: a", "device: /dev/ptp0", "timescale: utc", "pool: 2")) {
            assertThat(problems("clock_measurement: {ntp: {servers: [{kind: system, " + wrong + "}]}}"))
                    .singleElement()
                    .asString()
                    .contains("found with kind: system, allowed: without");
        }
        for (String output : List.of("chrony_sock: /run/sock", "ntp_shm: 0")) {
            assertThat(problems(alone + "outputs: {" + output + "}"))
                    .singleElement()
                    .asString()
                    .contains("would be steered by itself");
        }
    }

    @Test
    void shouldKnowTheClocksOfThisHost() throws ConfigException {
        String servers = "[{kind: phc, device: /dev/ptp0, max_error: 2.5E-5, timescale: tai, minpoll: 0, maxpoll: 2},"
                + " {kind: phc, device: auto}, ntp.example]";
        LoadedConfig loaded = load("clock_measurement: {ntp: {servers: " + servers + "}}");
        assertThat(loaded.config().serverNames()).containsExactly("/dev/ptp0", "phc", "ntp.example");
        ServerConfig named = loaded.config().servers().getFirst();
        assertThat(named.clock())
                .contains(new LocalClockConfig(
                        LocalClockConfig.Kind.PHC,
                        "/dev/ptp0",
                        OptionalDouble.of(25e-6),
                        Optional.of(LocalClockConfig.Timescale.TAI)));
        assertThat(named.clockPoll()).isEqualTo(new ServerConfig.Poll(1, 4));
        ServerConfig found = loaded.config().servers().get(1);
        assertThat(found.clock().orElseThrow().isToBeFound()).isTrue();
        assertThat(found.clockPoll()).isEqualTo(new ServerConfig.Poll(1, 16));
        assertThat(loaded.effective().stream()
                        .filter(row -> row.key().equals("clock_measurement.ntp.servers"))
                        .map(EffectiveValue::value))
                .containsExactly(servers);
        // A clock of this host proves nothing of itself.
        assertThat(problems("clock_measurement: {ntp: {require_authentication: true, servers: [{kind: phc}]}}"))
                .singleElement()
                .asString()
                .contains("found true, and servers without nts: true (phc)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "12",
                "true",
                "''",
                "http://ntp.example",
                "ntp example",
                "-ntp.example",
                "ntp..example",
                "192.0.2.256",
                "192.0.2",
                "a:0",
                "a:65536",
                "a:x",
                "'a:'",
                "':123'",
                "'[::1'",
                "'[a]:123'",
                "'[[::1]]'",
                "1:2:3",
                "[a]",
                "{port: 123}",
                "{host: 'a:123'}",
                "{host: a, port: 0}",
                "{host: a, port: 1.5}",
                "{host: a, minpoll: 18}",
                "{host: a, minpoll: -1}",
                "{host: a, minpoll: 5, maxpoll: 4}",
                "{host: a, iburst: true}",
                "{host: a, host: b}",
                "{host: a, allow_fast_polling: 1}",
                "{host: a, device: /dev/ptp0}",
                "{host: a, max_error: 0.1}",
                "{host: a, timescale: utc}",
                "{kind: gps}",
                "{kind: ntp}",
                "{kind: phc, host: a}",
                "{kind: phc, pool: 2}",
                "{kind: phc, nts: false}",
                "{kind: phc, max_error: 0}",
                "{kind: phc, max_error: 2}",
                "{kind: phc, timescale: gps}",
                "{kind: phc, minpoll: 5, maxpoll: 4}"
            })
    void shouldRefuseWhatIsNoServer(String server) {
        assertThat(problems("clock_measurement:\n  ntp:\n    servers:\n      - ntp.example\n      - " + server + "\n"))
                .singleElement()
                .asString()
                .startsWith("test.yaml:5:")
                .contains(": clock_measurement.ntp.servers[1]", "llowed");
    }

    @Test
    void shouldRefuseNoServersAndMoreThanTheSegmentHasRowsFor() {
        assertThat(problems("clock_measurement: {ntp: {servers: []}}"))
                .singleElement()
                .asString()
                .contains("found an empty list, allowed: auto, or a list of 1 to 16 servers");
        String seventeen = String.join(", ", Collections.nCopies(17, "a"));
        assertThat(problems("clock_measurement: {ntp: {servers: [" + seventeen + "]}}"))
                .singleElement()
                .asString()
                .contains("allowed: auto, or a list of 1 to 16 servers");
    }

    @Test
    void shouldReadWhereKeysAreHad() throws ConfigException {
        assertThat(load("""
                clock_measurement:
                  ntp:
                    require_authentication: true
                    nts_cookie_file: /var/lib/chronotick/cookies
                    servers:
                      - {host: a, nts: true}
                      - {host: b, port: 124, nts: true, nts_port: 4461, nts_ca: /etc/ca.pem}
                """).config().servers())
                .extracting(server -> server.keyExchange().orElseThrow())
                .containsExactly(
                        new KeyExchange("a", 4460, Optional.empty(), 123),
                        new KeyExchange("b", 4461, Optional.of(Path.of("/etc/ca.pem")), 124));
    }

    private static String ntp(String keys) {
        return "clock_measurement: {ntp: {" + keys + "}}";
    }

    /** Servers that smear are not asked beside others, nor beside those that smear in another way. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "auto | [time.google.com, a.example]",
                "auto | [a.example, 169.254.169.123]",
                "auto | [a.example, 'fd00:ec2::123']",
                "auto | [time1.google.com, time2.facebook.com]",
                "auto | [TIME.Google.COM., a.example]",
                "refuse | [time1.google.com, time2.google.com]"
            })
    void shouldRefuseServersThatSmearBesideOthers(String smear, String servers) {
        assertThat(problems(ntp("leap_smear: " + smear + ", servers: " + servers)))
                .singleElement()
                .asString()
                .contains("servers: found servers that smear leap seconds (", "allowed: only servers that");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "auto | [time1.google.com, time.aws.com] | true",
                "auto | [time.facebook.com] | true",
                "auto | [a.example] | false",
                "refuse | [a.example, b.example] | false",
                "follow | [a.example, time.google.com] | true"
            })
    void shouldFollowASmearWhereAllServersDoIt(String smear, String servers, boolean follows) throws ConfigException {
        DaemonConfig config =
                load(ntp("leap_smear: " + smear + ", servers: " + servers)).config();
        assertThat(config.followsSmear()).isEqualTo(follows);
    }

    @Test
    void shouldNameTheVariableThatHoldsServersWhichSmear() {
        assertThatThrownBy(() -> ConfigLoader.parse(
                        "", "x", Map.of("CHRONOTICK_SERVERS", "time.google.com b"), ConfigOverrides.NONE, 1))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .singleElement()
                                .asString()
                                .startsWith(
                                        "environment variable CHRONOTICK_SERVERS: clock_measurement.ntp.servers: found"));
    }

    @Test
    void shouldRefuseFewerServersThanHaveToAgree() {
        assertThat(problems(ntp("min_servers: 3, servers: [a, b]")))
                .singleElement()
                .asString()
                .contains("servers: found 2 servers, allowed: at least min_servers, which is 3");
    }

    @Test
    void shouldReadWhereLeapSecondsAreListed() throws ConfigException {
        assertThat(load("").config().leapSecondsList()).hasValue(Path.of("/usr/share/zoneinfo/leap-seconds.list"));
        assertThat(load(ntp("leap_seconds_list: /a/b")).config().leapSecondsList())
                .hasValue(Path.of("/a/b"));
        for (String none : List.of("none", "NONE", "\"\"")) {
            assertThat(load(ntp("leap_seconds_list: " + none)).config().leapSecondsList())
                    .isEmpty();
        }
    }

    @Test
    void shouldRefuseAServerThatIsNotAuthenticatedWhereAllHaveToBe() {
        assertThat(problems(
                        "clock_measurement: {ntp: {require_authentication: true, servers: [{host: a, nts: true}, b]}}"))
                .singleElement()
                .asString()
                .contains("require_authentication: found true, and servers without nts: true (b), allowed: only");
    }

    /** Which servers the host names is not known yet, and none of them need have NTS. */
    @ParameterizedTest
    @ValueSource(strings = {"", ", servers: auto"})
    void shouldSayWhatToNameWhereAllHaveToBeAuthenticatedAndTheHostNamesThem(String servers) {
        assertThat(problems("clock_measurement: {ntp: {require_authentication: true" + servers + "}}"))
                .containsExactly(
                        "test.yaml:1:51: clock_measurement.ntp.require_authentication: found true, with servers: auto,"
                                + " which may name servers without NTS; name servers that offer it instead:"
                                + " clock_measurement.ntp.servers: [{host: NAME, nts: true}, ...]");
    }

    @ParameterizedTest
    @CsvSource({
        "true, true",
        "false, false",
        "True, true",
        "FALSE, false",
        "yes, true",
        "no, false",
        "on, true",
        "Off, false"
    })
    void shouldReadTheBooleansOfBothYamlVersions(String text, boolean value) throws ConfigException {
        assertThat(load("short_term: {enabled: " + text + "}").config().speaker())
                .isEqualTo(value ? Correction.Source.FUSION : Correction.Source.LONG_TERM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"y", "n", "1", "0", "'true'", "maybe", "[true]", "yEs"})
    void shouldRefuseOtherBooleans(String text) {
        assertThat(problems("short_term: {enabled: " + text + "}"))
                .singleElement()
                .asString()
                .endsWith(", allowed: true or false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "10.0", "1e1", "+10", "0010"})
    void shouldReadWholeNumbersHoweverTheyAreWritten(String text) throws ConfigException {
        assertThat(load("daemon: {frequency: " + text + "}").config().frequencyHz())
                .isEqualTo(10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.5",
                "0.99",
                "1000.1",
                "'10'",
                "0x10",
                "1_0",
                "1e999999999",
                "1e99999999999",
                "1e-999999999",
                ".nan",
                "-.inf",
                "true",
                "10 Hz",
                "[10]"
            })
    void shouldRefuseOtherWholeNumbers(String text) {
        assertThat(problems("daemon: {frequency: " + text + "}"))
                .singleElement()
                .asString()
                .endsWith(", allowed: a whole number from 1 to 1000 (Hz)");
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "2.0, 2", ".5, 0.5", "2., 2", "1e-1, 0.1", "0.01, 0.01", "60, 60"})
    void shouldReadNumbers(String text, double value) throws ConfigException {
        assertThat(load("clock_measurement: {ntp: {timeout_seconds: " + text + "}}")
                        .config()
                        .timeoutSeconds())
                .isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {".nan", ".inf", "-.inf", "NaN", "Infinity", "1e999", "0", "-1", "60.001", "'2'", "2s", "1d"})
    void shouldRefuseOtherNumbers(String text) {
        assertThat(problems("clock_measurement: {ntp: {timeout_seconds: " + text + "}}"))
                .singleElement()
                .asString()
                .endsWith(", allowed: a number from 0.01 to 60 (s)");
    }

    @Test
    void shouldHoldMinimumStratumBelowMaximum() throws ConfigException {
        assertThat(problems("clock_measurement:\n  ntp:\n    max_stratum: 3\n    min_stratum: 4\n"))
                .containsExactly("test.yaml:3:18: clock_measurement.ntp.max_stratum: found 3, allowed: at least"
                        + " min_stratum, which is 4");
        assertThat(load("clock_measurement: {ntp: {max_stratum: 16}}").config().maxStratum())
                .isEqualTo(15);
    }

    @Test
    void shouldSuggestTheSectionInWhichAKeyBelongs() {
        assertThat(problems("servers: [a]\ndeamon: {}\n"))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("did you mean clock_measurement.ntp.servers?"))
                .anySatisfy(line -> assertThat(line).contains("did you mean daemon?"));
        assertThat(problems("daemon: {zzz: 1}")).singleElement().asString().doesNotContain("did you mean");
    }

    @Test
    void shouldAcceptSectionsAndFilesWithAllLinesCommentedOut() throws ConfigException {
        assertThat(load("").config())
                .isEqualTo(load("daemon:\n# frequency: 1\nclock_measurement:\n  ntp:\n")
                        .config());
        assertThat(load("# nothing\n").warnings()).isEmpty();
        assertThat(load("\uFEFFdaemon: {frequency: 7}").config().frequencyHz()).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a: [1 | test.yaml:1:6: not valid YAML: ",
                "daemon: \"x | not valid YAML: ",
                "- a | test.yaml:1:1: the file: found a list, allowed: a map with ",
                "text | test.yaml:1:1: the file: found the text \"text\", allowed: a map with ",
                "? [a] | test.yaml:1:3: the file: found a list, allowed: keys that are plain names",
                "daemon: !!map {} | test.yaml:1:9: found the tag ",
                "daemon: !evil {} | test.yaml:1:9: found the tag ",
                "daemon: &a {} | test.yaml:1:9: found an anchor",
                "daemon.frequency: 10 | test.yaml:1:1: \"daemon.frequency\": unknown key",
                "daemon: {<<: {frequency: 1}} | test.yaml:1:10: daemon.\"<<\": unknown key",
            })
    void shouldSayWhyATextIsNoConfiguration(String yaml, String problem) {
        assertThat(problems(yaml)).singleElement().asString().contains(problem).doesNotContain("\n");
    }

    @Test
    void shouldRefuseAliasesBeforeTheyMultiply() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 30; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertThat(problems(bomb.toString())).hasSize(30 + 58).allMatch(line -> line.contains("allowed: plain YAML"));
    }

    @Test
    void shouldRefuseDeepNestingAndMoreThanOneDocument() {
        assertThat(problems("[".repeat(100_000)))
                .containsExactly("test.yaml:1:33: nested more than 32 deep, which no configuration is");
        assertThat(problems("daemon: {}\n---\nlogging: {}\n"))
                .singleElement()
                .asString()
                .startsWith("test.yaml:2:1: found a second document");
    }

    @Test
    void shouldNotPassTerminalControlsOnToMessages() {
        assertThat(problems("\"a\\e[31m\": 1\nlogging: {level: \"\\e[31m\"}\n"))
                .hasSize(2)
                .allMatch(line -> line.chars().noneMatch(Character::isISOControl));
    }

    @Test
    void shouldSayInOneLineWhyAFileCannotBeRead() throws IOException {
        Path missing = dir.resolve("missing.yaml");
        Path binary = Files.write(dir.resolve("binary.yaml"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 1});
        Path control = Files.writeString(dir.resolve("control.yaml"), "a: 1\nb: \u0000\n", StandardCharsets.UTF_8);
        Path huge = Files.writeString(dir.resolve("huge.yaml"), "# ".repeat(200_000));
        assertThat(fileProblem(missing))
                .isEqualTo(missing + ": no such file; name an existing one, or none to run with the defaults");
        assertThat(fileProblem(dir)).isEqualTo(dir + ": is a directory; name a YAML file");
        assertThat(fileProblem(binary)).isEqualTo(binary + ": is not UTF-8 text; name a YAML file");
        assertThat(fileProblem(control)).isEqualTo(control + ":2:4: found the control character U+0000, allowed: text");
        assertThat(fileProblem(huge))
                .isEqualTo(huge + ": more than 256 KiB, which is no configuration; name another file");
        ConfigException e = catchThrowableOfType(
                ConfigException.class,
                () -> ConfigLoader.load(
                        Optional.empty(), Map.of("CHRONOTICK_CONFIG", "" + missing), ConfigOverrides.NONE, CPUS));
        assertThat(e).hasMessageStartingWith("environment variable CHRONOTICK_CONFIG: " + missing + ": no such file");
    }

    private static String fileProblem(Path file) {
        ConfigException e = catchThrowableOfType(
                ConfigException.class,
                () -> ConfigLoader.load(Optional.of(file), Map.of(), ConfigOverrides.NONE, CPUS));
        assertThat(e.problems()).hasSize(1);
        return e.problems().get(0);
    }

    private static LoadedConfig load(String yaml) throws ConfigException {
        return ConfigLoader.parse(yaml, "test.yaml", Map.of(), ConfigOverrides.NONE, CPUS);
    }

    private static List<String> problems(String yaml) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> load(yaml));
        assertThat(e).isNotNull();
        return e.problems();
    }
}
