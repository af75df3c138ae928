// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.NetworkPath;
import io.chronotick.engine.path.OneSidedUpdate;
import io.chronotick.engine.path.QueueLaw;
import io.chronotick.engine.path.ScalarUpdate;
import io.chronotick.engine.path.SymmetricUpdate;
import java.util.Arrays;
import java.util.List;

/**
 * One hypothesis about the oscillator, with everything that is estimated jointly under it: a Gaussian over
 *
 * <pre>
 *   [ x, y, (c, s, or k_0, k_1, ...,) b_0, a_0, b_1, a_1, ... ]
 * </pre>
 *
 * x = UTC - raw (less the epoch), s; y, c, s the rate of UTC against raw minus one and how it changes ({@link
 * ClockHypothesis}), k_i how much it follows a
 * covariate; and for every server b = half of the base round trip, s, and a = what its time differs from the others'
 * by asymmetric paths or an error of its own, s. Only x + a is observable with one server; the published time is a weighted
 * mean of the x + a (see {@link HypothesisBank}), so the gauge does not matter.
 *
 * <p>Measurement update where delays are {@link DelayModel#ONE_SIDED}: {@link OneSidedUpdate} on each direction's lower
 * edge; a packet that left at raw time T sees
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
 * T is the time of the state. Not thread-safe.
 */
public final class KalmanState {
    static final int X = 0;
    static final int Y = 1;
    private static final int C = 2;
    private static final int S = 3;
    private static final int K = 2;
    private static final int PATH_STATES = 2;

    /** Standard deviation of a packet's timestamping, s; queues are told apart only above it. */
    private static final double STAMP_SD = 2e-7;

    /** Prior standard deviation of the frequency, s/s: what uncalibrated crystals and tick counters are off by. */
    private static final double FREQUENCY_SD = 1e-4;

    /** Prior standard deviation of a server's asymmetry, as a part of its base delay one way. */
    private static final double ASYMMETRY = 0.1;

    /** Of the change from the two directions to their half sum and half difference. */
    private static final double LOG_HALF = Math.log(0.5);

    /** Smallest base delay used to set priors, s. */
    private static final double SMALLEST_BASE = 1e-6;

    private ClockHypothesis hypothesis;
    private final DelayModel delays;
    /** A driven hypothesis' covariate, in the ways in which it is seen. */
    private final List<Covariate> drivers;

    private final int clockStates;
    private final ClockTransition transition = new ClockTransition();
    private double[] mean;
    private double[][] covariance;
    private boolean[] pathKnown = new boolean[0];
    private boolean started;
    private long rawNanos;
    private double[] gain;
    private double[] row;

    KalmanState(ClockHypothesis hypothesis, DelayModel delays) {
        this(hypothesis, delays, List.of());
    }

    /**
     * A model that knows nothing yet.
     *
     * @param drivers what a driven hypothesis follows; shared with whoever feeds it
     */
    KalmanState(ClockHypothesis hypothesis, DelayModel delays, List<Covariate> drivers) {
        if (hypothesis.drivers() != drivers.size()) {
            throw new IllegalArgumentException(hypothesis.name());
        }
        this.hypothesis = hypothesis;
        this.delays = delays;
        this.drivers = List.copyOf(drivers);
        this.clockStates = hypothesis.clockStates();
        this.mean = new double[clockStates];
        this.covariance = new double[clockStates][clockStates];
        this.gain = new double[clockStates];
        this.row = new double[clockStates];
        restart();
    }

    /** An independent copy: a second opinion that goes its own way. */
    KalmanState copy() {
        KalmanState copy = new KalmanState(hypothesis, delays, drivers);
        copy.copyFrom(this);
        return copy;
    }

