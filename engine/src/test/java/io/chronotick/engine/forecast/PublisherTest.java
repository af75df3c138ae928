// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.bound.Interval;
import io.chronotick.engine.bound.ServerPool;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is said, and how sure. An uncertainty of 10 ms at most, polls of 16 s. */
class PublisherTest implements Notices {
    private static final long SECOND = 1_000_000_000L;
    private static final Interval ANY_RATE = new Interval(-5e-4, 5e-4);

    private final ServerPool pool = new ServerPool(15e-6, 1, 1);
    private final Readiness readiness = new Readiness(180);
    private final Publisher publisher =
            new Publisher(new Publisher.Terms(0.010, 5, Correction.Source.FUSION), readiness, Calibration.none());
    private long now = 1000 * SECOND;

    @Override
    public void inform(String text) {}

    @Override
    public void warn(String text) {}

    private double shapes;
    private double systematic;

    private void exchange() {
        readiness.onExchange(now);
    }

    private Correction say(double offset, double sd, Interval known, boolean decided, Double... rivals) {
        Estimate said = new Estimate(now, offset, 1e-6, sd * sd, 0, 1e-16, 1e-18);
        return publisher.correction(
                new Publisher.Situation(
                        now,
                        0,
                        said,
                        100,
                        known,
                        true,
                        decided,
                        ANY_RATE,
                        List.of(rivals),
                        shapes,
                        systematic,
                        16,
                        false),
                this);
    }

    private static Interval range(double low, double high) {
        return new Interval(low, high);
    }

    @Test
    void statesWhatNoExchangeShowsInQuadratureWithTheRest() {
        exchange();
        systematic = 3e-4;
        Correction said = say(2e-3, 4e-4, range(-0.01, 0.02), true);
        assertThat(said.statisticalSdAt(now)).isCloseTo(4e-4, within(1e-12));
        assertThat(said.sdAt(now)).isCloseTo(5e-4, within(1e-12));
    }

    @Test
    void theShapesOfQueuesAreInTheStatisticalPart() {
        exchange();
        shapes = 9e-8;
        assertThat(say(2e-3, 4e-4, range(-0.01, 0.02), true).statisticalSdAt(now))
                .isCloseTo(5e-4, within(1e-12));
    }

    @Test
    void statesNoMoreThanTheBoundWhateverIsSystematic() {
        exchange();
        systematic = 1;
        Correction said = say(2e-3, 4e-4, range(-0.01, 0.02), true);
        assertThat(said.sdAt(now)).isLessThanOrEqualTo(said.maxErrorAt(now) * (1 + 1e-9));
    }

    @Test
    void leavesAnEstimateInsideTheBoundAsItIs() {
        exchange();
        Correction said = say(2e-3, 1e-4, range(-0.01, 0.02), true);
        assertThat(said.utcNanos()).isEqualTo(now + 2_000_000);
        assertThat(said.sdAt(now)).isCloseTo(1e-4, within(1e-12));
        assertThat(said.maxErrorAt(now)).isCloseTo(0.018, within(1e-12));
    }

    /** Whatever the forecasters say: the time lies in the bound, the bound reaches all of it, the deviation not beyond. */
    @Test
    void neverLeavesTheBound() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            now += SECOND;
            exchange();
            double low = random.nextGaussian() * 1e-3;
            double high = low + random.nextDouble() * 1e-3;
            Correction said = say(random.nextGaussian() * 2e-3, random.nextDouble() * 1e-2, range(low, high), true);
            double offset = (said.utcNanos() - now) / 1e9;
            assertThat(offset).isBetween(low - 1e-9, high + 1e-9);
            assertThat(offset + said.maxErrorAt(now)).isGreaterThanOrEqualTo(high - 1e-9);
            assertThat(offset - said.maxErrorAt(now)).isLessThanOrEqualTo(low + 1e-9);
            assertThat(said.sdAt(now)).isLessThanOrEqualTo(said.maxErrorAt(now) + 1e-12);
        }
    }

    @Test
    void isAsUnsureAsTheWayTheTimeWasMoved() {
        exchange();
        Correction said = say(5e-3, 3e-3, range(-0.1, 1e-3), true);
        assertThat(said.sdAt(now)).isCloseTo(5e-3, within(1e-12)); // 3, 4, 5
    }

    @Test
    void isAsUnsureAsItsRivalsAreFar() {
        exchange();
        assertThat(say(0, 3e-3, range(-1, 1), true, 4e-3).sdAt(now)).isCloseTo(5e-3, within(1e-12));
    }

    @Test
    void coversTheWholeIntervalWhenItIsUndecidedWhere() {
        exchange();
        assertThat(say(0, 3e-3, range(-4e-3, 4e-3), false).sdAt(now))
                .isCloseTo(4e-3, within(1e-12)); // 5, but for the bound
    }

    @Test
    void becomesNoSurerWithoutAMeasurement() {
        exchange();
        say(0, 1e-3, range(-1, 1), true);
        now += SECOND;
        assertThat(say(0, 1e-5, range(-1, 1), true).sdAt(now)).isCloseTo(1e-3, within(1e-12));
        exchange();
        assertThat(say(0, 1e-5, range(-1, 1), true).sdAt(now)).isCloseTo(1e-5, within(1e-12));
    }

    /** 1.3 ppm after some minutes: what an oscillator may do when nobody looks. */
    @Test
    void growsUnsureInSilence() {
        exchange();
        say(0, 1e-5, range(-1, 1), true);
        now += 40 * SECOND;
        assertThat(say(0, 1e-5, range(-1, 1), true).sdAt(now)).isLessThan(1.1e-5);
        now += 3600 * SECOND;
        assertThat(say(0, 1e-5, range(-1, 1), true).sdAt(now)).isBetween(0.9 * 3600 * 1.3e-6, 1.1 * 3600 * 1.3e-6);
    }

    @Test
    void saysForAMinuteThatTheClockHasJumped() {
        publisher.onStep(now);
        assertThat(publisher.nothingKnown(now + 60 * SECOND).clockStepped()).isTrue();
        assertThat(publisher.nothingKnown(now + 61 * SECOND).clockStepped()).isFalse();
    }

    @Test
    void withdrawsTheTimeWhileTheServersAreInDoubt() {
        exchange();
        assertThat(say(0, 1e-5, range(-1, 1), true).validAt(now)).isFalse();
        readiness.onDoubt(ServerPool.Doubt.NONE, 0, pool, this);
        assertThat(say(0, 1e-5, range(-1, 1), true).validAt(now)).isTrue();
    }
}
