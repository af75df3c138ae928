// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OneSidedUpdateTest {
    /**
     * Posterior mean, variance and log evidence by brute force: prior times likelihood on a fine grid.
     *
     * @param noise density of the noise, 1/s
     */
    static double[] brute(double e, double v, DoubleUnaryOperator noise) {
        double sd = Math.sqrt(v);
        int steps = 400_000;
        double from = -12 * sd;
        double h = 24 * sd / steps;
        double z = 0;
        double first = 0;
        double second = 0;
        double nullDensity = 1e-4 / QueueLaw.scale(QueueLaw.SCALES - 1);
        for (int i = 0; i < steps; i++) {
            double d = from + (i + 0.5) * h;
            double likelihood = nullDensity + noise.applyAsDouble(e - d);
            double p = Math.exp(-0.5 * d * d / v) / Math.sqrt(2 * Math.PI * v) * likelihood * h;
            z += p;
            first += p * d;
            second += p * d * d;
        }
        return new double[] {first / z, second / z - first * first / z / z, Math.log(z)};
    }

    private static double density(double queue, QueueLaw law) {
        double density = 0;
        for (int k = 0; k < QueueLaw.SCALES && queue >= 0; k++) {
            density += law.weight(k) / QueueLaw.scale(k) * Math.exp(-queue / QueueLaw.scale(k));
        }
        return density;
    }

    @ParameterizedTest
    @CsvSource({
        "1e-5, 1e-4",
        "0, 1e-4",
        "-5e-5, 1e-4",
        "2e-4, 1e-4",
        "3e-3, 1e-4",
        "1e-3, 1e-3",
        "-3e-3, 1e-3",
        "1e-5, 1e-6"
    })
    void shouldMatchTheMomentsOfTheExactPosterior(double e, double sd) {
        QueueLaw law = new QueueLaw();
        law.seed(3e-4);
        OneSidedUpdate update = new OneSidedUpdate();
        update.compute(e, sd * sd, law);

        double[] expected = brute(e, sd * sd, queue -> density(queue, law));
        // The grid's cell is 6e-5 standard deviations; the truncation edge costs about one.
        assertThat(update.mean()).isCloseTo(expected[0], within(1e-3 * sd));
        assertThat(update.variance()).isCloseTo(Math.min(expected[1], sd * sd), within(2e-3 * sd * sd));
        assertThat(update.logEvidence()).isCloseTo(expected[2], within(1e-3));
    }

    @ParameterizedTest
    @CsvSource({"1e-1, 1e-6", "-1e-1, 1e-6", "1e6, 1e-9", "-1e6, 1e-9", "0, 1e3", "1e-12, 1e-9"})
    void shouldStayFiniteAndNeverGrowTheVariance(double e, double sd) {
        QueueLaw law = new QueueLaw();
        OneSidedUpdate update = new OneSidedUpdate();
        update.compute(e, sd * sd, law);

        assertThat(update.mean()).isFinite();
        assertThat(update.variance()).isPositive().isLessThanOrEqualTo(sd * sd);
        assertThat(update.logEvidence()).isFinite();
        assertThat(update.probability()).isBetween(0.0, 1.0);
        assertThat(Arrays.stream(update.responsibilities()).sum()).isBetween(0.0, 1.0 + 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"-0.02", "-1.0"})
    void shouldLearnNothingFromTheImpossible(double e) {
        // 20 ms earlier than an edge known to 10 us: only the null component explains it.
        QueueLaw law = new QueueLaw();
        OneSidedUpdate update = new OneSidedUpdate();
        update.compute(e, 1e-10, law);
        assertThat(update.mean()).isCloseTo(0, within(1e-9));
        assertThat(update.variance()).isCloseTo(1e-10, within(1e-13));
    }
}
