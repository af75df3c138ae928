// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.HumpedUpdate;
import io.chronotick.engine.path.NetworkPath;
import io.chronotick.engine.path.OneSidedUpdate;
import io.chronotick.engine.path.QueueLaw;
import io.chronotick.engine.path.ScalarUpdate;
import io.chronotick.engine.path.SymmetricUpdate;
import java.util.List;

/**
 * What a {@link KalmanState} learns from an exchange. Where delays are {@link DelayModel#ONE_SIDED} or {@link DelayModel#HUMPED}:
 * {@link OneSidedUpdate} or {@link HumpedUpdate} on each direction's lower edge; a packet that left at raw time T sees
 *
 * <pre>
 *   forward  t2 - T1 = +(x + a + (y + c) (T1 - T)) + b + queue
 *   return   T4 - t3 = -(x + a + (y + c) (T4 - T)) + b + queue
 * </pre>
 *
 * Where they are {@link DelayModel#SYMMETRIC}: half their sum and half their difference,
 *
 * <pre>
 *   h = b + excess                                {@link OneSidedUpdate}
 *   o = x + a + noise                             {@link SymmetricUpdate}
 * </pre>
 *
 * T is the time of the state. Allocates nothing.
 */
final class MeasurementUpdate {
    /** Standard deviation of a packet's timestamping, s; queues are told apart only above it. */
    private static final double STAMP_SD = 2e-7;

    /** Of the change from the two directions to their half sum and half difference. */
    private static final double LOG_HALF = Math.log(0.5);

    private MeasurementUpdate() {}

    /**
     * Takes in an exchange; {@link KalmanState#prepare} comes first.
     *
     * @param up t2 - T1, less the epoch, s
     * @param down T4 - t3, plus the epoch, s
     * @param out what was found on the way
     */
    static void observe(
            KalmanState state, Exchange exchange, double up, double down, NetworkPath path, Observation out) {
        int source = exchange.source();
        Gaussian belief = state.belief();
        DelayModel delays = state.delays();
        if (delays != DelayModel.SYMMETRIC) {
            ScalarUpdate update = delays == DelayModel.HUMPED ? out.humped : out.oneSided;
            direct(state, source, +1, exchange.t1());
            update(belief, up - belief.rowMean(), path.first(delays), update);
            out.first(update, path.first(delays));
            direct(state, source, -1, exchange.t4());
            update(belief, down - belief.rowMean(), path.second(delays), update);
            out.second(update, path.second(delays));
        } else {
            double half = (up + down) / 2;
            double[] row = belief.clearRow();
            row[KalmanState.Y] = -(exchange.t4() - exchange.t1()) * 0.5e-9;
            row[state.base(source)] = 1;
            update(belief, half - belief.rowMean(), path.excess(), out.oneSided);
            out.first(out.oneSided, path.excess());
            belief.clearRow();
            row[KalmanState.X] = 1;
            row[state.asymmetry(source)] = 1;
            update(belief, (up - down) / 2 - belief.rowMean(), path.noise(), out.symmetric);
            out.second(out.symmetric, path.noise());
            out.changeVariables(LOG_HALF);
        }
    }

    /** What a packet sees, see above. */
    private static void direct(KalmanState state, int source, int sign, long stamp) {
        double tau = Nanos.toSeconds(stamp - state.rawNanos());
        double[] row = state.belief().clearRow();
        row[KalmanState.X] = sign;
        row[KalmanState.Y] = sign * tau;
        if (state.hypothesis().secondary()) {
            row[KalmanState.C] = sign * tau;
        }
        List<Covariate> drivers = state.drivers();
        for (int i = 0; i < drivers.size(); i++) {
            row[KalmanState.K + i] = sign * tau * drivers.get(i).level(state.rawNanos());
        }
        row[state.base(source)] = 1;
        row[state.asymmetry(source)] = sign;
    }

    /** Takes in an observation that is {@code e} away from what was predicted and depends on the state by its row. */
    private static void update(Gaussian belief, double e, QueueLaw law, ScalarUpdate update) {
        double variance = STAMP_SD * STAMP_SD + belief.computeGain();
        update.compute(e, variance, law);
        double shift = update.mean() / variance;
        double shrink = (update.variance() - variance) / (variance * variance);
        double[] mean = belief.mean;
        double[] gain = belief.gain;
        double[][] covariance = belief.covariance;
        for (int i = 0; i < mean.length; i++) {
            mean[i] += gain[i] * shift;
            for (int j = 0; j <= i; j++) {
                covariance[i][j] += gain[i] * gain[j] * shrink;
                covariance[j][i] = covariance[i][j];
            }
        }
    }

    /**
     * Replaces what is believed of z = x + sum w_i a_i at the state's time by N(offset, variance), and leaves what is believed
     * of everything else given z (Jeffrey's rule): how another forecaster's word is put to the test.
     *
     * @param asymmetries weight of each server's a, by source index
     */
    static void believe(KalmanState state, double[] asymmetries, double offset, double variance) {
        Gaussian belief = state.belief();
        state.published(asymmetries, belief.clearRow());
        double before = belief.computeGain();
        double shift = (offset - belief.rowMean()) / before;
        double shrink = (variance - before) / (before * before);
        double[] mean = belief.mean;
        double[] gain = belief.gain;
        double[][] covariance = belief.covariance;
        for (int i = 0; i < mean.length; i++) {
            mean[i] += gain[i] * shift;
            for (int j = 0; j < mean.length; j++) {
                covariance[i][j] += gain[i] * gain[j] * shrink;
            }
        }
    }
}
