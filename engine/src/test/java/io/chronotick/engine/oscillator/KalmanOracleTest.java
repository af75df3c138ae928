// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.RecordedWorld;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.HumpedUpdate;
import io.chronotick.engine.path.NetworkPath;
import io.chronotick.engine.path.OneSidedUpdate;
import io.chronotick.engine.path.QueueLaw;
import io.chronotick.engine.path.ScalarUpdate;
import io.chronotick.engine.path.SymmetricUpdate;
import java.util.List;
import java.util.Random;
import org.hipparchus.filtering.kalman.Measurement;
import org.hipparchus.filtering.kalman.ProcessEstimate;
import org.hipparchus.filtering.kalman.linear.LinearEvolution;
import org.hipparchus.filtering.kalman.linear.LinearKalmanFilter;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.CholeskyDecomposer;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@link KalmanState} against the Kalman filter of Hipparchus, over exchanges with two servers at irregular times.
 *
 * <p>Time updates: F and Q come from the hypothesis' differential equations by Van Loan's matrix exponential, and share nothing
 * with {@link ClockTransition}. Measurement updates: assumed-density filtering gives the error d of what was predicted, of
 * variance v, a posterior N(m, w). That is what a Kalman filter finds of a Gaussian measurement with the innovation i and the
 * variance of the innovation u,
 *
 * <pre>
 *   i v / u = m,   v - v^2 / u = w     so     u = v^2 / (v - w),   i = m u / v
 * </pre>
 *
 * (m, w) are computed here from the oracle's own prediction; that they are the moments of the exact posterior is what {@link
 * OneSidedUpdateTest} and {@link SymmetricUpdateTest} show. What is compared is everything round them: rows, gains, the
 * covariances of all states.
 */
class KalmanOracleTest {
    private static final long SECOND = RecordedWorld.SECOND;

    /** Of the stamps, as {@link MeasurementUpdate} has it, s^2. */
    private static final double STAMP_VARIANCE = 2e-7 * 2e-7;

    private static final double BASE_WANDER = 1e-7;

    static List<ClockHypothesis> hypotheses() {
        return ClockHypothesis.all();
    }

    @ParameterizedTest
    @MethodSource("hypotheses")
    void shouldFilterOneSidedDelaysAsHipparchusDoes(ClockHypothesis hypothesis) {
        compare(hypothesis, DelayModel.ONE_SIDED);
    }

    @ParameterizedTest
    @MethodSource("hypotheses")
    void shouldFilterHumpedDelaysAsHipparchusDoes(ClockHypothesis hypothesis) {
        compare(hypothesis, DelayModel.HUMPED);
    }

    @ParameterizedTest
    @MethodSource("hypotheses")
    void shouldFilterSymmetricDelaysAsHipparchusDoes(ClockHypothesis hypothesis) {
        compare(hypothesis, DelayModel.SYMMETRIC);
    }

    /** The drivers' part of F and Q is written down here once more; what is integrated is {@link CovariateTest}'s concern. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldFilterDrivenClocksAsHipparchusDoes(int which) {
        List<Covariate> drivers =
                List.of(new Covariate(CovariateConfig.TEMPERATURE, 0), new Covariate(CovariateConfig.TEMPERATURE, 300));
        Random random = new Random(2);
        for (int i = 0; i < 1500; i++) {
            double value = 40 + 8 * Math.sin(i / 40.0) + random.nextGaussian();
            long raw = 10L * i * SECOND;
            drivers.forEach(driver -> driver.add(raw, value));
        }
        compare(ClockHypothesis.followers(drivers.size()).get(which), DelayModel.ONE_SIDED, drivers);
    }

    private static void compare(ClockHypothesis hypothesis, DelayModel delays) {
        compare(hypothesis, delays, List.of());
    }

    private static void compare(ClockHypothesis hypothesis, DelayModel delays, List<Covariate> drivers) {
        List<List<Exchange>> rounds =
                RecordedWorld.exchanges(new RecordedWorld.Recipe(5, 2, 150, 16, 1e-3, 2e-4, 3e-9));
        long epoch = rounds.get(0).get(0).t2() - rounds.get(0).get(0).t1();
        NetworkPath path = new NetworkPath();
        path.first(delays).seed(2e-4);
        path.second(delays).seed(1e-4);
        KalmanState model = new KalmanState(hypothesis, delays, drivers);
        Observation found = new Observation();
        rounds.get(0).forEach(exchange -> observe(model, exchange, epoch, path, found));
        Oracle oracle = new Oracle(model, hypothesis, delays, drivers);
        Random random = new Random(1);
        int compared = 0;
        for (List<Exchange> batch : rounds.subList(1, rounds.size())) {
            for (Exchange exchange : batch) {
                // Now and then nothing comes, up to several minutes, and then from one server alone.
                if (random.nextInt(3) > 0) {
                    observe(model, exchange, epoch, path, found);
                    oracle.observe(exchange, epoch, path);
                    oracle.assertEqualTo(model);
                    path.first(delays).learn(found.first());
                    path.second(delays).learn(found.second());
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(150);
        // What the forecasts are made of.
        long ahead = model.rawNanos() + 1800 * SECOND;
        Prediction prediction = new Prediction();
        model.predict(ahead, new double[] {0.25, 0.75}, prediction);
        oracle.assertPrediction(ahead, 0.25, 0.75, prediction);
    }

    private static double up(Exchange exchange, long epoch) {
        return (exchange.t2() - exchange.t1() - epoch) * 1e-9;
    }

    private static double down(Exchange exchange, long epoch) {
        return (exchange.t4() - exchange.t3() + epoch) * 1e-9;
    }

    private static void observe(KalmanState model, Exchange exchange, long epoch, NetworkPath path, Observation found) {
        double up = up(exchange, epoch);
        double down = down(exchange, epoch);
        model.prepare(exchange.source(), exchange.middle(), (up - down) / 2, exchange.delay());
        model.loosenBase(exchange.source(), BASE_WANDER);
        model.observe(exchange, up, down, path, found);
    }

    /** One scalar measurement and what it sees. */
    private record Seen(double time, RealVector value, RealMatrix covariance, LinearEvolution evolution)
            implements Measurement {
        @Override
        public double getTime() {
            return time;
        }

        @Override
        public RealVector getValue() {
            return value;
        }

        @Override
        public RealMatrix getCovariance() {
            return covariance;
        }
    }

