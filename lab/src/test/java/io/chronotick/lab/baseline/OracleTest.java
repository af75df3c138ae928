// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OracleTest {
    private static final double POLL = 16;
    private static final double BASE = 0.01;

    /** Exchanges of a clock with a cycle; returns the RMS error half a poll after each, from the 100th on. */
    private static double rms(Baseline estimator, long seed, double queue) {
        Random random = new Random(seed);
        double frequency = 1e-5;
        double phase = 0;
        double at = 0;
        double sum = 0;
        int count = 0;
        for (int i = 0; i < 2000; i++) {
            for (double end = i * POLL; at < end; at++) {
                frequency += 1e-9 * random.nextGaussian();
                phase -= frequency + 5e-7 * Math.sin(2 * Math.PI * (at + 0.5) / 1800);
            }
            if (i > 100) {
                double error = estimator.offsetAt(at) - phase;
                sum += error * error;
                count++;
            }
            double there = BASE - queue * Math.log(1 - random.nextDouble());
            double back = BASE - queue * Math.log(1 - random.nextDouble());
            estimator.add(at, phase + (there - back) / 2, there + back);
        }
        return Math.sqrt(sum / count);
    }

    private static Oracle oracle(double queue, List<ClockLaw.Cycle> cycles) {
        return oracle(BASE, queue, cycles);
    }

    private static Oracle oracle(double there, double queue, List<ClockLaw.Cycle> cycles) {
        List<PathLaw.Queue> law = List.of(new PathLaw.Queue(1, queue));
        return new Oracle(
                new ClockLaw(1e-5, 1e-9, 0, cycles),
                new PathLaw(new PathLaw.Way(there, law), new PathLaw.Way(BASE, law)));
    }

    private static final List<ClockLaw.Cycle> CYCLE = List.of(new ClockLaw.Cycle(5e-7, 1800));

    @Test
    void knowsMoreThanATextbookFilter() {
        for (long seed = 1; seed <= 3; seed++) {
            double known = rms(oracle(1e-3, CYCLE), seed, 1e-3);
            assertThat(known)
                    .isLessThan(0.3 * rms(new FixedKalman(), seed, 1e-3))
                    // The laws are worth something only when they are the right ones.
                    .isLessThan(0.8 * rms(oracle(1e-3, List.of()), seed, 1e-3))
                    .isLessThan(0.9 * rms(oracle(BASE + 1e-4, 1e-3, CYCLE), seed, 1e-3));
        }
    }

    /** n queues of mean m leave a lowest edge m / n off: an error far below that of a mean, m / sqrt(n). */
    @Test
    void followsTheEdgeOfTheQueues() {
        assertThat(rms(oracle(1e-3, CYCLE), 4, 1e-3)).isBetween(5e-6, 1e-4);
        assertThat(rms(oracle(1e-5, CYCLE), 4, 1e-5)).isBetween(1e-6, 5e-6);
    }

    @Test
    void lawsAreOfThisWorld() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ClockLaw(0, 0, 0, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClockLaw(0, 1e-9, -1, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClockLaw.Cycle(1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new PathLaw.Way(1, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new PathLaw.Queue(1, Double.NaN));
        assertThat(oracle(1e-3, List.of()).offsetAt(0)).isNaN();
    }
}
