// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The engine against an adversary who keeps the assumptions of the hard bound; lab simulate --byzantine plays thousands. */
@Execution(ExecutionMode.CONCURRENT)
class ByzantineTest {
    private static List<ByzantineResult> play(long first, int count, Optional<ByzantineFamily> family) {
        return LongStream.range(first, first + count)
                .mapToObj(seed -> Byzantine.play(seed, family))
                .toList();
    }

    private static String describe(ByzantineResult result) {
        return "chronotick lab simulate --count 1 --byzantine " + result.seed() + ": " + result.about() + "; "
                + result.findings() + result.failure().map(e -> "; " + e).orElse("");
    }

    @Test
    void boundHoldsAndIsGivenOutWhereTheHonestMajorityAnswers() {
        assertBoundHolds(1, 40);
    }

    @Tag("slow") // four times as many as the quick one; together they are the first 200
    @Test
    void boundHoldsInMoreWorlds() {
        assertBoundHolds(41, 160);
    }

    private static void assertBoundHolds(long first, int worlds) {
        List<ByzantineResult> results = play(first, worlds, Optional.empty());
        assertThat(ByzantineSummary.violations(results))
                .map(ByzantineTest::describe)
                .isEmpty();
        ByzantineSummary summary = ByzantineSummary.of(results);
        assertThat(summary.availability()).isGreaterThanOrEqualTo(0.99);
        // Nothing is shown by worlds in which nobody answers.
        assertThat(summary.answered()).isGreaterThan(worlds * 720L);
    }

    /** Nothing is promised beyond the assumptions, but no input may end the engine. */
    @Test
    void whatBreaksTheAssumptionEndsInNoFailure() {
        for (ByzantineFamily family : ByzantineFamily.values()) {
            if (!family.isGuaranteed()) {
                assertThat(play(1, 5, Optional.of(family)))
                        .as(family.name())
                        .allMatch(result -> result.failure().isEmpty());
            }
        }
    }
}
