// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class HoldoverLawTest {
    private static final long HALF_HOUR = 1_800_000_000_000L;

    /** Of a frequency that is known well. */
    private static final double SD = 1e-8;

    private final HoldoverLaw law = new HoldoverLaw();

    @Test
    void shouldSayNothingWhileTheClockIsWatched() {
        assertThat(law.offsetSd(0)).isZero();
        assertThat(law.frequencySd(0)).isZero();
    }

    /** 2 ppm within ten minutes, and then for the rest of an hour: 1.96 deviations have to reach so far. */
    @Test
    void shouldReachWhereAWarmAfternoonTakesTheClock() {
        for (double t = 120; t <= 3600; t += 60) {
            double error = t < 600 ? 2e-6 * t * t / 1200 : 2e-6 * (t - 300);
            assertThat(1.96 * law.offsetSd(t)).as("after %s s", t).isGreaterThan(1.1 * error);
        }
    }

    @Test
    void shouldLearnThatAnOscillatorIsQuiet() {
        double before = law.offsetSd(3600);
        for (int i = 0; i < 7 * 48; i++) {
            law.observe(i * HALF_HOUR, 1e-8 * (i % 2), SD);
        }
        assertThat(law.offsetSd(3600)).isBetween(before / 4, before / 2);
    }

    @Test
    void shouldLearnThatAnOscillatorIsRestless() {
        double before = law.offsetSd(3600);
        for (int i = 0; i < 48; i++) {
            law.observe(i * HALF_HOUR, 4e-6 * (i % 2), SD);
        }
        assertThat(law.offsetSd(3600)).isGreaterThan(2 * before);
    }

    @Test
    void shouldNotTakeARestartForAChange() {
        double before = law.frequencySd(3600);
        law.observe(0, 0, SD);
        law.restart();
        law.observe(HALF_HOUR, 5e-5, SD);
        assertThat(law.frequencySd(3600)).isCloseTo(before, within(1e-15));
    }

    @Test
    void shouldNotTakeTheSearchForTheFrequencyForAChange() {
        double before = law.frequencySd(3600);
        law.observe(0, 0, 3e-5);
        law.observe(HALF_HOUR, 5e-5, SD);
        assertThat(law.frequencySd(3600)).isCloseTo(before, within(1e-15));
    }
}
