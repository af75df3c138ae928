// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScenarioFileTest {
    private static Scenario parse(String text) {
        return ScenarioFile.parse(text, "x.yaml", "x");
    }

    @Test
    void whatIsNotGivenStaysAsItWas() {
        Scenario scenario = parse("""
                for: 2 h
                clock: {frequency: 8 ppm, wander: 1e-9}
                servers:
                  - count: 2
                    poll: 64 s
                    path: {base: 15 ms, loss: 5 %, queue: {law: exponential, mean: 1 ms}}
                    back: {base: 20 ms}
                    changes:
                      - {at: 1 h, forward: {base: 23 ms}, drift: 1 ppm}
                """);
        assertThat(scenario.duration()).isEqualTo(7200);
        assertThat(scenario.clock().frequency()).isCloseTo(8e-6, offset(1e-18));
        assertThat(scenario.servers()).hasSize(2);
        ServerSpec server = scenario.servers().get(1);
        assertThat(server.name()).isEqualTo("server1-2");
        assertThat(server.poll()).isEqualTo(64);
        assertThat(server.initial().forward().base()).isCloseTo(0.015, offset(1e-15));
        assertThat(server.initial().back().base()).isCloseTo(0.020, offset(1e-15));
        assertThat(server.initial().back().loss()).isEqualTo(0.05);
        ServerSpec.State later = server.changes().get(0).state();
        assertThat(later.forward().base()).isCloseTo(0.023, offset(1e-15));
        assertThat(later.forward().queue()).isEqualTo(new DelayLaw.Exponential(0.001));
        assertThat(later.back()).isEqualTo(server.initial().back());
        assertThat(later.drift()).isCloseTo(1e-6, offset(1e-18));
    }

    @Test
    void scenarioOfTheDocumentationIsRead() throws IOException {
        String document = Files.readString(Path.of("../docs/lab.md"));
        int begin = document.indexOf("```yaml\n") + "```yaml\n".length();
        Scenario scenario = parse(document.substring(begin, document.indexOf("```", begin)));
        assertThat(scenario.servers().stream().map(ServerSpec::name)).containsExactly("near", "phc", "far-1", "far-2");
        assertThat(scenario.servers().stream().map(ServerSpec::isClock)).containsExactly(false, true, false, false);
        assertThat(scenario.limits().windows()).hasSize(1);
    }

    @Test
    void limitsAreRangesOrOneEnd() {
        Limits.Window window = parse("""
                for: 1 h
                servers: [{name: a}]
                limits:
                  windows: [{from: 10 min, rms: 20 us, inside-95: 93 %..97 %, inside-bound: 99.99 %}]
                """).limits().windows().get(0);
        assertThat(window.from()).isEqualTo(600);
        assertThat(window.to()).isEqualTo(3600);
        Limits.Range rms = range(window, Figure.RMS);
        assertThat(rms.contains(19.9e-6)).isTrue();
        assertThat(rms.contains(20.1e-6)).isFalse();
        assertThat(range(window, Figure.INSIDE_95).contains(0.98)).isFalse();
        assertThat(range(window, Figure.INSIDE_BOUND).contains(1)).isTrue();
        assertThat(range(window, Figure.INSIDE_BOUND).contains(Double.NaN)).isFalse();
    }

    private static Limits.Range range(Limits.Window window, Figure figure) {
        Limits.Range range = window.ranges().get(figure);
        assertThat(range).isNotNull();
        return java.util.Objects.requireNonNull(range);
    }

    @Test
    void serversMisbehaveAsTheyAreTold() {
        Scenario scenario = parse("""
                for: 2 h
                max-uncertainty: 1 s
                max-drift: 1 ppm
                clock: {frequency: 20 ppm, spread: 15 ppm}
                servers:
                  - name: a
                    honest: true
                    precision: 1 ms
                    back: {base: 5 ms, drift: -50 ppm}
                    changes:
                      - {at: 10 min, honest: false, alternate: 5 ms, scatter: 1 ms, aim: -1.5, hide: 50 %}
                      - {at: 20 min, kiss: DENY, unreachable: 100 %, forged: 10 %, stratum: 16}
                      - {at: 30 min, kiss: none, offset: 3653 d}
                stalls: [{at: 1 h, for: 3 s}, {at: 90 min, for: 10 s, restart: true}]
                """);
        assertThat(scenario.maxUncertainty()).isEqualTo(1);
        assertThat(scenario.maxDrift()).isCloseTo(1e-6, offset(1e-18));
        assertThat(scenario.clock().spread()).isCloseTo(15e-6, offset(1e-18));
        assertThat(scenario.stalls())
                .containsExactly(new Scenario.Stall(3600, 3, false), new Scenario.Stall(5400, 10, true));
        ServerSpec server = scenario.servers().get(0);
        assertThat(server.initial().back().drift()).isCloseTo(-50e-6, offset(1e-18));
        // The next power of two: 2^-9 s.
        assertThat(server.initial().precisionExponent()).isEqualTo(-9);
        assertThat(server.initial().conduct()).isEqualTo(ServerSpec.Conduct.PLAIN.with(true, 0, 0, 0, 0));
        ServerSpec.Conduct lying = ServerSpec.Conduct.PLAIN.with(false, 0.005, 0.001, -1.5, 0.5);
        assertThat(server.changes().get(0).state().conduct()).isEqualTo(lying);
        ServerSpec.Conduct denying =
                lying.withKiss(Optional.of("DENY")).withUnreachable(1).withForged(0.1);
        assertThat(server.changes().get(1).state().conduct()).isEqualTo(denying);
        assertThat(server.changes().get(1).state().stratum()).isEqualTo(16);
        assertThat(server.changes().get(2).state().conduct()).isEqualTo(denying.withKiss(Optional.empty()));
        complains(
                "for: 1 h\nservers: [{kiss: deny}]", "kiss: 'deny' is neither a code of four capital letters nor none");
        complains("for: 1 h\nservers: [{kind: gps}]", "kind: 'gps' is neither ntp nor phc");
    }

    private static void complains(String text, String message) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(LabException.class).hasMessageContaining(message);
    }

    @Test
    void mistakesAreToldWithLineAndColumn() {
        complains("", "x.yaml is empty");
        complains("for: [", "x.yaml is not valid YAML");
        complains("servers: [{name: a}]", "x.yaml:1:1: for: is missing; give it as 16 s, 20 us, 2 h");
        complains("for: 1 h", "servers: is missing");
        complains(
                "for: 1 h\nservers: [{name: a, pol: 16 s}]",
                "x.yaml:2:26: unknown key 'pol'; known here are aim, alternate, back");
        complains("for: soon\nservers: [{name: a}]", "x.yaml:1:6: for: 'soon' cannot be understood");
        complains("for: 1 h\nservers: [{poll: 16}]", "poll: '16' cannot be understood; write it as 16 s");
        complains(
                "for: 1 h\nservers: [{path: {loss: 120 %}}]",
                "loss: '120 %' is out of range; allowed are 0 % to 100 %");
        complains("for: 1 h\nservers: [{path: {queue: {law: normal}}}]", "law: 'normal' is not known");
        complains(
                "for: 1 h\nservers: [{path: {queue: [{share: 50 %, law: none}, {share: 20 %, law: none}]}}]",
                "queue: the shares add up to 70 %");
        complains(
                "for: 1 h\nservers: [{name: a}]\nlimits: {falsetickers: [b]}", "falsetickers: there is no server 'b'");
        complains(
                "for: 1 h\nservers: [{changes: [{at: 30 min}, {at: 20 min}]}]",
                "at: changes have to be in ascending order");
        complains(
                "for: 1 h\nservers: [{changes: [{at: 30 min, down: perhaps}]}]", "'perhaps' is neither true nor false");
    }

    @ParameterizedTest
    @CsvSource({
        "TIME, 16 s, 16",
        "TIME, 20us, 2e-5",
        "TIME, 1.5 h, 5400",
        "TIME, -10 ms, -0.01",
        "FREQUENCY, 8 ppm, 8e-6",
        "FREQUENCY, 1e-9, 1e-9",
        "FREQUENCY, 5 ppb, 5e-9",
        "SHARE, 5 %, 0.05",
        "NUMBER, 2.5, 2.5"
    })
    void quantitiesHaveUnits(Quantity quantity, String text, double value) {
        assertThat(quantity.parse(text).orElseThrow()).isCloseTo(value, offset(Math.abs(value) * 1e-12));
    }

    @ParameterizedTest
    @CsvSource({"TIME, 16", "TIME, 16 ppm", "TIME, s", "TIME, ''", "FREQUENCY, 3 s", "SHARE, NaN", "NUMBER, 1e999"})
    void otherTextIsNoQuantity(Quantity quantity, String text) {
        assertThat(quantity.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "TIME, 7200, 2 h",
        "TIME, 7470, 124.5 min",
        "TIME, 15, 15 s",
        "TIME, 0.012, 12 ms",
        "TIME, 2e-5, 20 us",
        "TIME, Infinity, never",
        "SHARE, 0.9999, 99.99 %",
        "FREQUENCY, 8e-6, 8 ppm",
        "FREQUENCY, 1e-9, 1 ppb"
    })
    void quantitiesAreWrittenInTheUnitThatSuitsThem(Quantity quantity, double value, String text) {
        assertThat(quantity.format(value)).isEqualTo(text);
    }
}
