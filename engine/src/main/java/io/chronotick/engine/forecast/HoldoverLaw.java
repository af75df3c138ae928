// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * What an oscillator may do while nobody measures it, beyond what the clock model expects of it: somebody opens a window, a fan
 * starts, a neighbour computes. An excursion of the frequency of unknown size d sets in when the servers fall silent and is complete
 * after some minutes,
 *
 * <pre>
 *   f(t) = d (1 - exp(-t / tau)),   x(t) = d (t - tau (1 - exp(-t / tau))),   tau = 3 min
 * </pre>
 *
 * with d ~ N(0, s^2). s begins at 1.3 ppm: ten to twenty kelvin of an AT-cut crystal near its turning point, and what makes a 95 %
 * interval hold an excursion of 2 ppm within ten minutes. It follows the root mean square change of the frequency from one half
 * hour to the next as far as that has been seen, the prior counting as a day: a week of a good oscillator brings it down to a
 * third. Not thread-safe; allocates nothing.
 */
public final class HoldoverLaw {
    /** An excursion is complete after some of these, s. */
    private static final double TIME_CONSTANT = 180;

    /** What is expected of an oscillator that is not known, s/s. */
    private static final double PRIOR_SD = 1.3e-6;

    /** The prior counts as this many changes: a day of half hours. */
    private static final double PRIOR_COUNT = 48;

    /** A frequency is known when its deviation is below this, s/s. */
    private static final double KNOWN_SD = PRIOR_SD / 4;

    private static final long SPACING_NANOS = 1_800_000_000_000L;

    /** Changes remembered: ten days. */
    private static final double MEMORY = 480;

    private boolean begun;
    private long nextNanos;
    private double frequency;
    private double count = PRIOR_COUNT;
    private double squares = PRIOR_COUNT * PRIOR_SD * PRIOR_SD;

    /**
     * The model has learned.
     *
     * @param now its frequency at {@code rawNanos}, s/s
     * @param sd standard deviation of that, s/s: what is not known well says nothing of how it changes
     */
    public void observe(long rawNanos, double now, double sd) {
        if (sd > KNOWN_SD || (begun && rawNanos < nextNanos)) {
            return;
        }
        if (begun && rawNanos - nextNanos < SPACING_NANOS) {
            double change = now - frequency;
            count = count * (1 - 1 / MEMORY) + 1;
            squares = squares * (1 - 1 / MEMORY) + change * change;
        }
        begun = true;
        frequency = now;
        nextNanos = rawNanos + SPACING_NANOS;
    }

    /** The clock or its model has begun anew: the next frequency is no change of the last one. */
    public void restart() {
        begun = false;
    }

    /** Deviation of the frequency after {@code seconds} without a measurement, s/s. */
    public double frequencySd(double seconds) {
        return Math.sqrt(squares / count) * -Math.expm1(-seconds / TIME_CONSTANT);
    }

    /** Deviation of the offset by then, s; both are of one excursion, so their covariance is the product. */
    public double offsetSd(double seconds) {
        return Math.sqrt(squares / count) * (seconds + TIME_CONSTANT * Math.expm1(-seconds / TIME_CONSTANT));
    }
}