    private static final class Oracle {
        /** Base delay and asymmetry. */
        private static final int PATH_STATES = 2;

        private final ClockHypothesis hypothesis;
        private final DelayModel delays;
        private final List<Covariate> drivers;
        private final int n;
        private final LinearKalmanFilter<Seen> filter;
        private final OneSidedUpdate oneSided = new OneSidedUpdate();
        private final HumpedUpdate humped = new HumpedUpdate();
        private final SymmetricUpdate symmetric = new SymmetricUpdate();
        private long rawNanos;

        Oracle(KalmanState model, ClockHypothesis hypothesis, DelayModel delays, List<Covariate> drivers) {
            this.hypothesis = hypothesis;
            this.delays = delays;
            this.drivers = drivers;
            n = hypothesis.clockStates() + 2 * PATH_STATES;
            RealVector mean = MatrixUtils.createRealVector(new double[n]);
            RealMatrix covariance = MatrixUtils.createRealMatrix(n, n);
            for (int i = 0; i < n; i++) {
                mean.setEntry(i, model.mean(i));
                for (int j = 0; j < n; j++) {
                    covariance.setEntry(i, j, model.covariance(i, j));
                }
            }
            rawNanos = model.rawNanos();
            filter = new LinearKalmanFilter<>(
                    new CholeskyDecomposer(1e-12, 0), Seen::evolution, new ProcessEstimate(0, mean, covariance));
        }

        void observe(Exchange exchange, long epoch, NetworkPath path) {
            double up = up(exchange, epoch);
            double down = down(exchange, epoch);
            int base = base(exchange.source());
            RealMatrix noise = MatrixUtils.createRealMatrix(n, n);
            noise.setEntry(base, base, BASE_WANDER * BASE_WANDER);
            advance(exchange.middle(), noise);
            if (delays != DelayModel.SYMMETRIC) {
                ScalarUpdate edge = delays == DelayModel.HUMPED ? humped : oneSided;
                double[] forward = direct(base, exchange.t1());
                see(up - dot(forward), forward, path.first(delays), edge);
                double[] reverse = direct(base, exchange.t4());
                for (int i = 0; i < n; i++) {
                    reverse[i] = i == base ? 1 : -reverse[i];
                }
                see(down - dot(reverse), reverse, path.second(delays), edge);
            } else {
                double half = (up + down) / 2;
                double[] delay = new double[n];
                delay[KalmanState.Y] = (exchange.t1() - exchange.t4()) * 1e-9 / 2;
                delay[base] = 1;
                see(half - dot(delay), delay, path.excess(), oneSided);
                double[] offset = new double[n];
                offset[KalmanState.X] = 1;
                offset[base + 1] = 1;
                see((up - down) / 2 - dot(offset), offset, path.noise(), symmetric);
            }
        }

        private int base(int source) {
            return hypothesis.clockStates() + PATH_STATES * source;
        }

