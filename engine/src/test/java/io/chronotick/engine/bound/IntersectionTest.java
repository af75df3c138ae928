// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntersectionTest {
    private static Optional<Interval> majority(List<Interval> votes) {
        return Intersection.of(votes).map(Intersection.Agreement::interval);
    }

    private static Interval of(double low, double high) {
        return new Interval(low, high);
    }

    @Test
    void shouldTakeOneServerAtItsWord() {
        assertThat(majority(List.of(of(1, 3)))).contains(of(1, 3));
    }

    @Test
    void shouldFindNoMajorityInTwoThatDisagree() {
        assertThat(majority(List.of(of(1, 2), of(3, 4)))).isEmpty();
    }

    @Test
    void shouldOutvoteOneLiarOfThree() {
        assertThat(majority(List.of(of(1, 3), of(2, 4), of(80, 81)))).contains(of(2, 3));
    }

    @Test
    void shouldNotLetAPartialOverlapCutTheTruthOut() {
        // All four meet in [2.9, 3], but if the last one lies the truth is anywhere in [1, 3].
        assertThat(majority(List.of(of(1, 3), of(1, 3), of(1, 3), of(2.9, 9)))).contains(of(1, 3));
    }

    @Test
    void shouldHoldTheTruthWheneverFewerThanHalfLie() {
        Random random = new Random(3);
        for (int round = 0; round < 20_000; round++) {
            int n = 1 + random.nextInt(9);
            int liars = random.nextInt((n + 1) / 2);
            List<Interval> intervals = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                double centre = i < liars ? 20 * random.nextDouble() - 10 : 2 * random.nextDouble() - 1;
                double half = i < liars ? random.nextDouble() * 3 : Math.abs(centre) + random.nextDouble();
                intervals.add(of(centre - half, centre + half));
            }
            assertThat(majority(intervals))
                    .hasValueSatisfying(majority -> assertThat(0.0).isBetween(majority.low(), majority.high()));
        }
    }
}
