// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * What one forecaster alone, or the fusion of all, says UTC is at an instant. Immutable.
 *
 * @param forecaster who says it
 * @param rawNanos the instant, CLOCK_MONOTONIC_RAW, ns; may lie ahead of everything measured
 * @param utcNanos UTC at that instant, ns since the Unix epoch
 * @param sd standard deviation of that, s, as published: calibrated; 1.96 of it hold the truth 95 % of the time
 * @param weight share of this forecaster in the fusion at that instant, 0..1; 1 for the fusion itself
 */
public record Forecast(Forecaster forecaster, long rawNanos, long utcNanos, double sd, double weight) {

    /** The forecasters, in the order in which reports list them. */
    public enum Forecaster {
        SHORT_TERM,
        LONG_TERM,
        /** The bank: short-term and long-term fused. */
        FUSION,
        /** The learned filter alone. */
        LEARNED,
        /** The bank and the learned filter fused. */
        BOTH
    }
}
