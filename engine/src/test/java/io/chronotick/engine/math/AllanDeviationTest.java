// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against the numbers of NIST SP 1065 and the laws of known noise. */
class AllanDeviationTest {
    /** The test suite of section 12.4: a thousand frequencies of a generator, and what is right for them (table 31). */
    @Test
    void shouldAgreeWithNist() {
        double[] phase = new double[1001];
        long number = 1_234_567_890;
        for (int i = 0; i < 1000; i++) {
            phase[i + 1] = phase[i] + number / 2_147_483_647.0;
            number = 16_807 * number % 2_147_483_647;
        }
        AllanDeviation at1 = AllanDeviation.of(phase, 1);
        assertThat(at1.tau()).startsWith(1.0, 2.0, 4.0);
        assertThat(at1.deviation().get(0)).isCloseTo(2.922319e-1, within(1e-7));
        // The same instants ten times as far apart: as many seconds, a tenth of the frequency.
        AllanDeviation at10 = AllanDeviation.of(phase, 10);
        assertThat(at10.tau()).startsWith(10.0, 20.0);
        assertThat(at10.deviation().get(3)).isCloseTo(at1.deviation().get(3) / 10, within(1e-12));
    }

    /** White phase noise of deviation s has sqrt(3) s / tau (NIST SP 1065, table 3); a constant frequency has none, gaps do no harm. */
    @Test
    void shouldTellKnownNoise() {
        Random random = new Random(1);
        double[] phase = new double[20_000];
        for (int i = 0; i < phase.length; i++) {
            phase[i] = 1e-6 * random.nextGaussian() + 5e-6 * i;
        }
        assertWhite(AllanDeviation.of(phase, 1));
        Arrays.fill(phase, 7_000, 7_100, Double.NaN);
        phase[100] = Double.NaN;
        assertWhite(AllanDeviation.of(phase, 1));
        Arrays.fill(phase, Double.NaN);
        assertThat(AllanDeviation.of(phase, 1).tau()).isEmpty();
    }

    private static void assertWhite(AllanDeviation allan) {
        assertThat(allan.tau()).startsWith(1.0, 2.0, 4.0);
        for (int i = 0; i < 6; i++) {
            double tau = allan.tau().get(i);
            assertThat(allan.deviation().get(i) * tau / (Math.sqrt(3) * 1e-6)).isCloseTo(1, within(0.05));
        }
    }
}
