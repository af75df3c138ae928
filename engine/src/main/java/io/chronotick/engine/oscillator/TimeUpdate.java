// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Nanos;
import java.util.Arrays;
import java.util.List;

/**
 * What time does to a {@link KalmanState}: {@link #advance} carries the state along, {@link #predict} looks ahead and leaves it where it
 * is. Reused; not thread-safe; allocates nothing.
 */
final class TimeUpdate {
    private final ClockTransition transition = new ClockTransition();

    /** Carries the belief of a state from one instant to a later one, CLOCK_MONOTONIC_RAW, ns. */
    void advance(KalmanState state, long from, long to) {
        double dt = Nanos.toSeconds(to - from);
        ClockTransition f = transition;
        f.set(state.hypothesis(), state.omega(), dt);
        Gaussian belief = state.belief();
        double[] mean = belief.mean;
        double[][] covariance = belief.covariance;
        int n = mean.length;
        if (!state.drivers().isEmpty()) {
            follow(state, from, to, dt);
        } else if (state.hypothesis().secondary()) {
            double c = mean[KalmanState.C];
            double s = mean[KalmanState.S];
            // A frequency that is known has no column; that of a tracked one is linear about what is believed.
            int w = state.hypothesis().tracked() ? KalmanState.W : KalmanState.S;
            boolean tracked = state.hypothesis().tracked();
            double xw = tracked ? f.xcw * c + f.xsw * s : 0;
            double cw = tracked ? f.ccw * c + f.csw * s : 0;
            double sw = tracked ? f.scw * c + f.ssw * s : 0;
            mean[KalmanState.X] += mean[KalmanState.Y] * dt + f.xc * c + f.xs * s;
            mean[KalmanState.C] = f.cc * c + f.cs * s;
            mean[KalmanState.S] = f.sc * c + f.ss * s;
            for (int i = 0; i < n; i++) {
                double pc = covariance[KalmanState.C][i];
                double ps = covariance[KalmanState.S][i];
                double pw = covariance[w][i];
                covariance[KalmanState.X][i] += dt * covariance[KalmanState.Y][i] + f.xc * pc + f.xs * ps + xw * pw;
                covariance[KalmanState.C][i] = f.cc * pc + f.cs * ps + cw * pw;
                covariance[KalmanState.S][i] = f.sc * pc + f.ss * ps + sw * pw;
            }
            for (int i = 0; i < n; i++) {
                double pc = covariance[i][KalmanState.C];
                double ps = covariance[i][KalmanState.S];
                double pw = covariance[i][w];
                covariance[i][KalmanState.X] += dt * covariance[i][KalmanState.Y] + f.xc * pc + f.xs * ps + xw * pw;
                covariance[i][KalmanState.C] = f.cc * pc + f.cs * ps + cw * pw;
                covariance[i][KalmanState.S] = f.sc * pc + f.ss * ps + sw * pw;
            }
            belief.addNoise(KalmanState.X, KalmanState.C, f.qxc);
            belief.addNoise(KalmanState.X, KalmanState.S, f.qxs);
            belief.addNoise(KalmanState.C, KalmanState.S, f.qcs);
            covariance[KalmanState.C][KalmanState.C] += f.qcc;
            covariance[KalmanState.S][KalmanState.S] += f.qss;
            if (tracked) {
                covariance[w][w] += state.hypothesis().omegaNoise() * dt;
            }
        } else {
            mean[KalmanState.X] += mean[KalmanState.Y] * dt;
            for (int i = 0; i < n; i++) {
                covariance[KalmanState.X][i] += dt * covariance[KalmanState.Y][i];
            }
            for (int i = 0; i < n; i++) {
                covariance[i][KalmanState.X] += dt * covariance[i][KalmanState.Y];
            }
        }
        covariance[KalmanState.X][KalmanState.X] += f.qxx;
        belief.addNoise(KalmanState.X, KalmanState.Y, f.qxy);
        covariance[KalmanState.Y][KalmanState.Y] += f.qyy;
    }

    /** The part of a time update in which the covariate drives the clock. */
    private static void follow(KalmanState state, long from, long to, double dt) {
        Gaussian belief = state.belief();
        List<Covariate> drivers = state.drivers();
        double[] mean = belief.mean;
        double[] gain = belief.gain;
        double[][] covariance = belief.covariance;
        int n = mean.length;
        double[] row = belief.clearRow();
        row[KalmanState.X] = 1;
        row[KalmanState.Y] = dt;
        for (int i = 0; i < drivers.size(); i++) {
            row[KalmanState.K + i] = drivers.get(i).area(to) - drivers.get(i).area(from);
        }
        mean[KalmanState.X] = belief.rowMean();
        double xx = belief.computeGain();
        for (int j = 0; j < n; j++) {
            covariance[KalmanState.X][j] = gain[j];
            covariance[j][KalmanState.X] = gain[j];
        }
        covariance[KalmanState.X][KalmanState.X] = xx;
        for (int i = 0; i < drivers.size(); i++) {
            double q = unknownWander(state, i);
            double t = unknownSeconds(drivers.get(i), from, to);
            covariance[KalmanState.X][KalmanState.X] += q * t * t * t / 3;
            belief.addNoise(KalmanState.X, KalmanState.Y, q * t * t / 2);
            covariance[KalmanState.Y][KalmanState.Y] += q * t;
            covariance[KalmanState.K + i][KalmanState.K + i] += sensitivityNoise(drivers.get(i), from, to);
        }
    }

