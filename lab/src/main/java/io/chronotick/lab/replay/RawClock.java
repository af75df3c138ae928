// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import static io.chronotick.lab.replay.ReplayRules.SECOND;

/** A raw clock whose frequency error is constant over each second of true time. Immutable. */
public final class RawClock {
    private final double[] frequencies;
    private final double[] integral;

    /** @param frequencies frequency error over true time [k, k + 1), s/s, + = fast; the last holds for ever after */
    RawClock(double[] frequencies) {
        this.frequencies = frequencies.clone();
        integral = new double[frequencies.length + 1];
        for (int k = 0; k < frequencies.length; k++) {
            integral[k + 1] = integral[k] + frequencies[k];
        }
    }

    /** Whole seconds that are known. */
    public int seconds() {
        return frequencies.length;
    }

    /** Frequency error over true time [second, second + 1), s/s. */
    public double frequency(int second) {
        return frequencies[second];
    }

    /**
     * What the clock reads: C(t) = t + 0.05 s + I(t), to the nearest nanosecond.
     *
     * @param trueNanos true time t >= 0, ns
     */
    public long rawNanos(long trueNanos) {
        int second = (int) Math.min(trueNanos / SECOND, frequencies.length - 1);
        double since = (trueNanos - second * SECOND) * 1e-9;
        double gained = integral[second] + frequencies[second] * since;
        return trueNanos + ReplayRules.RAW_AT_ZERO_NANOS + Math.round(gained * 1e9);
    }

    /** True time at which the clock reads {@code rawNanos}, to a nanosecond, ns. */
    long trueNanos(long rawNanos) {
        long trueNanos = rawNanos - ReplayRules.RAW_AT_ZERO_NANOS;
        // Off by some ppm of what is left each time.
        for (long left = 1; Math.abs(left) > 0; trueNanos += left) {
            left = rawNanos - rawNanos(trueNanos);
            if (Math.abs(left) == 1) {
                return trueNanos;
            }
        }
        return trueNanos;
    }
}
