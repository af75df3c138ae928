// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.forecast.Estimate;

/** First two moments of a mixture of predictions, by Welford's update for weighted data: nearly equal means keep their digits. */
final class Mixture {
    private double total;
    private double offset;
    private double frequency;
    private double wander;
    private double s00;
    private double s01;
    private double s11;

    /** Adds a component with its weight and the density of the noise on its frequency, (s/s)^2/s. */
    void add(double share, Prediction p, double noise) {
        total += share;
        double ratio = total > 0 ? share / total : 0;
        double dz = p.offset - offset;
        double dy = p.frequency - frequency;
        offset += ratio * dz;
        frequency += ratio * dy;
        s00 += share * (p.p00 + (1 - ratio) * dz * dz);
        s01 += share * (p.p01 + (1 - ratio) * dz * dy);
        s11 += share * (p.p11 + (1 - ratio) * dy * dy);
        wander += share * noise;
    }

    /** What they say together of {@code raw}; the weights have to sum to one. */
    Estimate estimate(long raw) {
        return new Estimate(raw, offset, frequency, s00, s01, s11, wander);
    }
}
