// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SymmetricUpdateTest {
    private static double density(double noise, QueueLaw law) {
        double density = 0;
        for (int k = 0; k < QueueLaw.SCALES; k++) {
            double s = QueueLaw.scale(k);
            density += law.weight(k) / (s * Math.sqrt(2 * Math.PI)) * Math.exp(-0.5 * noise * noise / (s * s));
        }
        return density;
    }

    @ParameterizedTest
    @CsvSource({"1e-5, 1e-4", "0, 1e-4", "-5e-5, 1e-4", "3e-3, 1e-4", "1e-3, 1e-3", "-3e-3, 1e-3"})
    void shouldMatchTheMomentsOfTheExactPosterior(double e, double sd) {
        QueueLaw law = new QueueLaw();
        law.seed(3e-4);
        SymmetricUpdate update = new SymmetricUpdate();
        update.compute(e, sd * sd, law);

        double[] expected = OneSidedUpdateTest.brute(e, sd * sd, noise -> density(noise, law));
        assertThat(update.mean()).isCloseTo(expected[0], within(1e-3 * sd));
        assertThat(update.variance()).isCloseTo(Math.min(expected[1], sd * sd), within(2e-3 * sd * sd));
        assertThat(update.logEvidence()).isCloseTo(expected[2], within(1e-3));
    }

    @ParameterizedTest
    @CsvSource({"1e-1, 1e-6", "-1e-1, 1e-6", "1e6, 1e-9", "-1e6, 1e-9", "0, 1e3", "1e-12, 1e-9"})
    void shouldStayFiniteAndNeverGrowTheVariance(double e, double sd) {
        SymmetricUpdate update = new SymmetricUpdate();
        update.compute(e, sd * sd, new QueueLaw());

        assertThat(update.mean()).isFinite();
        assertThat(update.variance()).isPositive().isLessThanOrEqualTo(sd * sd);
        assertThat(update.logEvidence()).isFinite();
        assertThat(update.probability()).isBetween(0.0, 1.0);
        assertThat(Arrays.stream(update.responsibilities()).sum()).isBetween(0.0, 1.0 + 1e-9);
    }

    /** What makes it robust: an outlier is taken for one, and moves less than half as far as a plain measurement. */
    @Test
    void shouldHardlyMoveForAnOutlier() {
        QueueLaw law = new QueueLaw();
        law.seed(1e-5);
        SymmetricUpdate update = new SymmetricUpdate();
        double v = 1e-5 * 1e-5;

        update.compute(2e-5, v, law);
        double plain = update.mean();
        update.compute(0.1, v, law);

        assertThat(update.mean()).isBetween(0.0, plain / 2);
    }
}