    private void copyFrom(KalmanState other) {
        int n = other.mean.length;
        mean = other.mean.clone();
        covariance = new double[n][];
        for (int i = 0; i < n; i++) {
            covariance[i] = other.covariance[i].clone();
        }
        hypothesis = other.hypothesis;
        pathKnown = other.pathKnown.clone();
        gain = new double[n];
        row = new double[n];
        started = other.started;
        rawNanos = other.rawNanos;
    }

    /** Another hypothesis with the same states takes over what is known of them: a period was learned better. */
    void retune(ClockHypothesis better) {
        if (better.clockStates() != clockStates) {
            throw new IllegalArgumentException("other states");
        }
        hypothesis = better;
    }

    /** Takes over clock and paths of another model; a second frequency component that the other lacks begins with its prior. */
    void startFrom(KalmanState other) {
        int shift = clockStates - other.clockStates;
        int n = other.mean.length + shift;
        restart();
        mean = new double[n];
        covariance = new double[n][n];
        gain = new double[n];
        row = new double[n];
        if (hypothesis.secondary()) {
            covariance[C][C] = hypothesis.cSd() * hypothesis.cSd();
            covariance[S][S] = hypothesis.sSd() * hypothesis.sSd();
        }
        for (int i = 0; i < other.mean.length; i++) {
            int to = i < other.clockStates ? i : i + shift;
            mean[to] = other.mean[i];
            for (int j = 0; j < other.mean.length; j++) {
                covariance[to][j < other.clockStates ? j : j + shift] = other.covariance[i][j];
            }
        }
        pathKnown = other.pathKnown.clone();
        started = other.started;
        rawNanos = other.rawNanos;
    }

    ClockHypothesis hypothesis() {
        return hypothesis;
    }

    DelayModel delays() {
        return delays;
    }

    boolean isStarted() {
        return started;
    }

    boolean knows(int source) {
        return source < pathKnown.length && pathKnown[source];
    }

    /** Time of the state, CLOCK_MONOTONIC_RAW, ns. */
    long rawNanos() {
        return rawNanos;
    }

    double mean(int i) {
        return mean[i];
    }

    double covariance(int i, int j) {
        return covariance[i][j];
    }

    int base(int source) {
        return clockStates + PATH_STATES * source;
    }

    int asymmetry(int source) {
        return base(source) + 1;
    }

    /** Frequency at the time of the state, s/s. */
    double frequency() {
        frequencyRow(rawNanos);
        return dot(row, mean);
    }

    double frequencyVariance() {
        frequencyRow(rawNanos);
        return quadratic(row);
    }

    /** How the frequency depends on the state. */
    private void frequencyRow(long raw) {
        Arrays.fill(row, 0);
        row[Y] = 1;
        if (hypothesis.secondary()) {
            row[C] = 1;
        }
        for (int i = 0; i < drivers.size(); i++) {
            row[K + i] = drivers.get(i).level(raw);
        }
    }

