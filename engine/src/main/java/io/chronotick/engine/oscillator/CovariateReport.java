// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import java.util.OptionalDouble;

/**
 * What is made of a covariate.
 *
 * @param config which one
 * @param newest its newest value, in its unit; empty before the first
 * @param coefficient what the frequency changes by with it, (s/s)/unit
 * @param coefficientSd standard deviation of that, (s/s)/unit
 * @param weight share of the hypotheses that follow it in the short-term forecast, 0..1: whether it helps
 */
public record CovariateReport(
        CovariateConfig config, OptionalDouble newest, double coefficient, double coefficientSd, double weight) {}
