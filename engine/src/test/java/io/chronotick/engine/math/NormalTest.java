// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class NormalTest {
    /** Phi by integrating the density with Simpson's rule from far out: slow, simple, independent. */
    private static double integrated(double x) {
        double from = Math.min(x, 0) - 12;
        int steps = 200_000;
        double h = (x - from) / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            int weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            double t = from + i * h;
            sum += weight * Math.exp(-0.5 * t * t);
        }
        return sum * h / 3 / Math.sqrt(2 * Math.PI);
    }

    private static Offset<Double> relative(double expected, double part) {
        return within(Math.abs(expected) * part);
    }

    @Test
    void shouldAgreeWithTheIntegral() {
        for (double x = -9; x <= 6; x += 0.37) {
            double expected = integrated(x);
            assertThat(Normal.cdf(x)).as("cdf(%s)", x).isCloseTo(expected, relative(expected, 1e-9));
            assertThat(Normal.logCdf(x)).as("log cdf(%s)", x).isCloseTo(Math.log(expected), within(1e-9));
            double hazard = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI) / expected;
            assertThat(Normal.hazard(x)).as("hazard(%s)", x).isCloseTo(hazard, relative(hazard, 1e-9));
        }
    }

    @Test
    void shouldStayFiniteFarOut() {
        // ln Phi(-x) -> -x^2/2 - ln(x sqrt(2 pi)) (Abramowitz and Stegun 26.2.12).
        double x = 1e6;
        double expected = -0.5 * x * x - Math.log(x * Math.sqrt(2 * Math.PI));
        assertThat(Normal.logCdf(-x)).isCloseTo(expected, relative(expected, 1e-12));
        assertThat(Normal.hazard(-x)).isCloseTo(x, relative(x, 1e-11));
        assertThat(Normal.logCdf(40)).isZero();
    }

    @Test
    void shouldGiveTheVarianceOfATruncatedNormalWithoutASeam() {
        // The series beyond -60 meets the closed form there, and the variance falls with x throughout.
        double before = Normal.truncatedVariance(-60.0001, Normal.hazard(-60.0001));
        double after = Normal.truncatedVariance(-59.9999, Normal.hazard(-59.9999));
        assertThat(before).isCloseTo(after, relative(after, 1e-5));
        double last = 0;
        for (double x = -90; x < 8; x += 0.01) {
            double variance = Normal.truncatedVariance(x, Normal.hazard(x));
            assertThat(variance).as("variance(%s)", x).isBetween(last * (1 - 1e-7), 1.0);
            last = variance;
        }
    }
}
