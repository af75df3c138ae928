// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CovariateTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long STEP = 10 * SECOND;

    /** Swing of {@link CovariateConfig#TEMPERATURE}. */
    private static final double SWING = 10;

    private static Covariate temperature(double lag) {
        return new Covariate(CovariateConfig.TEMPERATURE, lag);
    }

    private static void feed(Covariate covariate, int from, int to, double value) {
        for (int i = from; i < to; i++) {
            covariate.add(i * STEP, value);
        }
    }

    @Test
    void shouldStandAtNoughtBeforeTheFirstSample() {
        Covariate covariate = temperature(0);
        assertThat(covariate.newest()).isEmpty();
        assertThat(covariate.level(5 * SECOND)).isZero();
        assertThat(covariate.area(5 * SECOND)).isZero();
        assertThat(covariate.knownUntil()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void shouldIntegrateTheLineBetweenItsSamples() {
        Covariate covariate = temperature(0);
        // A ramp of 0.1 K a second; the median of three is one sample behind.
        for (int i = 0; i <= 100; i++) {
            covariate.add(i * STEP, 20 + i);
        }
        assertThat(covariate.newest()).hasValue(120);
        assertThat(covariate.level(505 * SECOND)).isCloseTo((50.5 - 1) / SWING, within(1e-12));
        double area = covariate.area(805 * SECOND) - covariate.area(305 * SECOND);
        assertThat(area).isCloseTo((80.5 * 80.5 - 30.5 * 30.5) / 2 * 10 / SWING - 500 / SWING, within(1e-9));
        // After the newest sample it stays.
        assertThat(covariate.area(2000 * SECOND) - covariate.area(1000 * SECOND))
                .isCloseTo(1000 * 99 / SWING, within(1e-9));
        assertThat(covariate.area(-5 * SECOND)).isCloseTo(0, within(1e-12));
    }

    @Test
    void shouldNotBeMovedByOneReadingThatIsNonsense() {
        Covariate covariate = temperature(0);
        feed(covariate, 0, 10, 40);
        covariate.add(10 * STEP, 127);
        assertThat(covariate.level(10 * STEP)).isZero();
        feed(covariate, 11, 13, 40);
        assertThat(covariate.level(13 * STEP)).isZero();
        // Two in a row are the truth.
        feed(covariate, 13, 15, 50);
        assertThat(covariate.level(14 * STEP)).isEqualTo(1);
    }

    @Test
    void shouldDropWhatIsNoNumberOrNotNewer() {
        Covariate covariate = temperature(0);
        feed(covariate, 0, 5, 40);
        covariate.add(5 * STEP, Double.NaN);
        covariate.add(6 * STEP, Double.POSITIVE_INFINITY);
        covariate.add(4 * STEP, 60);
        covariate.add(3 * STEP, 60);
        assertThat(covariate.newest()).hasValue(40);
        assertThat(covariate.knownUntil()).isEqualTo(4 * STEP);
        assertThat(covariate.level(10 * STEP)).isZero();
    }

    @Test
    void shouldFollowAStepAsAWarmingBodyDoes() {
        Covariate covariate = temperature(300);
        feed(covariate, 0, 10, 40);
        feed(covariate, 10, 200, 50);
        // The step passes the median a sample later.
        double since = (100 - 11 + 1) * 10;
        assertThat(covariate.level(100 * STEP)).isCloseTo(1 - Math.exp(-since / 300), within(1e-12));
        assertThat(covariate.level(199 * STEP)).isCloseTo(1, within(0.01));
    }

    @Test
    void shouldKnowThatASensorMayBeStuck() {
        Covariate covariate = temperature(0);
        Random random = new Random(1);
        for (int i = 0; i < 360; i++) {
            covariate.add(i * STEP, 40 + Math.rint(2 * random.nextGaussian()));
        }
        assertThat(covariate.knownUntil()).isEqualTo(359 * STEP);
        feed(covariate, 360, 420, 47.5);
        assertThat(covariate.knownUntil()).isEqualTo(360 * STEP);
        feed(covariate, 420, 421, 48);
        assertThat(covariate.knownUntil()).isEqualTo(420 * STEP);
    }

    @Test
    void shouldMeasureWhatItWandersBy() {
        Covariate covariate = temperature(0);
        Random random = new Random(3);
        double value = 40;
        double perSecond = 0.02;
        for (int i = 0; i < 20_000; i++) {
            covariate.add(i * STEP, value);
            value += perSecond * Math.sqrt(10) * random.nextGaussian();
        }
        // A hundred spans: their mean square is within 1 +- sqrt(2 / 100).
        assertThat(covariate.wander()).isCloseTo(Math.pow(perSecond / SWING, 2), within(4e-6 * 0.5));
    }

    @Test
    void shouldTakeWhatIsForgottenForTheOldestThatIsKnown() {
        Covariate covariate = temperature(0);
        for (int i = 0; i < 10_000; i++) {
            covariate.add(i * STEP, i < 5_000 ? 40 : 50);
        }
        long oldest = (10_000 - 8192) * STEP;
        assertThat(covariate.level(0)).isEqualTo(covariate.level(oldest));
        assertThat(covariate.area(oldest) - covariate.area(oldest - 100 * SECOND))
                .isCloseTo(0, within(1e-9));
        assertThat(covariate.level(9_000 * STEP)).isEqualTo(1);
    }
}
