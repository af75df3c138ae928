// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExchangeFeaturesTest {
    private static final int EXCHANGES = 700;

    /** Features of exchanges with delays and offsets times {@code factor} and offsets on another line. */
    private static ExchangeFeatures features(double factor, double offset, double drift) {
        Random random = new Random(1);
        ExchangeFeatures features = new ExchangeFeatures();
        double time = 0;
        for (int i = 0; i < EXCHANGES; i++) {
            double gap = 16 * (0.9 + 0.2 * random.nextDouble());
            time += gap;
            double forward = -1e-3 * Math.log(1 - random.nextDouble());
            double reverse = -1e-3 * Math.log(1 - random.nextDouble());
            double measured = factor * (forward - reverse) / 2 + offset + drift * time;
            features.add(gap, measured, factor * (0.01 + forward + reverse));
        }
        return features;
    }

    private static void assertSame(ExchangeFeatures features, ExchangeFeatures others, double tolerance) {
        for (int i = 0; i < ExchangeFeatures.COUNT; i++) {
            assertThat(features.value(i)).as("feature %d", i).isCloseTo(others.value(i), within(tolerance));
        }
    }

    /** But for the step of the stamps, 1 ns, which does not grow along: a millionth of these queues. */
    @Test
    void doNotChangeWithTheUnitOfTime() {
        ExchangeFeatures once = features(1, 0, 0);
        ExchangeFeatures tenfold = features(10, 0, 0);
        assertSame(tenfold, once, 1e-4);
        assertThat(tenfold.scale()).isCloseTo(10 * once.scale(), within(1e-7));
    }

    @Test
    void doNotChangeWithTheOffsetOrTheFrequency() {
        assertSame(features(1, 0.5, 3e-5), features(1, 0, 0), 1e-6);
    }

    /** They do change with what matters: the very test that they are not constant. */
    @Test
    void tellQueuesFromOtherNoise() {
        Random random = new Random(2);
        ExchangeFeatures features = new ExchangeFeatures();
        for (int i = 0; i < EXCHANGES; i++) {
            // All of what is off came on the way there: the offset follows the delay by a half.
            double forward = -1e-3 * Math.log(1 - random.nextDouble());
            features.add(16, forward / 2, 0.01 + forward);
        }
        assertThat(features.value(11)).as("correlation of offset and delay").isGreaterThan(0.99);
        assertThat(features.value(10)).as("slope, of half the delay").isCloseTo(1, within(0.01));
        assertThat(Math.abs(features(1, 0, 0).value(11))).isLessThan(0.9);
    }

    @Test
    void scaleIsHalfTheMedianExcessOfTheNewest64() {
        Random random = new Random(3);
        double[] delays = new double[200];
        ExchangeFeatures features = new ExchangeFeatures();
        for (int i = 0; i < delays.length; i++) {
            delays[i] = 0.01 - 1e-3 * Math.log(1 - random.nextDouble());
            features.add(16, 0, delays[i]);
        }
        double newest = delays[199];
        double[] last = Arrays.copyOfRange(delays, 136, 200);
        Arrays.sort(last);
        // The median of 64 is one of the two in the middle.
        assertThat(features.scale()).isBetween((last[31] - last[0]) / 2, (last[32] - last[0]) / 2 + 1e-8);
        assertThat(features.excess()).isCloseTo((newest - last[0]) / 2, within(1e-15));
    }

    @Test
    void stayWithinTheirLimitsWhateverComes() {
        Random random = new Random(4);
        ExchangeFeatures features = new ExchangeFeatures();
        for (int i = 0; i < 2000; i++) {
            double size = Math.pow(10, random.nextInt(18) - 12);
            features.add(Math.pow(10, random.nextInt(8) - 2), size * random.nextGaussian(), size * random.nextDouble());
            for (int k = 0; k < ExchangeFeatures.COUNT; k++) {
                assertThat(features.value(k)).isBetween(-12.0, 12.0);
            }
        }
    }
}