    /** Variance that k gains on the way of the covariate from one instant to another. */
    private static double sensitivityNoise(Covariate driver, long from, long to) {
        double change = ClockHypothesis.SENSITIVITY_CHANGE;
        return change * change * Math.abs(driver.level(to) - driver.level(from));
    }

    /** Density of what a covariate that is not known does to the frequency, (s/s)^2/s. */
    private static double unknownWander(KalmanState state, int i) {
        double k = state.mean(KalmanState.K + i);
        return (k * k + state.covariance(KalmanState.K + i, KalmanState.K + i))
                * state.drivers().get(i).wander();
    }

    /** Time up to an instant, from the state's on, for which a covariate is not known, s. */
    private static double unknownSeconds(Covariate driver, long from, long to) {
        long known = Math.max(driver.knownUntil(), from);
        return Nanos.toSeconds(Math.max(to - known, 0));
    }

    /**
     * The distribution of z = x + sum w_i a_i and of the frequency when the raw clock reads {@code raw}, at or after the
     * state's time (a little before it the noise counts as if after).
     *
     * @param asymmetries weight of each server's a, by source index
     */
    void predict(KalmanState state, long raw, double[] asymmetries, Prediction out) {
        double dt = Nanos.toSeconds(raw - state.rawNanos());
        ClockTransition f = transition;
        f.set(state.hypothesis(), state.omega(), Math.abs(dt));
        if (dt < 0) {
            f.transition(state.hypothesis(), state.omega(), dt);
        }
        Gaussian belief = state.belief();
        double[] z = belief.gain;
        double[] y = belief.row;
        double[] mean = belief.mean;
        double[][] covariance = belief.covariance;
        Arrays.fill(z, 0);
        Arrays.fill(y, 0);
        state.published(asymmetries, z);
        z[KalmanState.Y] = dt;
        y[KalmanState.Y] = 1;
        if (state.hypothesis().secondary()) {
            z[KalmanState.C] = f.xc;
            z[KalmanState.S] = f.xs;
            y[KalmanState.C] = f.cc;
            y[KalmanState.S] = f.cs;
        }
        if (state.hypothesis().tracked()) {
            double c = mean[KalmanState.C];
            double s = mean[KalmanState.S];
            z[KalmanState.W] = f.xcw * c + f.xsw * s;
            y[KalmanState.W] = f.ccw * c + f.csw * s;
        }
        double more00 = 0;
        double more01 = 0;
        double more11 = 0;
        List<Covariate> drivers = state.drivers();
        long rawNanos = state.rawNanos();
        for (int i = 0; i < drivers.size(); i++) {
            z[KalmanState.K + i] = drivers.get(i).area(raw) - drivers.get(i).area(rawNanos);
            y[KalmanState.K + i] = drivers.get(i).level(raw);
            // All of what k gains, as if it had gained it at once.
            double k = sensitivityNoise(drivers.get(i), rawNanos, raw);
            double q = unknownWander(state, i);
            double t = unknownSeconds(drivers.get(i), rawNanos, raw);
            more00 += z[KalmanState.K + i] * z[KalmanState.K + i] * k + q * t * t * t / 3;
            more01 += z[KalmanState.K + i] * y[KalmanState.K + i] * k + q * t * t / 2;
            more11 += y[KalmanState.K + i] * y[KalmanState.K + i] * k + q * t;
        }
        double zz = 0;
        double zy = 0;
        double yy = 0;
        for (int i = 0; i < mean.length; i++) {
            double pz = Gaussian.dot(covariance[i], z);
            zz += z[i] * pz;
            zy += y[i] * pz;
            yy += y[i] * Gaussian.dot(covariance[i], y);
        }
        // The column of w is of its error, not of itself.
        double w = state.hypothesis().tracked() ? mean[KalmanState.W] : 0;
        out.offset = Gaussian.dot(z, mean) - (w == 0 ? 0 : z[KalmanState.W] * w);
        out.frequency = Gaussian.dot(y, mean) - (w == 0 ? 0 : y[KalmanState.W] * w);
        out.p00 = zz + f.qxx + more00;
        out.p01 = zy + Math.copySign(f.qxy + f.qxc, dt) + more01;
        out.p11 = yy + f.qyy + f.qcc + more11;
    }
}
