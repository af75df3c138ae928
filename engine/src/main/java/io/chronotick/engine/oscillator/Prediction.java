// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

/** What {@link TimeUpdate#predict} gives: means and covariances of offset (s) and frequency (s/s). Reused. */
final class Prediction {
    double offset;
    double frequency;
    double p00;
    double p01;
    double p11;
}
