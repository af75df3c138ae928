// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.NetworkPath;
import java.util.Arrays;
import java.util.List;

/**
 * One hypothesis about the oscillator, with everything that is estimated jointly under it: a Gaussian over
 *
 * <pre>
 *   [ x, y, (c, s, (w,) or k_0, k_1, ...,) b_0, a_0, b_1, a_1, ... ]
 * </pre>
 *
 * x = UTC - raw (less the epoch), s; y, c, s the rate of UTC against raw minus one and how it changes ({@link
 * ClockHypothesis}), k_i how much it follows a
 * covariate; and for every server b = half of the base round trip, s, and a = what its time differs from the others'
 * by asymmetric paths or an error of its own, s. Only x + a is observable with one server; the published time is a weighted
 * mean of the x + a (see {@link HypothesisBank}), so the gauge does not matter.
 *
 * <p>{@link TimeUpdate} carries it along, {@link MeasurementUpdate} takes exchanges in. Not thread-safe.
 */
public final class KalmanState {
    static final int X = 0;
    static final int Y = 1;
    static final int C = 2;
    static final int S = 3;
    static final int W = 4;
    static final int K = 2;
    private static final int PATH_STATES = 2;

    /** A tracked cycle has at least this angular frequency, rad/s: a round a day. */
    private static final double SLOWEST = 2 * Math.PI / 86_400;

    /** Prior standard deviation of the frequency, s/s: what uncalibrated crystals and tick counters are off by. */
    private static final double FREQUENCY_SD = 1e-4;

    /** Prior standard deviation of a server's asymmetry, as a part of its base delay one way. */
    private static final double ASYMMETRY = 0.1;

    /**
     * Variance of the phase, s^2, beyond which it begins anew with the next exchange: after days without one. The update would
     * take the difference of numbers whose last digits are larger than what it finds.
     */
    private static final double LOST_PHASE = 1;

    /** Smallest base delay used to set priors, s. */
    private static final double SMALLEST_BASE = 1e-6;

    private final ClockHypothesis hypothesis;
    private final DelayModel delays;
    /** A driven hypothesis' covariate, in the ways in which it is seen. */
    private final List<Covariate> drivers;

