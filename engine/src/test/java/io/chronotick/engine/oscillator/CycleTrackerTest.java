// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.NetworkPath;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CycleTrackerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double AMPLITUDE = 4e-7;

    /** Offsets of a clock that goes round, seen through short queues, to a tracker that begins beside the period. */
    @ParameterizedTest
    @CsvSource({"1500, 1.03, 16", "1500, 0.96, 16", "2600, 1.04, 64", "900, 0.97, 16"})
    void shouldFindThePeriod(double period, double beside, int poll) {
        KalmanState model = new KalmanState(ClockHypothesis.tracker(period * beside), DelayModel.ONE_SIDED);
        feed(model, period, poll, 40_000);
        assertThat(2 * Math.PI / model.omega()).isCloseTo(period, within(0.004 * period));
        double sd = Math.sqrt(model.covariance(KalmanState.W, KalmanState.W));
        assertThat(Math.abs(model.omega() - 2 * Math.PI / period)).isLessThan(4 * sd);
    }

    private static void feed(KalmanState model, double period, int poll, int seconds) {
        Random random = new Random(5);
        NetworkPath path = new NetworkPath();
        path.first(DelayModel.ONE_SIDED).seed(5e-5);
        path.second(DelayModel.ONE_SIDED).seed(5e-5);
        Observation found = new Observation();
        double w = 2 * Math.PI / period;
        for (long t = 0; t < seconds; t += poll) {
            double x = AMPLITUDE / w * (1 - Math.cos(w * t));
            long offset = Math.round(x * 1e9);
            long forward = 100_000 + Math.round(-50_000 * Math.log(1 - random.nextDouble()));
            long back = 100_000 + Math.round(-50_000 * Math.log(1 - random.nextDouble()));
            long t1 = t * SECOND;
            long t2 = t1 + forward + offset;
            long t3 = t2 + 10_000;
            long t4 = t3 - offset + back;
            Exchange exchange = exchange(t1, t2, t3, t4);
            double up = (t2 - t1) * 1e-9;
            double down = (t4 - t3) * 1e-9;
            model.prepare(0, exchange.middle(), (up - down) / 2, exchange.delay());
            model.loosenBase(0, 1e-8);
            model.observe(exchange, up, down, path, found);
            path.first(DelayModel.ONE_SIDED).learn(found.first());
            path.second(DelayModel.ONE_SIDED).learn(found.second());
        }
    }

    private static Exchange exchange(long t1, long t2, long t3, long t4) {
        return new Exchange(0, t1, t2, t3, t4, 0, 0, 0);
    }

    @Test
    void shouldBeginAgainBesideTheBestWhenLost() {
        KalmanState[] models = new KalmanState[4];
        double[] priors = new double[4];
        models[0] = new KalmanState(ClockHypothesis.randomWalks().get(0), DelayModel.ONE_SIDED);
        for (int j = 1; j < models.length; j++) {
            models[j] = new KalmanState(ClockHypothesis.tracker(1000 * j), DelayModel.ONE_SIDED);
            feed(models[j], 2000, 16, 4000);
        }
        EvidenceWeights weights = new EvidenceWeights(0.997, priors, priors);
        EvidenceWeights longWeights = new EvidenceWeights(0.999, priors, priors);
        // Not while a walk is likelier, nor while the others have not lost.
        weights.add(new double[] {1, 0, 0.5, 0});
        assertThat(CycleTracker.reseed(32, models, weights, longWeights)).isFalse();
        weights.add(new double[] {-20, -5, 0, -5});
        assertThat(CycleTracker.reseed(32, models, weights, longWeights)).isFalse();
        weights.add(new double[] {-20, -20, 0, -1});
        assertThat(CycleTracker.reseed(33, models, weights, longWeights)).isFalse();
        double kept = models[3].omega();
        assertThat(CycleTracker.reseed(32, models, weights, longWeights)).isTrue();
        assertThat(models[1].omega()).isEqualTo(models[2].omega());
        assertThat(models[1].mean(KalmanState.X)).isEqualTo(models[2].mean(KalmanState.X));
        assertThat(models[1].covariance(KalmanState.W, KalmanState.W))
                .isCloseTo(Math.pow(0.04 * models[2].omega(), 2), within(1e-12));
        assertThat(models[1].covariance(KalmanState.W, KalmanState.X)).isZero();
        assertThat(weights.log(1)).isEqualTo(-3);
        assertThat(models[3].omega()).isEqualTo(kept);
    }
}