    private double quadratic(double[] a) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * dot(covariance[i], a);
        }
        return sum;
    }

    /** What a driven hypothesis follows. */
    List<Covariate> drivers() {
        return drivers;
    }

    /** What the frequency follows a lasting change of the covariate by, s/s a swing; of driven hypotheses only. */
    double sensitivity() {
        double sum = 0;
        for (int i = 0; i < drivers.size(); i++) {
            sum += mean[K + i];
        }
        return sum;
    }

    double sensitivityVariance() {
        double sum = 0;
        for (int i = 0; i < drivers.size(); i++) {
            for (int k = 0; k < drivers.size(); k++) {
                sum += covariance[K + i][K + k];
            }
        }
        return sum;
    }

    /** Variance that k_i gains on the way of the covariate from one instant to another. */
    private double sensitivityNoise(int i, long from, long to) {
        double change = ClockHypothesis.SENSITIVITY_CHANGE;
        Covariate driver = drivers.get(i);
        return change * change * Math.abs(driver.level(to) - driver.level(from));
    }

    /** Density of what a covariate that is not known does to the frequency, (s/s)^2/s. */
    private double unknownWander(int i) {
        double k = mean[K + i];
        return (k * k + covariance[K + i][K + i]) * drivers.get(i).wander();
    }

    /** Time up to an instant, from the state's on, for which a covariate is not known, s. */
    private double unknownSeconds(int i, long from, long to) {
        long known = Math.max(drivers.get(i).knownUntil(), from);
        return Nanos.toSeconds(Math.max(to - known, 0));
    }

    /** Prior variance of the asymmetry of a server with base delay {@code base} one way, s^2. */
    public static double asymmetryVariance(double base) {
        double sd = ASYMMETRY * Math.max(base, SMALLEST_BASE);
        return sd * sd;
    }

    /** Forgets everything but, where it is known, the frequency. */
    void restart(double frequency, double frequencyVariance) {
        mean = new double[clockStates];
        covariance = new double[clockStates][clockStates];
        gain = new double[clockStates];
        row = new double[clockStates];
        pathKnown = new boolean[0];
        started = false;
        mean[Y] = frequency;
        covariance[Y][Y] = Math.min(frequencyVariance, FREQUENCY_SD * FREQUENCY_SD);
        if (hypothesis.secondary()) {
            covariance[C][C] = hypothesis.cSd() * hypothesis.cSd();
            covariance[S][S] = hypothesis.sSd() * hypothesis.sSd();
        }
        for (int i = 0; i < drivers.size(); i++) {
            covariance[K + i][K + i] = hypothesis.cSd() * hypothesis.cSd();
        }
    }

    void restart() {
        restart(0, FREQUENCY_SD * FREQUENCY_SD);
    }

    /** Forgets one server's path; the clock stays. */
    void forget(int source) {
        if (knows(source)) {
            pathKnown[source] = false;
            decouple(base(source));
            decouple(asymmetry(source));
        }
    }

    /** Sets the base delay of a server to {@code base} +- {@code sd}, s, forgetting what was known of it. */
    void resetBase(int source, double base, double sd) {
        int b = base(source);
        decouple(b);
        mean[b] = Math.max(base, 0);
        covariance[b][b] = sd * sd;
    }

    /** Makes sure there is a clock and a path for the server, with priors from its exchange, and moves to its middle. */
    void prepare(int source, long middle, double offset, double delay) {
        double base = Math.max(delay / 2, SMALLEST_BASE);
        if (!started) {
            started = true;
            rawNanos = middle;
            mean[X] = offset;
            covariance[X][X] = base * base;
        } else {
            advance(middle);
        }
        if (!knows(source)) {
            grow(source + 1);
            pathKnown[source] = true;
            mean[base(source)] = base;
            covariance[base(source)][base(source)] = base * base;
            mean[asymmetry(source)] = 0;
            covariance[asymmetry(source)][asymmetry(source)] = asymmetryVariance(base);
        }
    }

    /** Time update to {@code raw}; a time before the state's leaves it where it is. */
    private void advance(long raw) {
        double dt = Nanos.toSeconds(raw - rawNanos);
        if (dt <= 0) {
            return;
        }
        long before = rawNanos;
        rawNanos = raw;
        ClockTransition f = transition;
        f.set(hypothesis, dt);
        int n = mean.length;
        if (!drivers.isEmpty()) {
            follow(before, raw, dt);
        } else if (hypothesis.secondary()) {
            double c = mean[C];
            double s = mean[S];
            mean[X] += mean[Y] * dt + f.xc * c + f.xs * s;
            mean[C] = f.cc * c + f.cs * s;
            mean[S] = f.sc * c + f.ss * s;
            for (int i = 0; i < n; i++) {
                double pc = covariance[C][i];
                double ps = covariance[S][i];
                covariance[X][i] += dt * covariance[Y][i] + f.xc * pc + f.xs * ps;
                covariance[C][i] = f.cc * pc + f.cs * ps;
                covariance[S][i] = f.sc * pc + f.ss * ps;
            }
            for (int i = 0; i < n; i++) {
                double pc = covariance[i][C];
                double ps = covariance[i][S];
                covariance[i][X] += dt * covariance[i][Y] + f.xc * pc + f.xs * ps;
                covariance[i][C] = f.cc * pc + f.cs * ps;
                covariance[i][S] = f.sc * pc + f.ss * ps;
            }
            addNoise(X, C, f.qxc);
            addNoise(X, S, f.qxs);
            addNoise(C, S, f.qcs);
            covariance[C][C] += f.qcc;
            covariance[S][S] += f.qss;
        } else {
            mean[X] += mean[Y] * dt;
            for (int i = 0; i < n; i++) {
                covariance[X][i] += dt * covariance[Y][i];
            }
            for (int i = 0; i < n; i++) {
                covariance[i][X] += dt * covariance[i][Y];
            }
        }
        covariance[X][X] += f.qxx;
        addNoise(X, Y, f.qxy);
        covariance[Y][Y] += f.qyy;
    }

    /** The part of a time update in which the covariate drives the clock. */
    private void follow(long from, long to, double dt) {
        int n = mean.length;
        Arrays.fill(row, 0);
        row[X] = 1;
        row[Y] = dt;
        for (int i = 0; i < drivers.size(); i++) {
            row[K + i] = drivers.get(i).area(to) - drivers.get(i).area(from);
        }
        mean[X] = dot(row, mean);
        for (int j = 0; j < n; j++) {
            gain[j] = dot(covariance[j], row);
        }
        double xx = dot(gain, row);
        for (int j = 0; j < n; j++) {
            covariance[X][j] = gain[j];
            covariance[j][X] = gain[j];
        }
        covariance[X][X] = xx;
        for (int i = 0; i < drivers.size(); i++) {
            double q = unknownWander(i);
            double t = unknownSeconds(i, from, to);
            covariance[X][X] += q * t * t * t / 3;
            addNoise(X, Y, q * t * t / 2);
            covariance[Y][Y] += q * t;
            covariance[K + i][K + i] += sensitivityNoise(i, from, to);
        }
    }

    private void addNoise(int i, int j, double q) {
        covariance[i][j] += q;
        covariance[j][i] = covariance[i][j];
    }

    /** Lets the phase be off by {@code sd}, s: the clock may have stepped. */
    void loosenPhase(double sd) {
        covariance[X][X] += sd * sd;
    }

    /** Lets the base delay of a server wander by {@code sd}, s, before its next exchange. */
    void loosenBase(int source, double sd) {
        covariance[base(source)][base(source)] += sd * sd;
    }

    /**
     * Takes in an exchange; {@link #prepare} comes first.
     *
     * @param up t2 - T1, less the epoch, s
     * @param down T4 - t3, plus the epoch, s
     * @param out what was found on the way
     */
    void observe(Exchange exchange, double up, double down, NetworkPath path, Observation out) {
        int source = exchange.source();
        if (delays == DelayModel.ONE_SIDED) {
            direct(source, +1, exchange.t1());
            update(up - predicted(), path.forward(), out.oneSided);
            out.first(out.oneSided, path.forward());
            direct(source, -1, exchange.t4());
            update(down - predicted(), path.reverse(), out.oneSided);
            out.second(out.oneSided, path.reverse());
        } else {
            double half = (up + down) / 2;
            Arrays.fill(row, 0);
            row[Y] = -(exchange.t4() - exchange.t1()) * 0.5e-9;
            row[base(source)] = 1;
            update(half - predicted(), path.excess(), out.oneSided);
            out.first(out.oneSided, path.excess());
            Arrays.fill(row, 0);
            row[X] = 1;
            row[asymmetry(source)] = 1;
            update((up - down) / 2 - predicted(), path.noise(), out.symmetric);
            out.second(out.symmetric, path.noise());
            out.logEvidence += LOG_HALF;
        }
    }

    /** What a packet sees, see above. */
    private void direct(int source, int sign, long stamp) {
        double tau = Nanos.toSeconds(stamp - rawNanos);
        Arrays.fill(row, 0);
        row[X] = sign;
        row[Y] = sign * tau;
        if (hypothesis.secondary()) {
            row[C] = sign * tau;
        }
        for (int i = 0; i < drivers.size(); i++) {
            row[K + i] = sign * tau * drivers.get(i).level(rawNanos);
        }
        row[base(source)] = 1;
        row[asymmetry(source)] = sign;
    }

    private double predicted() {
        return dot(row, mean);
    }

    /** Takes in an observation that is {@code e} away from what was predicted and depends on the state by {@link #row}. */
    private void update(double e, QueueLaw law, ScalarUpdate update) {
        int n = mean.length;
        for (int i = 0; i < n; i++) {
            gain[i] = dot(covariance[i], row);
        }
        double variance = STAMP_SD * STAMP_SD + dot(gain, row);
        update.compute(e, variance, law);
        double shift = update.mean() / variance;
        double shrink = (update.variance() - variance) / (variance * variance);
        for (int i = 0; i < n; i++) {
            mean[i] += gain[i] * shift;
            for (int j = 0; j <= i; j++) {
                covariance[i][j] += gain[i] * gain[j] * shrink;
                covariance[j][i] = covariance[i][j];
            }
        }
    }

    /** What {@link #observe} finds. Reused; allocates nothing after construction. */
    static final class Observation {
        private final OneSidedUpdate oneSided = new OneSidedUpdate();
        private final SymmetricUpdate symmetric = new SymmetricUpdate();
        private final double[] first = new double[QueueLaw.SCALES];
        private final double[] second = new double[QueueLaw.SCALES];
        private double logEvidence;
        private double firstProbability;
        private double secondProbability;
        private double early;

        private void first(ScalarUpdate update, QueueLaw law) {
            logEvidence = update.logEvidence();
            firstProbability = update.probability();
            early = earliness(update, law);
            System.arraycopy(update.responsibilities(), 0, first, 0, QueueLaw.SCALES);
        }

        private void second(ScalarUpdate update, QueueLaw law) {
            logEvidence += update.logEvidence();
            secondProbability = update.probability();
            if (update == oneSided) {
                early += earliness(update, law);
            }
            System.arraycopy(update.responsibilities(), 0, second, 0, QueueLaw.SCALES);
        }

        private static double earliness(ScalarUpdate update, QueueLaw law) {
            return update.rejected() * Math.min(law.mean(), Math.max(-update.seen(), 0));
        }

        /** Natural logarithm of the predictive density of the two directions' times. */
        double logEvidence() {
            return logEvidence;
        }

        /** Posterior weights of the scales of the {@link DelayModel}' first law. */
        double[] first() {
            return first;
        }

        /** Posterior weights of the scales of its second law. */
        double[] second() {
            return second;
        }

        /** Predictive probability of a smaller first value. */
        double firstProbability() {
            return firstProbability;
        }

        /** Predictive probability of a smaller second value. */
        double secondProbability() {
            return secondProbability;
        }

        /** How much earlier than possible the exchange was, s, as far as that was not believed. */
        double early() {
            return early;
        }
    }

    /**
     * The distribution of z = x + sum w_i a_i and of the frequency when the raw clock reads {@code raw}, at or after the
     * state's time (a little before it the noise counts as if after).
     *
     * @param asymmetries weight of each server's a, by source index
     */
    void predict(long raw, double[] asymmetries, Prediction out) {
        double dt = Nanos.toSeconds(raw - rawNanos);
        ClockTransition f = transition;
        f.set(hypothesis, Math.abs(dt));
        if (dt < 0) {
            f.transition(hypothesis, dt);
        }
        int n = mean.length;
        double[] z = gain;
        double[] y = row;
        Arrays.fill(z, 0);
        Arrays.fill(y, 0);
        z[X] = 1;
        z[Y] = dt;
        y[Y] = 1;
        if (hypothesis.secondary()) {
            z[C] = f.xc;
            z[S] = f.xs;
            y[C] = f.cc;
            y[S] = f.cs;
        }
        double more00 = 0;
        double more01 = 0;
        double more11 = 0;
        for (int i = 0; i < drivers.size(); i++) {
            z[K + i] = drivers.get(i).area(raw) - drivers.get(i).area(rawNanos);
            y[K + i] = drivers.get(i).level(raw);
            // All of what k gains, as if it had gained it at once.
            double k = sensitivityNoise(i, rawNanos, raw);
            double q = unknownWander(i);
            double t = unknownSeconds(i, rawNanos, raw);
            more00 += z[K + i] * z[K + i] * k + q * t * t * t / 3;
            more01 += z[K + i] * y[K + i] * k + q * t * t / 2;
            more11 += y[K + i] * y[K + i] * k + q * t;
        }
        for (int source = 0; source < pathKnown.length; source++) {
            if (pathKnown[source]) {
                z[asymmetry(source)] = asymmetries[source];
            }
        }
        double zz = 0;
        double zy = 0;
        double yy = 0;
        for (int i = 0; i < n; i++) {
            double pz = dot(covariance[i], z);
            zz += z[i] * pz;
            zy += y[i] * pz;
            yy += y[i] * dot(covariance[i], y);
        }
        out.offset = dot(z, mean);
        out.frequency = dot(y, mean);
        out.p00 = zz + f.qxx + more00;
        out.p01 = zy + Math.copySign(f.qxy + f.qxc, dt) + more01;
        out.p11 = yy + f.qyy + f.qcc + more11;
    }

    /**
     * Replaces what is believed of z = x + sum w_i a_i at the state's time by N(offset, variance), and leaves what is believed
     * of everything else given z (Jeffrey's rule): how another forecaster's word is put to the test.
     *
     * @param asymmetries weight of each server's a, by source index
     */
    void believe(double[] asymmetries, double offset, double variance) {
        int n = mean.length;
        Arrays.fill(row, 0);
        row[X] = 1;
        for (int source = 0; source < pathKnown.length; source++) {
            if (pathKnown[source]) {
                row[asymmetry(source)] = asymmetries[source];
            }
        }
        for (int i = 0; i < n; i++) {
            gain[i] = dot(covariance[i], row);
        }
        double before = dot(gain, row);
        double shift = (offset - dot(row, mean)) / before;
        double shrink = (variance - before) / (before * before);
        for (int i = 0; i < n; i++) {
            mean[i] += gain[i] * shift;
            for (int j = 0; j < n; j++) {
                covariance[i][j] += gain[i] * gain[j] * shrink;
            }
        }
    }

    /** What {@link #predict} gives: means and covariances of offset (s) and frequency (s/s). */
    static final class Prediction {
        double offset;
        double frequency;
        double p00;
        double p01;
        double p11;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private void grow(int sources) {
        int n = clockStates + PATH_STATES * sources;
        if (n <= mean.length) {
            return;
        }
        double[] grownMean = Arrays.copyOf(mean, n);
        double[][] grown = new double[n][n];
        for (int i = 0; i < mean.length; i++) {
            System.arraycopy(covariance[i], 0, grown[i], 0, mean.length);
        }
        mean = grownMean;
        covariance = grown;
        gain = new double[n];
        row = new double[n];
        pathKnown = Arrays.copyOf(pathKnown, sources);
    }

    private void decouple(int i) {
        mean[i] = 0;
        for (int j = 0; j < mean.length; j++) {
            covariance[i][j] = 0;
            covariance[j][i] = 0;
        }
    }
}
