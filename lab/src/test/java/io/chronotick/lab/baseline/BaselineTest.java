// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BaselineTest {
    @Test
    void linesFollowALineWithoutNoise() {
        for (Baseline baseline : Baseline.all()) {
            assertThat(baseline.offsetAt(0)).isNaN();
            for (int i = 0; i < 200; i++) {
                baseline.add(16.0 * i, 0.25 + 8e-6 * 16 * i, 0.0002);
            }
            double expected = 0.25 + 8e-6 * 3300;
            double allowed = baseline instanceof LastOffset ? 1e-3 : 1e-9;
            assertThat(baseline.offsetAt(3300)).as(baseline.name()).isCloseTo(expected, offset(allowed));
        }
    }

    @Test
    void lastOffsetIsTheLast() {
        Baseline last = new LastOffset();
        last.add(1, 5, 0);
        last.add(2, 7, 0);
        assertThat(last.offsetAt(100)).isEqualTo(7);
    }

    /** Every fourth offset is 50 ms off: a median does not care, a mean does. */
    @Test
    void theilSenIgnoresOutliers() {
        Baseline robust = new TheilSen();
        Baseline squares = new LeastSquares();
        for (int i = 0; i < 64; i++) {
            double offset = 1e-5 * i + (i % 4 == 0 ? 0.05 : 0);
            robust.add(i, offset, 0);
            squares.add(i, offset, 0);
        }
        assertThat(robust.offsetAt(64)).isCloseTo(64e-5, offset(1e-6));
        assertThat(Math.abs(squares.offsetAt(64) - 64e-5)).isGreaterThan(1e-3);
    }

    @Test
    void kalmanAveragesAndTrustsQuickExchangesMore() {
        Random random = new Random(3);
        Baseline kalman = new FixedKalman();
        double squares = 0;
        for (int i = 0; i < 4000; i++) {
            double forward = -1e-3 * Math.log(1 - random.nextDouble());
            double back = -1e-3 * Math.log(1 - random.nextDouble());
            kalman.add(16.0 * i, (forward - back) / 2, 0.03 + forward + back);
            double error = kalman.offsetAt(16.0 * i + 8);
            squares += i >= 1000 ? error * error / 3000 : 0;
        }
        // One offset alone has a deviation of 1 ms / sqrt(2).
        assertThat(Math.sqrt(squares)).isLessThan(0.15 * 1e-3 / Math.sqrt(2));
    }
}
