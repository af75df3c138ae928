// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import java.util.List;

/**
 * By what law a raw clock runs.
 *
 * @param frequency error at the beginning, s/s, + = fast
 * @param wander random walk of the frequency, s/s after one second, growing with the square root of time, > 0
 * @param noise white noise of the frequency from second to second, s/s, >= 0
 * @param cycles sines that are added to the frequency; amplitude in s/s, period in s, 0 at second 0
 */
public record ClockLaw(double frequency, double wander, double noise, List<Cycle> cycles) {

    /** A sine of the frequency. */
    public record Cycle(double amplitude, double period) {
        public Cycle {
            positive(amplitude, "amplitude");
            positive(period, "period");
        }
    }

    public ClockLaw {
        positive(wander, "wander");
        if (!(noise >= 0)) {
            throw new IllegalArgumentException("noise " + noise + " must not be below 0");
        }
        cycles = List.copyOf(cycles);
    }

    static void positive(double value, String name) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " " + value + " must be positive");
        }
    }
}
