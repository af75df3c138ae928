// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import java.util.Arrays;

/**
 * One-way delays, one a packet, s; below zero: the packet is lost.
 *
 * @param name family and seed, as in the file names
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record PathDelays(String name, double[] forward, double[] back) {
    /** The shortest ways differ by more than this share of their mean: the difference is built in, not chance. */
    private static final double BUILT_IN = 0.02;

    /**
     * Half of the difference between the shortest way there and the shortest way back, s. Nobody with one server can observe
     * it; it is in the error of every estimator.
     */
    double asymmetry() {
        return (shortest(forward) - shortest(back)) / 2;
    }

    /** Whether the path is asymmetric by design, so that errors are to be scored with their mean removed. */
    boolean isAsymmetric() {
        return Math.abs(asymmetry()) > BUILT_IN * (shortest(forward) + shortest(back)) / 2;
    }

    private static double shortest(double[] delays) {
        return Arrays.stream(delays).filter(delay -> delay >= 0).min().orElse(0);
    }
}
