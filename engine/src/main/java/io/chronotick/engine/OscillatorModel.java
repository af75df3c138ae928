// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * One hypothesis about the oscillator, with everything that is estimated jointly under it: a Gaussian over
 *
 * <pre>
 *   [ x, y, b_0, a_0, b_1, a_1, ... ]
 * </pre>
 *
 * x = UTC - raw (less the epoch), s; y = rate of UTC against raw minus one, s/s, a random walk; and for every server b =
 * half of the base round trip, s, and a = what its time differs from the others' by asymmetric paths or an error of its
 * own, s. Only x + a is observable with one server; the published time is a weighted mean of the x + a (see {@link
 * OscillatorBank}), so the gauge does not matter.
 *
 * <p>Time update: Brown and Hwang's two-state clock. Measurement update: {@link OneSidedUpdate} on each direction's lower
 * edge; a packet that left at raw time T sees
 *
 * <pre>
 *   forward  t2 - T1 = +(x + a + y (T1 - T)) + b + queue
 *   return   T4 - t3 = -(x + a + y (T4 - T)) + b + queue
 * </pre>
 *
 * where T is the time of the state. Not thread-safe.
 */
final class OscillatorModel {
    static final int X = 0;
    static final int Y = 1;
    private static final int CLOCK_STATES = 2;
    private static final int PATH_STATES = 2;

    /** Phase noise of the raw clock, s^2/s: the white frequency noise of quartz at one second, about 1e-8 s. */
    private static final double PHASE_NOISE = 1e-16;

    /** Standard deviation of a packet's timestamping, s; queues are told apart only above it. */
    private static final double STAMP_SD = 2e-7;

    /** Prior standard deviation of the frequency, s/s: what uncalibrated crystals and tick counters are off by. */
    private static final double FREQUENCY_SD = 1e-4;

    /** Prior standard deviation of a server's asymmetry, as a part of its base delay one way. */
    private static final double ASYMMETRY = 0.1;

    /** Smallest base delay used to set priors, s. */
    private static final double SMALLEST_BASE = 1e-6;

    private final double wander;
    private double[] mean = new double[CLOCK_STATES];
    private double[][] covariance = new double[CLOCK_STATES][CLOCK_STATES];
    private boolean[] pathKnown = new boolean[0];
    private boolean started;
    private long rawNanos;
    private double[] gain = new double[CLOCK_STATES];

    /**
     * A model that knows nothing yet.
     *
     * @param wander spectral density of the frequency's random walk, (s/s)^2/s
     */
    OscillatorModel(double wander) {
        this.wander = wander;
    }

    double wander() {
        return wander;
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

    static int base(int source) {
        return CLOCK_STATES + PATH_STATES * source;
    }

    static int asymmetry(int source) {
        return base(source) + 1;
    }

    /** Prior variance of the asymmetry of a server with base delay {@code base} one way, s^2. */
    static double asymmetryVariance(double base) {
        double sd = ASYMMETRY * Math.max(base, SMALLEST_BASE);
        return sd * sd;
    }

    /** Forgets everything but, where it is known, the frequency. */
    void restart(double frequency, double frequencyVariance) {
        mean = new double[CLOCK_STATES];
        covariance = new double[CLOCK_STATES][CLOCK_STATES];
        gain = new double[CLOCK_STATES];
        pathKnown = new boolean[0];
        started = false;
        mean[Y] = frequency;
        covariance[Y][Y] = Math.min(frequencyVariance, FREQUENCY_SD * FREQUENCY_SD);
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
        double dt = (raw - rawNanos) * 1e-9;
        if (dt <= 0) {
            return;
        }
        rawNanos = raw;
        mean[X] += mean[Y] * dt;
        int n = mean.length;
        for (int i = 0; i < n; i++) {
            covariance[X][i] += dt * covariance[Y][i];
        }
        for (int i = 0; i < n; i++) {
            covariance[i][X] += dt * covariance[i][Y];
        }
        covariance[X][X] += wander * dt * dt * dt / 3 + PHASE_NOISE * dt;
        covariance[X][Y] += wander * dt * dt / 2;
        covariance[Y][X] = covariance[X][Y];
        covariance[Y][Y] += wander * dt;
    }

    /** Lets the base delay of a server wander by {@code sd}, s, before its next exchange. */
    void loosenBase(int source, double sd) {
        covariance[base(source)][base(source)] += sd * sd;
    }

    /**
     * Takes in one direction of an exchange.
     *
     * @param sign +1 forward, -1 return
     * @param stamp when the packet passed here, CLOCK_MONOTONIC_RAW, ns
     * @param seen t2 - T1 forward, T4 - t3 return, less the epoch, s
     */
    void update(int source, int sign, long stamp, double seen, QueueLaw law, OneSidedUpdate update) {
        double tau = (stamp - rawNanos) * 1e-9;
        int b = base(source);
        int a = asymmetry(source);
        int n = mean.length;
        double predicted = sign * (mean[X] + mean[a] + mean[Y] * tau) + mean[b];
        for (int i = 0; i < n; i++) {
            double[] row = covariance[i];
            gain[i] = sign * (row[X] + row[a] + row[Y] * tau) + row[b];
        }
        double variance = sign * (gain[X] + gain[a] + gain[Y] * tau) + gain[b];
        double total = variance + STAMP_SD * STAMP_SD;
        update.compute(seen - predicted, total, law);
        double shift = update.mean() / total;
        double shrink = (update.variance() - total) / (total * total);
        for (int i = 0; i < n; i++) {
            mean[i] += gain[i] * shift;
            for (int j = 0; j <= i; j++) {
                covariance[i][j] += gain[i] * gain[j] * shrink;
                covariance[j][i] = covariance[i][j];
            }
        }
    }

    private void grow(int sources) {
        int n = CLOCK_STATES + PATH_STATES * sources;
        if (n <= mean.length) {
            return;
        }
        double[] grownMean = java.util.Arrays.copyOf(mean, n);
        double[][] grown = new double[n][n];
        for (int i = 0; i < mean.length; i++) {
            System.arraycopy(covariance[i], 0, grown[i], 0, mean.length);
        }
        mean = grownMean;
        covariance = grown;
        gain = new double[n];
        pathKnown = java.util.Arrays.copyOf(pathKnown, sources);
    }

    private void decouple(int i) {
        mean[i] = 0;
        for (int j = 0; j < mean.length; j++) {
            covariance[i][j] = 0;
            covariance[j][i] = 0;
        }
    }
}
