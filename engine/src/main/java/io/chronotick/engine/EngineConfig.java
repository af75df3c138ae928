// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import java.util.List;

/**
 * What the operator decides; everything the engine can learn is not here.
 *
 * @param maxUncertaintySeconds the stated standard deviation above which a correction is not valid, s
 * @param warmupLimitSeconds longest a warm-up may take, s
 * @param horizonSeconds longest a published line may be followed without being refreshed, s
 * @param speaker who speaks once it can: SHORT_TERM or LONG_TERM alone, both by FUSION, or neither: NTP, every correction is a
 *     bare measurement
 * @param learned learned forecasters, at most one beside each of the two
 * @param covariates what the host measures and the oscillator may follow
 */
public record EngineConfig(
        double maxUncertaintySeconds,
        double warmupLimitSeconds,
        double horizonSeconds,
        Correction.Source speaker,
        List<LearnedConfig> learned,
        List<CovariateConfig> covariates) {

    /** The defaults of the configuration file. */
    public static final EngineConfig DEFAULT =
            new EngineConfig(0.010, 180, 5, Correction.Source.FUSION, List.of(), List.of());

    public EngineConfig {
        learned = List.copyOf(learned);
        covariates = List.copyOf(covariates);
        if (speaker == Correction.Source.NO_DATA) {
            throw new IllegalArgumentException("somebody has to speak");
        }
        if (learned.stream().map(LearnedConfig::forecaster).distinct().count() < learned.size()) {
            throw new IllegalArgumentException("two learned forecasters of one term");
        }
    }

    /** The same with other covariates. */
    public EngineConfig withCovariates(List<CovariateConfig> others) {
        return new EngineConfig(maxUncertaintySeconds, warmupLimitSeconds, horizonSeconds, speaker, learned, others);
    }

    /** Whether a model may speak at all. */
    boolean modelEnabled() {
        return speaker != Correction.Source.NTP;
    }
}
