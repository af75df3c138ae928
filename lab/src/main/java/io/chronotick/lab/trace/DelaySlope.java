// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.lab.score.Quantiles;

/**
 * How offsets follow delays: offset = slope * (delay - median). One leg that is longer at times moves the offset by half of
 * what it adds to the delay. Fitted to differences of neighbours, in which the clock hardly moves.
 *
 * @param slope s/s
 * @param correlation of the differences, -1..1
 * @param medianDelay s
 */
public record DelaySlope(double slope, double correlation, double medianDelay) {
    /** Above this correlation the delay explains the offset, and samples are worth correcting. */
    private static final double EXPLAINS = 0.9;

    static DelaySlope of(double[] offsets, double[] delays) {
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (int i = 1; i < offsets.length; i++) {
            double dx = delays[i] - delays[i - 1];
            double dy = offsets[i] - offsets[i - 1];
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        return new DelaySlope(
                xx == 0 ? 0 : xy / xx, xx * yy == 0 ? 0 : xy / Math.sqrt(xx * yy), Quantiles.median(delays));
    }

    boolean explains() {
        return Math.abs(correlation) > EXPLAINS;
    }

    /** What the offset would have been at the median delay, s. */
    double corrected(double offset, double delay) {
        return offset - slope * (delay - medianDelay);
    }
}