    private final int clockStates;
    private final TimeUpdate time = new TimeUpdate();
    private Gaussian belief;
    private boolean[] pathKnown = new boolean[0];
    private boolean started;
    private long rawNanos;

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
        this.belief = new Gaussian(clockStates);
        restart();
    }

    /** An independent copy: a second opinion that goes its own way. */
    KalmanState copy() {
        KalmanState copy = new KalmanState(hypothesis, delays, drivers);
        copy.copyFrom(this);
        return copy;
    }

    private void copyFrom(KalmanState other) {
        belief = other.belief.copy();
        pathKnown = other.pathKnown.clone();
        started = other.started;
        rawNanos = other.rawNanos;
    }

    /** Takes over all that another tracker believes, but takes its period to be another one, by this factor, and uncertain again. */
    void trackFrom(KalmanState other, double factor, double sd) {
        double omega = other.omega() / factor;
        belief = other.belief.copy();
        pathKnown = other.pathKnown.clone();
        started = other.started;
        rawNanos = other.rawNanos;
        setOmega(omega, sd);
    }

    /** The angular frequency of the cycle, rad/s, is this, give or take a part of it, and tells nothing of the rest. */
    private void setOmega(double omega, double part) {
        belief.decouple(W);
        belief.mean[W] = omega;
        belief.covariance[W][W] = part * part * omega * omega;
    }

    /** Angular frequency of the cycle, rad/s: the hypothesis' own, or what is believed of it if it is tracked. */
    double omega() {
        return hypothesis.tracked() ? Math.max(belief.mean[W], SLOWEST) : hypothesis.omega();
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

    /** What is believed of all states, for those who update it. */
    Gaussian belief() {
        return belief;
    }

    double mean(int i) {
        return belief.mean[i];
    }

    double covariance(int i, int j) {
        return belief.covariance[i][j];
    }

    int base(int source) {
        return clockStates + PATH_STATES * source;
    }

    int asymmetry(int source) {
        return base(source) + 1;
    }

    /** Offset of a server's time at the time of the state, x + a, s from the epoch. */
    double offset(int source) {
        return belief.mean[X] + belief.mean[asymmetry(source)];
    }

    /** Variance of {@link #offset}, s^2. */
    double offsetVariance(int source) {
        int a = asymmetry(source);
        return covariance(X, X) + 2 * covariance(X, a) + covariance(a, a);
    }

    /** Frequency at the time of the state, s/s. */
    double frequency() {
        frequencyRow(rawNanos);
        return belief.rowMean();
    }

    double frequencyVariance() {
        frequencyRow(rawNanos);
        return belief.rowVariance();
    }

    /** How the frequency depends on the state. */
    private void frequencyRow(long raw) {
        double[] row = belief.clearRow();
        row[Y] = 1;
        if (hypothesis.secondary()) {
            row[C] = 1;
        }
        for (int i = 0; i < drivers.size(); i++) {
            row[K + i] = drivers.get(i).level(raw);
        }
    }

    /** What a driven hypothesis follows. */
    List<Covariate> drivers() {
        return drivers;
    }

    /** What the frequency follows a lasting change of the covariate by, s/s a swing; of driven hypotheses only. */
    double sensitivity() {
        double sum = 0;
        for (int i = 0; i < drivers.size(); i++) {
            sum += belief.mean[K + i];
        }
        return sum;
    }

    double sensitivityVariance() {
        double sum = 0;
        for (int i = 0; i < drivers.size(); i++) {
            for (int k = 0; k < drivers.size(); k++) {
                sum += belief.covariance[K + i][K + k];
            }
        }
        return sum;
    }

    /** Prior variance of the asymmetry of a server with base delay {@code base} one way, s^2. */
    public static double asymmetryVariance(double base) {
        double sd = ASYMMETRY * Math.max(base, SMALLEST_BASE);
        return sd * sd;
    }

    /** Forgets everything but, where it is known, the frequency. */
    void restart(double frequency, double frequencyVariance) {
        belief = new Gaussian(clockStates);
        pathKnown = new boolean[0];
        started = false;
        belief.mean[Y] = frequency;
        belief.covariance[Y][Y] = Math.min(frequencyVariance, FREQUENCY_SD * FREQUENCY_SD);
        if (hypothesis.secondary()) {
            belief.covariance[C][C] = hypothesis.cSd() * hypothesis.cSd();
            belief.covariance[S][S] = hypothesis.sSd() * hypothesis.sSd();
        }
        if (hypothesis.tracked()) {
            setOmega(hypothesis.omega(), hypothesis.omegaSd());
        }
        for (int i = 0; i < drivers.size(); i++) {
            belief.covariance[K + i][K + i] = hypothesis.cSd() * hypothesis.cSd();
        }
    }

    void restart() {
        restart(0, FREQUENCY_SD * FREQUENCY_SD);
    }

    /** Forgets one server's path; the clock stays. */
    void forget(int source) {
        if (knows(source)) {
            pathKnown[source] = false;
            belief.decouple(base(source));
            belief.decouple(asymmetry(source));
        }
    }

    /** Sets the base delay of a server to {@code base} +- {@code sd}, s, forgetting what was known of it. */
    void resetBase(int source, double base, double sd) {
        int b = base(source);
        belief.decouple(b);
        belief.mean[b] = Math.max(base, 0);
        belief.covariance[b][b] = sd * sd;
    }

    /** Makes sure there is a clock and a path for the server, with priors from its exchange, and moves to its middle. */
    void prepare(int source, long middle, double offset, double delay) {
        double base = Math.max(delay / 2, SMALLEST_BASE);
        if (!started) {
            started = true;
            rawNanos = middle;
            belief.mean[X] = offset;
            belief.covariance[X][X] = base * base;
        } else {
            advance(middle);
            if (belief.covariance[X][X] > LOST_PHASE) {
                belief.decouple(X);
                belief.mean[X] = offset;
                belief.covariance[X][X] = base * base;
            }
        }
        if (!knows(source)) {
            grow(source + 1);
            pathKnown[source] = true;
            belief.mean[base(source)] = base;
            belief.covariance[base(source)][base(source)] = base * base;
            belief.mean[asymmetry(source)] = 0;
            belief.covariance[asymmetry(source)][asymmetry(source)] = asymmetryVariance(base);
        }
    }

    /** Time update to {@code raw}; a time before the state's leaves it where it is. */
    private void advance(long raw) {
        if (raw - rawNanos > 0) {
            long before = rawNanos;
            rawNanos = raw;
            time.advance(this, before, raw);
        }
    }

    /** Lets the phase be off by {@code sd}, s: the clock may have stepped. */
    void loosenPhase(double sd) {
        belief.covariance[X][X] += sd * sd;
    }

    /** Lets the base delay of a server wander by {@code sd}, s, before its next exchange. */
    void loosenBase(int source, double sd) {
        belief.covariance[base(source)][base(source)] += sd * sd;
    }

    /** See {@link MeasurementUpdate#observe}. */
    void observe(Exchange exchange, double up, double down, NetworkPath path, Observation out) {
        MeasurementUpdate.observe(this, exchange, up, down, path, out);
    }

    /** See {@link MeasurementUpdate#believe}. */
    void believe(double[] asymmetries, double offset, double variance) {
        MeasurementUpdate.believe(this, asymmetries, offset, variance);
    }

    /** See {@link TimeUpdate#predict}. */
    void predict(long raw, double[] asymmetries, Prediction out) {
        time.predict(this, raw, asymmetries, out);
    }

    /**
     * Writes into a row of zeros how the published time z = x + sum w_i a_i depends on the state.
     *
     * @param asymmetries weight w_i of each server's a, by source index
     */
    void published(double[] asymmetries, double[] row) {
        row[X] = 1;
        for (int source = 0; source < pathKnown.length; source++) {
            if (pathKnown[source]) {
                row[asymmetry(source)] = asymmetries[source];
            }
        }
    }

    private void grow(int sources) {
        int n = clockStates + PATH_STATES * sources;
        if (n > belief.size()) {
            belief.grow(n);
            pathKnown = Arrays.copyOf(pathKnown, sources);
        }
    }
}