        private double[] direct(int base, long stamp) {
            double tau = (stamp - rawNanos) * 1e-9;
            double[] row = new double[n];
            row[KalmanState.X] = 1;
            row[KalmanState.Y] = tau;
            if (hypothesis.secondary()) {
                row[2] = tau;
            }
            for (int i = 0; i < drivers.size(); i++) {
                row[2 + i] = tau * drivers.get(i).level(rawNanos);
            }
            row[base] = 1;
            row[base + 1] = 1;
            return row;
        }

        private double dot(double[] row) {
            return filter.getCorrected().getState().dotProduct(MatrixUtils.createRealVector(row));
        }

        /** Time update: a step whose measurement sees nothing. */
        private void advance(long raw, RealMatrix more) {
            double seconds = (raw - rawNanos) * 1e-9;
            RealMatrix[] carried = vanLoan(omega(), seconds);
            RealVector beside = hypothesis.tracked() ? extend(carried, seconds) : new ArrayRealVector(n);
            for (int i = 0; i < drivers.size(); i++) {
                Covariate driver = drivers.get(i);
                carried[0].setEntry(KalmanState.X, 2 + i, driver.area(raw) - driver.area(rawNanos));
            }
            RealMatrix gained = driverNoise(raw);
            rawNanos = raw;
            step(carried[0], beside, carried[1].add(gained).add(more), new double[n], 0, 1);
        }

        private double omega() {
            return hypothesis.tracked() ? filter.getCorrected().getState().getEntry(KalmanState.W) : hypothesis.omega();
        }

        /**
         * A frequency that is tracked gets a column of F and its noise: the extended Kalman filter. The derivative of exp(A t) by w is
         * the upper right of exp([A dA/dw; 0 A] t). Back comes what is to be added to F x, so that the mean goes the curved way.
         */
        private RealVector extend(RealMatrix[] carried, double seconds) {
            double a = hypothesis.damping();
            double w = omega();
            double[][] drift = {{0, 1, 1, 0}, {0, 0, 0, 0}, {0, 0, -a, 1}, {0, 0, -w * w, -a}};
            RealMatrix both = MatrixUtils.createRealMatrix(8, 8);
            both.setSubMatrix(drift, 0, 0);
            both.setSubMatrix(drift, 4, 4);
            both.setEntry(KalmanState.S, 4 + KalmanState.C, -2 * w);
            RealMatrix derivative = MatrixUtils.createRealMatrix(n, n);
            derivative.setSubMatrix(
                    MatrixUtils.matrixExponential(both.scalarMultiply(seconds))
                            .getSubMatrix(0, 3, 4, 7)
                            .getData(),
                    0,
                    0);
            RealVector column = derivative.operate(filter.getCorrected().getState());
            RealVector beside = column.mapMultiply(-omega());
            column.addToEntry(KalmanState.W, 1);
            carried[0].setColumnVector(KalmanState.W, column);
            carried[1].addToEntry(KalmanState.W, KalmanState.W, hypothesis.omegaNoise() * seconds);
            return beside;
        }

        /** What the k gain on the way of the covariate. */
        private RealMatrix driverNoise(long raw) {
            RealMatrix gained = MatrixUtils.createRealMatrix(n, n);
            for (int i = 0; i < drivers.size(); i++) {
                double way = Math.abs(drivers.get(i).level(raw) - drivers.get(i).level(rawNanos));
                gained.setEntry(
                        2 + i, 2 + i, ClockHypothesis.SENSITIVITY_CHANGE * ClockHypothesis.SENSITIVITY_CHANGE * way);
            }
            return gained;
        }

        private void see(double e, double[] row, QueueLaw law, ScalarUpdate update) {
            RealMatrix h = MatrixUtils.createRowRealMatrix(row);
            double seen = h.multiply(filter.getCorrected().getCovariance())
                    .multiplyTransposed(h)
                    .getEntry(0, 0);
            double v = seen + STAMP_VARIANCE;
            update.compute(e, v, law);
            // A mixture that leaves the variance where it was is a measurement that is as good as none.
            double u = v * v / Math.max(v - update.variance(), 1e-12 * v);
            double innovation = update.mean() * u / v;
            step(
                    MatrixUtils.createRealIdentityMatrix(n),
                    MatrixUtils.createRealMatrix(n, n),
                    row,
                    innovation,
                    u - seen);
        }

        private void step(RealMatrix f, RealMatrix q, double[] row, double innovation, double noise) {
            step(f, new ArrayRealVector(n), q, row, innovation, noise);
        }

        /** A step whose state goes to f x + beside. */
        private void step(
                RealMatrix f, RealVector beside, RealMatrix q, double[] row, double innovation, double noise) {
            RealMatrix h = MatrixUtils.createRowRealMatrix(row);
            RealVector before = f.operate(filter.getCorrected().getState()).add(beside);
            RealVector value = h.operate(before).mapAdd(innovation);
            RealMatrix covariance = MatrixUtils.createRealDiagonalMatrix(new double[] {noise});
            RealMatrix control = MatrixUtils.createRealIdentityMatrix(n);
            LinearEvolution evolution = new LinearEvolution(f, control, beside, q, h);
            filter.estimationStep(new Seen(rawNanos * 1e-9, value, covariance, evolution));
        }

