// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.forecast.Calibration;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.engine.oscillator.Covariate;
import io.chronotick.engine.oscillator.CovariateConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the estimator is made of. An engine is put together by it once; what is left out is then simply not there.
 *
 * @param without parts left out, to measure what they are worth
 * @param weights of the learned filter beside the bank of hypotheses; empty: no such filter
 * @param filterSpeaks whether that filter is fused into what is published, or only forecasts for whoever asks {@link Engine#forecasts}
 */
public record EstimatorOptions(Set<Ablation> without, Optional<FilterWeights> weights, boolean filterSpeaks) {
    /** All of the clock model, no learned filter. */
    public static final EstimatorOptions DEFAULT = new EstimatorOptions(Set.of(), Optional.empty(), false);

    /**
     * How a covariate is seen: as it comes, and as a body follows it that takes minutes to warm up, s. Sums of the two come close
     * to any lag between.
     */
    private static final double[] COVARIATE_LAGS = {0, 300};

    public EstimatorOptions {
        without = Set.copyOf(without);
    }

    /** The same without these parts. */
    public EstimatorOptions without(Set<Ablation> parts) {
        return new EstimatorOptions(parts, weights, filterSpeaks);
    }

    /** The same with another learned filter, or none. */
    public EstimatorOptions withFilter(Optional<FilterWeights> other, boolean speaks) {
        return new EstimatorOptions(without, other, speaks);
    }

    /** The views of each covariate; none where nothing follows them. */
    List<List<Covariate>> covariates(List<CovariateConfig> configs) {
        if (without.contains(Ablation.COVARIATES) || without.contains(Ablation.BANK)) {
            return List.of();
        }
        return configs.stream()
                .map(config -> Arrays.stream(COVARIATE_LAGS)
                        .mapToObj(lag -> new Covariate(config, lag))
                        .toList())
                .toList();
    }

    /** What corrects the deviations that are published. */
    Calibration calibration(EngineConfig config) {
        return without.contains(Ablation.CALIBRATION) || !config.modelEnabled()
                ? Calibration.none()
                : new Calibration();
    }
}
