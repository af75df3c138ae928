// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * Whether the stated uncertainty is true, measured on line, and the factor that makes it so.
 *
 * <p>The best estimate of the time at a fixed instant is a martingale: what an exchange moves it by, d, has no mean, and its
 * mean square is what the exchange takes off the stated variance, E d^2 = v - E v'. An estimator that believes its delays to
 * be better than they are (log-normal queues, a minimum that is hardly ever reached) moves too far for what it states, and
 *
 * <pre>
 *   r = sqrt(sum d^2 / sum (v - v'))
 * </pre>
 *
 * is above one. That needs no truth from outside. How r tells the error's true deviation depends on what is wrong; r^1.25 fits
 * simulated queues of log-normal, gamma, normal and uniform law (r = 1.3, 1.8, 2.7 where the error's deviation is 1.3, 2.0,
 * 3.1 times the stated one). Below one, where an estimator is too cautious, only half of it is believed. Not thread-safe;
 * allocates nothing.
 */
public final class Calibration {
    /** Exchanges remembered; the sums are noisy, and what makes them wrong, the law of a path, changes slowly. */
    private static final double MEMORY = 1000;

    /** Sum of expected movements, in units of the variance, assumed to have come true before any was seen: some 50 exchanges. */
    private static final double PRIOR = 4;

    /** A movement counts for at most this many times the stated variance: a new route is not the estimator's fault. */
    private static final double CLIP = 16;

    /** How the error's deviation follows r, see above. */
    private static final double EXPONENT = 1.25;

    private static final double SMALLEST = 0.5;
    private static final double LARGEST = 10;

    private final double smallest;
    private final double largest;
    private double moved = PRIOR;
    private double expected = PRIOR;

    public Calibration() {
        this(SMALLEST, LARGEST);
    }

    private Calibration(double smallest, double largest) {
        this.smallest = smallest;
        this.largest = largest;
    }

    /** One whose factor is always 1. */
    public static Calibration none() {
        return new Calibration(1, 1);
    }

    /**
     * An exchange has moved the estimate. Both sides are counted in units of the variance before it, so that no time counts
     * more than another.
     *
     * @param shift by how much, s
     * @param before stated variance at the same instant before it, s^2, > 0
     * @param after stated variance after it, s^2
     */
    public void add(double shift, double before, double after) {
        double keep = 1 - 1 / MEMORY;
        moved = keep * moved + Math.min(shift * shift / before, CLIP);
        expected = keep * expected + Math.max(1 - after / before, -1);
    }

    /** Factor on the stated standard deviation. */
    public double scale() {
        if (!(expected > 0)) {
            return 1;
        }
        double r = Math.sqrt(moved / expected);
        double factor = r > 1 ? Math.pow(r, EXPONENT) : (1 + r) / 2;
        return Math.min(Math.max(factor, smallest), largest);
    }
}
