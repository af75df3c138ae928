// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import java.util.Arrays;

/**
 * The two-state clock filter of the textbooks (Brown and Hwang): phase and frequency, random walks of fixed strength. The
 * noise of a measurement is Gaussian, its variance that of two exponential queues as the recent delays show them, more for
 * an exchange that took longer.
 */
final class FixedKalman implements Baseline {
    /** White noise of the frequency, (s/s)^2/s, and of the phase, s^2/s: between a good and a common quartz. */
    private static final double FREQUENCY_NOISE = 1e-17;

    private static final double PHASE_NOISE = 1e-16;

    /** Of a quartz nobody has measured: 100 ppm. */
    private static final double FIRST_FREQUENCY_SD = 1e-4;

    /** Step of the stamps, s: no measurement is better. */
    private static final double FLOOR = 1e-6;

    private static final int DELAYS = 64;

    /** Median of the sum of two exponentials of mean 1: (1 + m) exp(-m) = 1/2. */
    private static final double MEDIAN_OF_TWO = 1.678;

    private final double[] delays = new double[DELAYS];
    private int count;
    private double at;
    private double phase = Double.NaN;
    private double frequency;
    private double p00;
    private double p01;
    private double p11;

    @Override
    public String name() {
        return "fixed Kalman";
    }

    @Override
    public void add(double seconds, double offset, double delay) {
        delays[count % DELAYS] = delay;
        count++;
        double noise = noise(delay);
        if (count == 1) {
            at = seconds;
            phase = offset;
            p00 = noise + delay * delay / 4;
            p11 = FIRST_FREQUENCY_SD * FIRST_FREQUENCY_SD;
            return;
        }
        predict(seconds - at);
        at = seconds;
        double innovation = offset - phase;
        double variance = p00 + noise;
        double gain0 = p00 / variance;
        double gain1 = p01 / variance;
        phase += gain0 * innovation;
        frequency += gain1 * innovation;
        p11 -= gain1 * p01;
        p01 -= gain0 * p01;
        p00 -= gain0 * p00;
    }

    private void predict(double dt) {
        phase += frequency * dt;
        p00 += 2 * dt * p01 + dt * dt * p11 + FREQUENCY_NOISE * dt * dt * dt / 3 + PHASE_NOISE * dt;
        p01 += dt * p11 + FREQUENCY_NOISE * dt * dt / 2;
        p11 += FREQUENCY_NOISE * dt;
    }

    /** Variance of a measured offset, s^2. */
    private double noise(double delay) {
        double[] recent = Arrays.copyOf(delays, Math.min(count, DELAYS));
        Arrays.sort(recent);
        double queue = (recent[recent.length / 2] - recent[0]) / MEDIAN_OF_TWO;
        double excess = delay - recent[0];
        return FLOOR * FLOOR + (queue * queue + excess * excess) / 4;
    }

    @Override
    public double offsetAt(double seconds) {
        return phase + frequency * (seconds - at);
    }
}
