// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against integrals that are computed by brute force, and where those have no digits left, against what must be. */
class ErlangKernelTest {
    private static final int CELLS = 400_000;

    /** Log evidence, mean and variance of d. */
    private static double[] brute(int shape, double s, double e, double v) {
        double sd = Math.sqrt(v);
        double most = Math.max(e, 0) + 12 * sd + 60 * shape * s;
        // Where N(e - q; 0, v) has its mass.
        double from = Math.max(e - 40 * sd, 0);
        double to = Math.min(Math.max(e + 40 * sd, 40 * sd), most);
        double logNorm = -shape * Math.log(s) - Math.log(2 * Math.PI * v) / 2;
        for (int i = 2; i < shape; i++) {
            logNorm -= Math.log(i);
        }
        double step = (to - from) / CELLS;
        // Scaled by its largest value, so that nothing underflows.
        double best = Double.NEGATIVE_INFINITY;
        double[] logs = new double[CELLS];
        for (int i = 0; i < CELLS; i++) {
            double q = from + (i + 0.5) * step;
            logs[i] = (shape - 1) * Math.log(q) - q / s - (e - q) * (e - q) / (2 * v);
            best = Math.max(best, logs[i]);
        }
        double zero = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < CELLS; i++) {
            double q = from + (i + 0.5) * step;
            double p = Math.exp(logs[i] - best);
            zero += p;
            first += p * q;
            second += p * q * q;
        }
        double mean = first / zero;
        return new double[] {logNorm + best + Math.log(zero * step), e - mean, second / zero - mean * mean};
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1e-3, 5e-4, 1e-3",
        "1, 1e-3, 2e-3, 1e-4",
        "1, 1e-4, 1e-3, 1e-3",
        "2, 1e-3, 0, 1e-3",
        "2, 3e-4, -1e-3, 1e-3",
        "3, 1e-3, 3e-3, 1e-3",
        "3, 1e-3, 3e-3, 1e-5",
        "3, 3e-4, 1e-3, 1e-3",
        "3, 3e-4, -2e-3, 1e-3",
        "3, 4e-4, 0, 1e-3",
        "3, 3.9e-4, 0, 1e-3",
        "3, 1e-5, 1e-3, 1e-3",
        "3, 1e-6, 1e-3, 1e-3",
        "4, 1e-3, -5e-3, 1e-3",
        "8, 1e-3, 8e-3, 2e-3",
        "8, 1e-3, 0, 2e-3"
    })
    void shouldMatchTheIntegrals(int shape, double s, double e, double sd) {
        ErlangKernel kernel = new ErlangKernel();
        kernel.compute(shape, s, e, sd * sd, sd);
        double[] expected = brute(shape, s, e, sd * sd);
        assertThat(kernel.logEvidence()).isCloseTo(expected[0], within(1e-6));
        assertThat(kernel.mean()).isCloseTo(expected[1], within(1e-6 * sd));
        assertThat(kernel.variance() / expected[2]).isCloseTo(1, within(1e-5));
    }

    /** Both ways along the recurrence have to meet where one takes over from the other. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3", "5", "8"})
    void shouldBeContinuousWhereTheRecurrenceTurns(int shape) {
        double s = 1e-3;
        double sd = 1e-3;
        ErlangKernel kernel = new ErlangKernel();
        kernel.compute(shape, s, (-2.5 + 1 - 1e-9) * sd, sd * sd, sd);
        double logEvidence = kernel.logEvidence();
        double mean = kernel.mean();
        double variance = kernel.variance();
        kernel.compute(shape, s, (-2.5 + 1 + 1e-9) * sd, sd * sd, sd);
        assertThat(kernel.logEvidence()).isCloseTo(logEvidence, within(1e-7));
        assertThat(kernel.mean()).isCloseTo(mean, within(1e-7 * sd));
        assertThat(kernel.variance() / variance).isCloseTo(1, within(1e-6));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1e-1, 1e-6",
        "3, 1e-1, 1e-6",
        "3, -1e-1, 1e-6",
        "3, 1e6, 1e-9",
        "3, -1e6, 1e-9",
        "3, 0, 1e3",
        "8, 0, 1e3"
    })
    void shouldStayFiniteAndNeverGrowTheVariance(int shape, double e, double sd) {
        ErlangKernel kernel = new ErlangKernel();
        for (double s = 3e-7; s < 1; s *= 2.3) {
            kernel.compute(shape, s, e, sd * sd, sd);
            assertThat(kernel.logEvidence()).isNotNaN();
            assertThat(kernel.mean()).isFinite().isLessThanOrEqualTo(Math.nextUp(Math.max(e, e + 1e-9 * sd)));
            assertThat(kernel.variance()).isBetween(0.0, sd * sd * (1 + 1e-9));
            assertThat(kernel.late()).isNotNegative();
        }
    }
}
