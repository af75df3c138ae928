// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.lab.score.Quantiles;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each law against the mean or the median that it is named by. */
class DelayLawTest {
    private static final int MANY = 200_000;

    private static double[] sample(DelayLaw law) {
        Random random = new Random(4);
        double[] samples = new double[MANY];
        Arrays.setAll(samples, i -> law.sample(random));
        assertThat(Arrays.stream(samples).min().orElseThrow()).isGreaterThanOrEqualTo(0);
        return samples;
    }

    private static double mean(DelayLaw law) {
        return Arrays.stream(sample(law)).average().orElseThrow();
    }

    @Test
    void lawsHaveTheirMeans() {
        assertThat(mean(new DelayLaw.None())).isZero();
        assertThat(mean(new DelayLaw.Exponential(0.002))).isCloseTo(0.002, offset(2e-5));
        assertThat(mean(new DelayLaw.Uniform(0.004))).isCloseTo(0.002, offset(2e-5));
        assertThat(mean(new DelayLaw.Gamma(0.002, 6))).isCloseTo(0.002, offset(2e-5));
        assertThat(mean(new DelayLaw.Gamma(0.002, 0.4))).isCloseTo(0.002, offset(2e-5));
        assertThat(mean(new DelayLaw.Pareto(0.002, 4))).isCloseTo(0.002, offset(5e-5));
        // 0.9 * 1 + 0.1 * 11 = 2
        assertThat(mean(new DelayLaw.Mixture(
                        List.of(0.9, 0.1), List.of(new DelayLaw.Exponential(0.001), new DelayLaw.Exponential(0.011)))))
                .isCloseTo(0.002, offset(5e-5));
    }

    /** Of a gamma law the variance is the mean squared over the shape. */
    @Test
    void gammaHasItsVariance() {
        for (double shape : new double[] {0.4, 6}) {
            double[] samples = sample(new DelayLaw.Gamma(1, shape));
            double variance =
                    Arrays.stream(samples).map(x -> (x - 1) * (x - 1)).average().orElseThrow();
            assertThat(variance * shape).isCloseTo(1, offset(0.03));
        }
    }

    @Test
    void logNormalHasItsMedian() {
        assertThat(Quantiles.median(sample(new DelayLaw.LogNormal(0.002, 1)))).isCloseTo(0.002, offset(3e-5));
    }

    @Test
    void directionLosesDelaysAndBursts() {
        DirectionSpec spec = new DirectionSpec(
                0.01,
                0,
                new DelayLaw.None(),
                Optional.of(new DirectionSpec.Bursts(300, 100, new DelayLaw.Exponential(0.05))),
                0.25,
                0.1,
                2);
        Direction direction = new Direction(new Random(8));
        int lost = 0;
        int late = 0;
        int bursting = 0;
        for (int i = 0; i < MANY; i++) {
            double delay = direction.delay(spec, i);
            lost += Double.isNaN(delay) ? 1 : 0;
            late += delay >= 2.01 ? 1 : 0;
            bursting += (delay > 0.01 && delay < 2) || delay > 2.01 ? 1 : 0;
        }
        assertThat(lost / (double) MANY).isCloseTo(0.25, offset(0.005));
        assertThat(late / (double) MANY).isCloseTo(0.75 * 0.1, offset(0.005));
        // A quarter of the time: 100 s of every 400 s.
        assertThat(bursting / (double) MANY).isCloseTo(0.75 * 0.25, offset(0.03));
    }

    @Test
    void baseDriftsDownToNothing() {
        DirectionSpec spec = DirectionSpec.NOTHING.withBase(0.010, -50e-6);
        assertThat(spec.after(100).base()).isCloseTo(0.005, offset(1e-12));
        assertThat(spec.after(1000).base()).isZero();
        assertThat(DirectionSpec.NOTHING.after(1000)).isSameAs(DirectionSpec.NOTHING);
    }
}
