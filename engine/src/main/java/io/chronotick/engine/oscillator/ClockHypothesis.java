// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import java.util.ArrayList;
import java.util.List;

/**
 * A hypothesis about how an oscillator behaves: a linear stochastic model of its frequency, which is y + c,
 *
 * <pre>
 *   x' = y + c             phase, driven by white noise of density {@link #PHASE_NOISE}
 *   y' = noise             random walk of the frequency
 *   c' = -a c + s + noise  second component of the frequency: a slope (w = a = 0) or a damped cycle
 *   s' = -w^2 c - a s + noise
 * </pre>
 *
 * A hypothesis without the second component has c = s = 0 for ever. A driven one follows a covariate instead, seen in several
 * ways v_i ({@link Covariate}): its frequency is y + sum k_i v_i, with
 *
 * <pre>
 *   k_i' = noise           random walk over the way that v_i goes, since no crystal is quite linear
 * </pre>
 *
 * Immutable.
 *
 * @param name for reports
 * @param wander density of the noise that drives y, (s/s)^2/s
 * @param secondary whether c and s are part of it
 * @param drivers how many k_i are part of it
 * @param omega w, angular frequency of the cycle, rad/s; 0 for a slope; where it begins if it is a state itself
 * @param damping a, 1/s: the cycle forgets its phase after 1 / a seconds
 * @param cNoise density of the noise that drives c, (s/s)^2/s
 * @param sNoise density of the noise that drives s, (s/s^2)^2/s
 * @param cSd prior standard deviation of c, s/s, or of the k_i, s/s a swing
 * @param sSd prior standard deviation of s, s/s^2
 * @param omegaSd prior standard deviation of w, as part of w, if it is a state itself; 0 if it is known
 * @param logPrior natural logarithm of its prior weight, not normalized
 */
