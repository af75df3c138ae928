// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** A line that stands out of the increments of a frequency. */
class CycleFinderTest {
    private static final long GAP = 64_000_000_000L;
    private static final double LINE = 6;
    private static final double PERIOD = 3600;
    private static final double AMPLITUDE = 2e-8;

    private final CycleFinder finder = new CycleFinder();

    /** Twelve hours of a random walk of the frequency of 2e-10 a step, with a cycle on it. */
    private void watch(double amplitude) {
        Random random = new Random(1);
        double walk = 0;
        for (int i = 0; i < 675; i++) {
            walk += 2e-10 * random.nextGaussian();
            double phase = 2 * Math.PI * Nanos.toSeconds(i * GAP) / PERIOD;
            finder.add(i * GAP, walk + amplitude * Math.sin(phase));
        }
    }

    @Test
    void shouldFindACycle() {
        watch(AMPLITUDE);
        assertThat(finder.find(LINE)).isTrue();
        assertThat(finder.period()).isCloseTo(PERIOD, within(0.02 * PERIOD));
        assertThat(finder.amplitude()).isCloseTo(AMPLITUDE, within(0.3 * AMPLITUDE));
    }

    @Test
    void shouldFindNoneInARandomWalk() {
        watch(0);
        // Chance makes a line now and then, which is why the exchanges decide; not one as strong as that.
        assertThat(finder.find(2 * LINE)).isFalse();
    }

    @Test
    void shouldSayNothingBeforeItHasSeenAnything() {
        assertThat(finder.find(LINE)).isFalse();
        assertThat(finder.strength()).isZero();
    }

    @Test
    void shouldForget() {
        watch(AMPLITUDE);
        finder.clear();
        assertThat(finder.find(LINE)).isFalse();
    }

    @Test
    void shouldCopyWhatItHasSeen() {
        watch(AMPLITUDE);
        CycleFinder copy = new CycleFinder();
        copy.copyFrom(finder);
        assertThat(finder.find(LINE)).isTrue();
        assertThat(copy.find(LINE)).isTrue();
        assertThat(copy.period()).isEqualTo(finder.period());
    }
}
