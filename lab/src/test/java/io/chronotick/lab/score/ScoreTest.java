// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ScoreTest {
    private static double[] gaussians(int count, double sd) {
        Random random = new Random(5);
        double[] values = new double[count];
        Arrays.setAll(values, i -> sd * random.nextGaussian());
        return values;
    }

    @Test
    void errorScoreOfFourErrors() {
        ErrorScore score = ErrorScore.of(new double[] {1, -1, 3, -5});
        // (1 + 1 + 9 + 25) / 4 = 9
        assertThat(score.rms()).isEqualTo(3);
        assertThat(score.mean()).isEqualTo(-0.5);
        assertThat(score.mae()).isEqualTo(2.5);
        assertThat(score.p50()).isEqualTo(2);
        assertThat(score.max()).isEqualTo(5);
        // 9 - 1/4
        assertThat(score.rmsWithoutBias()).isCloseTo(Math.sqrt(8.75), offset(1e-12));
        assertThat(ErrorScore.of(new double[0]).rms()).isNaN();
    }

    @Test
    void intervalOfATrueDeviationHoldsTheTruthAsOftenAsItSays() {
        double[] errors = gaussians(100_000, 2e-6);
        double[] sds = new double[errors.length];
        Arrays.fill(sds, 2e-6);
        IntervalScore score = IntervalScore.of(errors, sds, 0);
        for (int level = 0; level < IntervalScore.NOMINAL.size(); level++) {
            assertThat(score.covered().get(level)).isCloseTo(IntervalScore.NOMINAL.get(level), offset(0.005));
        }
        for (int percent = 0; percent <= 100; percent++) {
            assertThat(score.calibration().get(percent)).isCloseTo(percent / 100.0, offset(0.005));
        }
        // 2 * 1.96 sd
        assertThat(score.medianWidth95()).isCloseTo(7.84e-6, offset(1e-8));
        assertThat(score.hindsight95()).isCloseTo(1, offset(0.02));
    }

    @Test
    void hindsightNeedsLessWidthWhereTheStatedOneIsWide() {
        // All but the last are inside 1.96, and 0.5 would have held as many.
        IntervalScore score =
                IntervalScore.of(new double[] {0.1, -0.2, 0.3, -0.4, 0.5, 9}, new double[] {1, 1, 1, 1, 1, 1}, 0);
        assertThat(score.covered95()).isCloseTo(5 / 6.0, offset(1e-12));
        // The quantile of 5/6 lies a sixth of the way from the fifth to the sixth.
        assertThat(score.hindsight95()).isCloseTo(1.959964 / (0.5 + 8.5 / 6), offset(1e-6));
    }

    @Test
    void biasIsTakenFromTheErrorsBefore() {
        IntervalScore score = IntervalScore.of(new double[] {5, 5.1, 4.9}, new double[] {1, 1, 1}, 5);
        assertThat(score.covered95()).isEqualTo(1);
        assertThat(IntervalScore.of(new double[] {5, 5.1, 4.9}, new double[] {1, 1, 1}, 0)
                        .covered95())
                .isZero();
    }

    /** Values of Abramowitz and Stegun, table 7.1. */
    @Test
    void erfHasItsTabulatedValues() {
        assertThat(Erf.erf(0)).isZero();
        assertThat(Erf.erf(0.5)).isCloseTo(0.5204998778, offset(1e-10));
        assertThat(Erf.erf(1)).isCloseTo(0.8427007929, offset(1e-10));
        assertThat(Erf.erf(1.9999999)).isCloseTo(Erf.erf(2.0000001), offset(1e-8));
        assertThat(Erf.erf(2)).isCloseTo(0.9953222650, offset(1e-10));
        assertThat(Erf.erf(3)).isCloseTo(0.9999779095, offset(1e-10));
        assertThat(Erf.erf(Double.NaN)).isEqualTo(1);
    }

    @Test
    void quantilesInterpolate() {
        assertThat(Quantiles.median(new double[] {3, 1, 2, 10})).isEqualTo(2.5);
        assertThat(Quantiles.ofSorted(new double[] {0, 10}, 0.95)).isEqualTo(9.5);
        assertThat(Quantiles.median(new double[0])).isNaN();
        assertThat(Quantiles.geometricMean(new double[] {2, 8})).isCloseTo(4, offset(1e-12));
    }

    @Test
    void thinnedSeriesKeepsEveryNth() {
        double[] values = {0, 1, 2, 3, 4};
        assertThat(new TimeSeries(values, values, values, values).every(2).errors())
                .containsExactly(0, 2, 4);
    }
}
