// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * A distribution of the clock's state at one instant.
 *
 * @param rawNanos the instant, CLOCK_MONOTONIC_RAW, ns
 * @param offset UTC - raw - epoch, s
 * @param frequency rate of UTC against raw minus one, s/s
 * @param p00 variance of the offset, s^2
 * @param p01 covariance of offset and frequency, s^2/s
 * @param p11 variance of the frequency, (s/s)^2
 * @param wander spectral density of the frequency's random walk, (s/s)^2/s
 */
public record Estimate(
        long rawNanos, double offset, double frequency, double p00, double p01, double p11, double wander) {
    /** The same with all deviations multiplied. */
    public Estimate scaled(double factor) {
        double square = factor * factor;
        return new Estimate(rawNanos, offset, frequency, square * p00, square * p01, square * p11, wander);
    }

    public double sd() {
        return Math.sqrt(p00);
    }

    public double frequencySd() {
        return Math.sqrt(p11);
    }
}
