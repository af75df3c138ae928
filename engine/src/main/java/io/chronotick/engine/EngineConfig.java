// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.oscillator.CovariateConfig;
import java.util.List;

/**
 * What the operator decides; everything the engine can learn is not here.
 *
 * @param maxUncertaintySeconds the statistical standard deviation above which a correction is not valid, s
 * @param warmupLimitSeconds longest a warm-up may take, s
 * @param horizonSeconds longest a published line may be followed without being refreshed, s
 * @param speaker who speaks once it can: SHORT_TERM or LONG_TERM alone, both by FUSION, or neither: NTP, every correction is a
 *     bare measurement
 * @param maxDrift the one assumption of the hard bound about the oscillator: most by which its average frequencies over any two
 *     stretches of an hour differ, s/s (RFC 5905, PHI: 15 ppm)
 * @param maxStep most by which the servers may move together once they have been followed, s: beyond it the time is withdrawn
 *     and not given out again
 * @param minServers so many servers have to agree on a time, beside the majority that it needs, 1..
 * @param followsSmear whether all servers smear leap seconds in the same way and their time is followed instead of UTC; else one that says
 *     it does is left out
 * @param external forecasters from elsewhere, at most one beside each of the two
 * @param covariates what the host measures and the oscillator may follow
 */
public record EngineConfig(
        double maxUncertaintySeconds,
        double warmupLimitSeconds,
        double horizonSeconds,
        Correction.Source speaker,
        double maxDrift,
        double maxStep,
        int minServers,
        boolean followsSmear,
        List<ExternalForecasterConfig> external,
        List<CovariateConfig> covariates) {

    /** The defaults of the configuration file. */
    public static final EngineConfig DEFAULT =
            new EngineConfig(0.010, 180, 5, Correction.Source.FUSION, 15e-6, 1, 1, false, List.of(), List.of());

    public EngineConfig {
        external = List.copyOf(external);
        covariates = List.copyOf(covariates);
        if (speaker == Correction.Source.NO_DATA) {
            throw new IllegalArgumentException("somebody has to speak");
        }
        if (!(maxDrift > 0 && maxDrift <= 1e-4 && maxStep > 0 && minServers > 0)) {
            throw new IllegalArgumentException(
                    "max_drift has to be within 0..100 ppm, max_step above 0, and min_servers too");
        }
        if (external.stream()
                        .map(ExternalForecasterConfig::forecaster)
                        .distinct()
                        .count()
                < external.size()) {
            throw new IllegalArgumentException("two external forecasters of one term");
        }
    }

    /** Whether a model may speak at all. */
    boolean modelEnabled() {
        return speaker != Correction.Source.NTP;
    }

    /** Another one like this, in which some things are to be different. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** What is not set is as in the configuration that it comes from; each has the range and the unit of its component. Not thread-safe. */
    public static final class Builder {
        private double maxUncertaintySeconds;
        private final double warmupLimitSeconds;
        private final double horizonSeconds;
        private Correction.Source speaker;
        private double maxDrift;
        private final double maxStep;
        private int minServers;
        private boolean followsSmear;
        private List<ExternalForecasterConfig> external;
        private List<CovariateConfig> covariates;

        private Builder(EngineConfig from) {
            maxUncertaintySeconds = from.maxUncertaintySeconds();
            warmupLimitSeconds = from.warmupLimitSeconds();
            horizonSeconds = from.horizonSeconds();
            speaker = from.speaker();
            maxDrift = from.maxDrift();
            maxStep = from.maxStep();
            minServers = from.minServers();
            followsSmear = from.followsSmear();
            external = from.external();
            covariates = from.covariates();
        }

        public Builder maxUncertaintySeconds(double value) {
            maxUncertaintySeconds = value;
            return this;
        }

        public Builder speaker(Correction.Source value) {
            speaker = value;
            return this;
        }

        public Builder maxDrift(double value) {
            maxDrift = value;
            return this;
        }

        public Builder minServers(int value) {
            minServers = value;
            return this;
        }

        public Builder followsSmear(boolean value) {
            followsSmear = value;
            return this;
        }

        public Builder external(List<ExternalForecasterConfig> value) {
            external = value;
            return this;
        }

        public Builder covariates(List<CovariateConfig> value) {
            covariates = value;
            return this;
        }

        /**
         * Makes it.
         *
         * @throws IllegalArgumentException if a value is outside its range
         */
        public EngineConfig build() {
            return new EngineConfig(
                    maxUncertaintySeconds,
                    warmupLimitSeconds,
                    horizonSeconds,
                    speaker,
                    maxDrift,
                    maxStep,
                    minServers,
                    followsSmear,
                    external,
                    covariates);
        }
    }
}
