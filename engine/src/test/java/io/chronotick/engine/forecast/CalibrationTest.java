// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What exchanges move an estimate by, against what they take off its stated variance. */
class CalibrationTest {
    private final Calibration calibration = new Calibration();

    /** An estimator whose exchanges take a tenth off the variance, and move it by {@code times} what that allows. */
    private void feed(double times) {
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            calibration.add(times * Math.sqrt(0.1) * random.nextGaussian(), 1, 0.9);
        }
    }

    @Test
    void shouldBeginWithOne() {
        assertThat(calibration.scale()).isEqualTo(1);
    }

    @Test
    void shouldLeaveAnHonestEstimatorAlone() {
        feed(1);
        assertThat(calibration.scale()).isCloseTo(1, within(0.1));
    }

    @Test
    void shouldWidenWhatMovesTooFar() {
        feed(2);
        // 2^1.25, as the class says.
        assertThat(calibration.scale()).isCloseTo(2.38, within(0.25));
    }

    @Test
    void shouldBelieveHalfOfWhatIsTooCautious() {
        feed(0.5);
        assertThat(calibration.scale()).isCloseTo(0.75, within(0.05));
    }

    @Test
    void shouldNotRunAwayWithOneNewRoute() {
        calibration.add(1e6, 1, 0.9);
        // 16 units above the four that were assumed: sqrt(20 / 4.1)^1.25.
        assertThat(calibration.scale()).isBetween(2.5, 2.8);
    }
}