record ClockHypothesis(
        String name,
        double wander,
        boolean secondary,
        int drivers,
        double omega,
        double damping,
        double cNoise,
        double sNoise,
        double cSd,
        double sSd,
        double omegaSd,
        double logPrior) {

    /** Phase noise of the raw clock, s^2/s: the white frequency noise of quartz at one second, about 1e-8 s. */
    static final double PHASE_NOISE = 1e-16;

    /** Densities of the frequency's random walk, (s/s)^2/s: from an oven to a busy virtual machine. */
    private static final double[] WANDERS = {1e-19, 1e-18, 1e-17, 1e-16, 1e-15};

    /** Densities of the noise that drives a slope of the frequency, (s/s^2)^2/s: a room that warms up. */
    private static final double[] SLOPE_NOISES = {1e-22, 1e-21, 1e-20};

    /** Prior standard deviation of a slope, s/s^2: some ppm an hour, a machine that has just been switched on. */
    private static final double SLOPE_SD = 1e-9;

    /** Wander beside a slope, (s/s)^2/s. */
    private static final double SLOPE_WANDER = 1e-18;

    /** Periods of heating and air conditioning, s, half an octave apart. */
    private static final double[] PERIODS = {800, 1160, 1682, 2439, 3536};

    /** Standard deviation of a cycle's frequency component, s/s. */
    private static final double CYCLE_SD = 5e-7;

    /** A cycle keeps its phase for about an hour. */
    private static final double CYCLE_MEMORY = 3600;

    /** Periods from which cycles are tracked: the first, s, the ratio of neighbours, and how many. */
    private static final double SHORTEST_TRACKED = 800;

    private static final double TRACKED_RATIO = 1.18;
    private static final int TRACKED = 9;

    /** Prior standard deviation of the period of a tracked cycle as part of it: half of the way to its neighbour. */
    private static final double TRACKED_SD = 0.08;

    /** A tracked cycle keeps its phase for a month, so that it forecasts many rounds. */
    private static final double TRACKED_MEMORY = 3e6;

    /** Wander beside a tracked cycle, (s/s)^2/s. */
    private static final double TRACKED_WANDER = 4e-18;

    /** Most machines show no cycle; all of them together have less than half of what a random walk has. */
    private static final double TRACKED_LOG_PRIOR = -3;

    /** Density of the random walk of w as part of w, 1/s: 1e-3 in ten hours. */
    private static final double OMEGA_WANDER = 1e-6 / 36_000;

    /** Wander beside a cycle, (s/s)^2/s. */
    private static final double CYCLE_WANDER = 1e-17;

    /** Most machines show no cycle. */
    private static final double CYCLE_LOG_PRIOR = -2;

    /** Wander beside a covariate, (s/s)^2/s: what it leaves unexplained. */
    private static final double[] DRIVEN_WANDERS = {1e-18, 1e-17};

    /** Prior standard deviation of what the frequency changes by with a covariate, s/s a swing: 0.1 ppm/K. */
    static final double SENSITIVITY = 1e-6;

    /**
     * What that changes by over a swing, s/s a swing. Found in simulation: intervals hold with a curve of 1e-9/K^2 over thirty degrees. A
     * bare AT cut is bent up to six times as much ten degrees from its inflection (3 x 1.1e-10/K^3 x 10 K); what forecasts badly loses
     * its weight, as long as there are exchanges to tell.
     */
    static final double SENSITIVITY_CHANGE = 5e-8;

    /** Most machines' sensors are far from the oscillator. */
    private static final double DRIVEN_LOG_PRIOR = -2;

    /** The hypotheses without a second component. */
    static List<ClockHypothesis> randomWalks() {
        List<ClockHypothesis> all = new ArrayList<>();
        for (double wander : WANDERS) {
            all.add(new ClockHypothesis("wander " + wander, wander, false, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        }
        return all;
    }

    /** Everything that the bank weighs. */
    static List<ClockHypothesis> all() {
        List<ClockHypothesis> all = new ArrayList<>(randomWalks());
        for (double noise : SLOPE_NOISES) {
            all.add(new ClockHypothesis("slope " + noise, SLOPE_WANDER, true, 0, 0, 0, 0, noise, 0, SLOPE_SD, 0, 0));
        }
        for (double period : PERIODS) {
            all.add(cycle(period));
        }
        for (int i = 0; i < TRACKED; i++) {
            all.add(tracker(SHORTEST_TRACKED * Math.pow(TRACKED_RATIO, i)));
        }
        return all;
    }

    /**
     * The hypotheses that follow a covariate.
     *
     * @param drivers in how many ways it is seen
     */
    static List<ClockHypothesis> followers(int drivers) {
        List<ClockHypothesis> all = new ArrayList<>();
        for (double wander : DRIVEN_WANDERS) {
            String name = "driven, wander " + wander;
            all.add(new ClockHypothesis(name, wander, false, drivers, 0, 0, 0, 0, SENSITIVITY, 0, 0, DRIVEN_LOG_PRIOR));
        }
        return all;
    }

    /** A cycle of unknown phase near one of the listed periods. */
    private static ClockHypothesis cycle(double period) {
        return cycle("cycle ", period, CYCLE_MEMORY, CYCLE_WANDER, 0, CYCLE_LOG_PRIOR);
    }

    /** A cycle whose angular frequency is a state: it begins near this period and learns it. */
    static ClockHypothesis tracker(double period) {
        return cycle("tracked from ", period, TRACKED_MEMORY, TRACKED_WANDER, TRACKED_SD, TRACKED_LOG_PRIOR);
    }

    /** A damped cycle whose stationary deviation is {@link #CYCLE_SD}. */
    private static ClockHypothesis cycle(
            String name, double period, double memory, double wander, double omegaSd, double logPrior) {
        double w = 2 * Math.PI / period;
        double a = 1 / memory;
        double noise = 2 * a * CYCLE_SD * CYCLE_SD;
        return new ClockHypothesis(
                name + Math.round(period) + " s",
                wander,
                true,
                0,
                w,
                a,
                noise,
                noise * w * w,
                CYCLE_SD,
                CYCLE_SD * w,
                omegaSd,
                logPrior);
    }

    /** Whether the angular frequency of the cycle is a state. */
    boolean tracked() {
        return omegaSd > 0;
    }

    /** Density of the random walk of a tracked cycle's angular frequency, (rad/s)^2/s. */
    double omegaNoise() {
        return OMEGA_WANDER * omega * omega;
    }

    /** States of the clock: x, y and, if there is a second component, c and s, and its w if that is tracked; or the k_i. */
    int clockStates() {
        return secondary ? tracked() ? 5 : 4 : 2 + drivers;
    }
}
