// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Leap seconds with honest servers and one of four that has its own mind, looked at every 50 us round the instant. */
@Execution(ExecutionMode.CONCURRENT)
class LeapSecondWorldTest {
    @ParameterizedTest
    @CsvSource({"insert, 16, delete", "delete, 1024, none", "none, 16, insert"})
    void boundHoldsThroughALeapSecond(String kind, int poll, String other) {
        assertBoundHolds(kind, poll, other, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "insert, 16, insert", "insert, 16, none", "insert, 16, delete", "insert, 1024, insert", "insert, 1024, none",
        "delete, 16, delete", "delete, 16, none", "delete, 16, insert", "delete, 1024, delete", "delete, 1024, none",
        "none, 16, insert", "none, 16, delete", "none, 1024, insert", "none, 1024, delete"
    })
    @Tag("slow")
    void boundHoldsThroughEveryLeapSecond(String kind, int poll, String other) {
        assertBoundHolds(kind, poll, other, 3);
    }

    private static void assertBoundHolds(String kind, int poll, String other, int seeds) {
        String world = """
                for: 4 h
                clock: {frequency: 12 ppm, wander: 1e-9}
                leap: {at: 3 h, kind: %s}
                servers:
                  - {name: honest, count: 3, poll: %d s, path: {base: 15 ms, loss: 5 %%, queue: {law: exponential, mean: 1 ms}}}
                  - {name: other, poll: %d s, leap: %s, path: {base: 5 ms, queue: {law: exponential, mean: 1 ms}}}
                """.formatted(kind, poll, poll, other);
        Scenario scenario = ScenarioFile.parse(world, "x.yaml", "x");
        for (long seed = 1; seed <= seeds; seed++) {
            SimulatedWorld played = new SimulatedWorld(scenario, seed, Set.of(), Optional.empty());
            played.run();
            Findings findings = played.findings();
            assertThat(findings.outside()).as(findings.toString()).isZero();
            assertThat(findings.looks()).isGreaterThan(8000 + 4 * 3600);
            // Not by being so wide that it holds anything, nor by saying nothing.
            assertThat(findings.boundMedian()).isLessThan(0.1);
            assertThat(findings.answeredValid()).isEqualTo(findings.answered());
        }
    }
}
