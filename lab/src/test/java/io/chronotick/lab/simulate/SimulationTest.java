// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.SimulationDocument;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final String WAN = """
            for: 20 min
            clock: {frequency: 8 ppm, wander: 1e-9}
            servers:
              - {name: one, poll: 4 s, duplicates: 10 %, path: {base: 15 ms, loss: 5 %, queue: {law: exponential, mean: 1 ms}}}
              - {name: two, poll: 4 s, path: {base: 5 ms, queue: {law: gamma, mean: 1 ms, shape: 2}}}
            """;

    private static SimulationResult run(String text, long seed) {
        return Simulation.run(ScenarioFile.parse(text, "x.yaml", "x"), seed, 1, Set.of(), Optional.empty());
    }

    @Test
    void sameSeedGivesTheSameBitsAndAnotherDoesNot() {
        assertThat(run(WAN, 3).firstRun().errors())
                .isEqualTo(run(WAN, 3).firstRun().errors())
                .isNotEqualTo(run(WAN, 4).firstRun().errors());
    }

    @Test
    void limitsThatAreKeptPassAndOthersAreToldWithTheirValue() {
        String limits =
                "limits: {ready: 30 s, selected: [one, two], windows: [{from: 10 min, rms: %s, inside-bound: 99.99 %%}]}";
        SimulationResult kept = run(WAN + limits.formatted("1 ms"), 1);
        assertThat(kept.breaches()).isEmpty();
        assertThat(kept.passed()).isTrue();
        SimulationResult broken = run(WAN + limits.formatted("1 ns"), 1);
        assertThat(broken.passed()).isFalse();
        assertThat(broken.breaches())
                .singleElement()
                .asString()
                .matches("10 min to 20 min: rms .* us, allowed at most 0.001 us");
        assertThat(run(WAN + "limits: {ready: 1 s, falsetickers: [two]}", 1).breaches())
                .hasSize(2)
                .anyMatch(breach -> breach.startsWith("two is SELECTED in the end, not FALSETICKER"))
                .anyMatch(breach -> breach.matches("ready after .* s, allowed 1 s"));
    }

    @Test
    void readerHasNothingValidWhileNoServerAnswers() {
        SimulationResult result =
                run(WAN + "outages: [{from: 0 s, to: 10 min}]\nlimits: {windows: [{to: 599 s}, {from: 15 min}]}", 1);
        assertThat(result.windows().get(0).valid()).isZero();
        assertThat(result.windows().get(1).valid()).isEqualTo(1);
        assertThat(result.readySeconds()).isGreaterThan(600);
    }

    /** The machine sleeps from minute 10 to minute 12: nobody reads the time, and afterwards it is right again. */
    @Test
    void nothingIsReadWhileTheMachineSleeps() {
        SimulationResult result = run(
                WAN.replace("wander: 1e-9", "wander: 1e-9, stops: [{at: 10 min, for: 2 min}]")
                        + "limits: {windows: [{from: 12.5 min, rms: 5 ms, inside-bound: 99.99 %, valid: 95 %}]}",
                1);
        assertThat(result.breaches()).isEmpty();
        double[] seconds = result.firstRun().seconds();
        assertThat(seconds).contains(600, 720).doesNotContain(601, 719);
    }

    @Test
    void serverIsHeardUnderItsNewAddressOnly() {
        SimulationResult result = run(
                WAN.replace("{name: one,", "{name: one, changes: [{at: 10 min, moved: true, path: {base: 40 ms}}],")
                        + "limits: {selected: [one, two], windows: [{from: 5 min, max: 5 ms, inside-bound: 99.99 %}]}",
                1);
        assertThat(result.breaches()).isEmpty();
    }

    @Test
    void randomScenariosAreThoseOfTheirSeed() {
        assertThat(RandomScenario.of(7)).isEqualTo(RandomScenario.of(7)).isNotEqualTo(RandomScenario.of(8));
    }

    @Test
    void documentHasEveryFigureOfEveryWindow() {
        String json = JsonText.compact(
                SimulationDocument.tree(List.of(run(WAN + "limits: {windows: [{from: 10 min, rms: 1 ms}]}", 1))));
        for (Figure figure : Figure.values()) {
            assertThat(json).contains("\"" + figure.name().toLowerCase(java.util.Locale.ROOT) + "\":");
        }
        assertThat(json).contains("\"passed\":true").doesNotContain("NaN");
    }
}