        /** F and Q over a time: exp [-A D; 0 A'] t = [. inv(F) Q; 0 F'] (Van Loan 1978). The paths stay as they are. */
        private RealMatrix[] vanLoan(double w, double seconds) {
            int m = hypothesis.secondary() ? 4 : 2;
            double a = hypothesis.damping();
            double[][] drift = {{0, 1, 1, 0}, {0, 0, 0, 0}, {0, 0, -a, 1}, {0, 0, -w * w, -a}};
            double sNoise = hypothesis.omega() > 0 ? w * w * hypothesis.cNoise() : hypothesis.sNoise();
            double[] noise = {ClockHypothesis.PHASE_NOISE, hypothesis.wander(), hypothesis.cNoise(), sNoise};
            // So that noise and dynamics have entries of like size; Q is linear in D.
            double unit = 1e-18;
            RealMatrix both = MatrixUtils.createRealMatrix(2 * m, 2 * m);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < m; j++) {
                    both.setEntry(i, j, -drift[i][j] * seconds);
                    both.setEntry(m + i, m + j, drift[j][i] * seconds);
                }
                both.setEntry(i, m + i, noise[i] / unit * seconds);
            }
            RealMatrix exponential = MatrixUtils.matrixExponential(both);
            RealMatrix clock =
                    exponential.getSubMatrix(m, 2 * m - 1, m, 2 * m - 1).transpose();
            RealMatrix gathered = clock.multiply(exponential.getSubMatrix(0, m - 1, m, 2 * m - 1));
            RealMatrix f = MatrixUtils.createRealIdentityMatrix(n);
            f.setSubMatrix(clock.getData(), 0, 0);
            RealMatrix q = MatrixUtils.createRealMatrix(n, n);
            q.setSubMatrix(gathered.scalarMultiply(unit).getData(), 0, 0);
            return new RealMatrix[] {f, q};
        }

        /**
         * To 1e-6 of each state's deviation, after hundreds of steps that both have rounded in their own way (found: 1e-7).
         */
        void assertEqualTo(KalmanState model) {
            RealVector mean = filter.getCorrected().getState();
            RealMatrix covariance = filter.getCorrected().getCovariance();
            for (int i = 0; i < n; i++) {
                double sd = Math.sqrt(covariance.getEntry(i, i));
                assertThat(model.mean(i)).isCloseTo(mean.getEntry(i), within(1e-6 * sd));
                for (int j = 0; j < n; j++) {
                    double both = sd * Math.sqrt(covariance.getEntry(j, j));
                    assertThat(model.covariance(i, j)).isCloseTo(covariance.getEntry(i, j), within(1e-6 * both));
                }
            }
        }

        /** Published time and frequency at a later instant, for these weights of the two servers. */
        void assertPrediction(long raw, double first, double second, Prediction prediction) {
            // A forecast has the k gain all of it at once, before the time passes.
            RealMatrix gained = driverNoise(raw);
            step(MatrixUtils.createRealIdentityMatrix(n), gained, new double[n], 0, 1);
            advance(raw, gained.scalarMultiply(-1));
            double[] z = new double[n];
            z[KalmanState.X] = 1;
            z[base(0) + 1] = first;
            z[base(1) + 1] = second;
            double[] y = new double[n];
            y[KalmanState.Y] = 1;
            y[2] = hypothesis.secondary() ? 1 : y[2];
            for (int i = 0; i < drivers.size(); i++) {
                y[2 + i] = drivers.get(i).level(raw);
            }
            RealMatrix covariance = filter.getCorrected().getCovariance();
            RealVector pz = covariance.operate(MatrixUtils.createRealVector(z));
            RealVector py = covariance.operate(MatrixUtils.createRealVector(y));
            double p00 = pz.dotProduct(MatrixUtils.createRealVector(z));
            double p01 = pz.dotProduct(MatrixUtils.createRealVector(y));
            double p11 = py.dotProduct(MatrixUtils.createRealVector(y));
            assertThat(prediction.offset).isCloseTo(dot(z), within(1e-6 * Math.sqrt(p00)));
            assertThat(prediction.frequency).isCloseTo(dot(y), within(1e-6 * Math.sqrt(p11)));
            assertThat(prediction.p00).isCloseTo(p00, within(1e-6 * p00));
            assertThat(prediction.p11).isCloseTo(p11, within(1e-6 * p11));
            assertThat(prediction.p01).isCloseTo(p01, within(1e-6 * Math.sqrt(p00 * p11)));
        }
    }
}
