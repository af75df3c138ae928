// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

/** A part of the estimator left out, to measure what it is worth. Only the lab does that. */
public enum Ablation {
    /** Offsets with noise to both sides, whatever their delays, instead of two directions with queues. */
    ONE_SIDED_LAWS,
    /** One hypothesis about the oscillator instead of the bank. */
    BANK,
    /** No hypotheses with a cycle or a drift. */
    CYCLES,
    /** Nothing that the host measures is followed. */
    COVARIATES,
    /** A route change is noticed but no second hypothesis is run beside. */
    SHADOW,
    /** The models' own deviations are published unscaled. */
    CALIBRATION
}
