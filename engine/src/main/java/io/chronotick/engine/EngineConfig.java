// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * What the operator decides; everything the engine can learn is not here.
 *
 * @param maxUncertaintySeconds the stated standard deviation above which a correction is not valid, s
 * @param warmupLimitSeconds longest a warm-up may take, s
 * @param horizonSeconds longest a published line may be followed without being refreshed, s
 * @param modelEnabled whether the short-term forecaster may speak; without it every correction is a bare NTP measurement
 */
public record EngineConfig(
        double maxUncertaintySeconds, double warmupLimitSeconds, double horizonSeconds, boolean modelEnabled) {

    /** The defaults of the configuration file. */
    public static final EngineConfig DEFAULT = new EngineConfig(0.010, 180, 5, true);
}
