// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

/**
 * What the record says of the system clock at one moment.
 *
 * @param coarseNanos CLOCK_MONOTONIC_COARSE just before that moment, ns
 * @param rawNanos CLOCK_MONOTONIC_RAW at that moment, ns
 * @param systemNanos CLOCK_REALTIME, ns since the epoch
 * @param utcNanos the best estimate of UTC at that moment, ns since the epoch
 * @param boundNanos what that estimate is off by at most, the time that the reading took included, ns
 * @param standardUncertaintyNanos one standard deviation of it, ns
 * @param maxDrift growth of the bound for readers of CLOCK_REALTIME, which others may slew, s/s
 * @param validNanos how long the record may be used from then on, ns
 * @param holdover whether no server answers
 * @param upstream what else is known of where it comes from
 */
public record TimeSample(
        long coarseNanos,
        long rawNanos,
        long systemNanos,
        long utcNanos,
        long boundNanos,
        double standardUncertaintyNanos,
        double maxDrift,
        long validNanos,
        boolean holdover,
        Upstream upstream) {

    /** The best estimate of UTC at another moment, at most some seconds away, ns since the epoch. */
    public long utcNanosAt(long otherRawNanos) {
        long elapsed = otherRawNanos - rawNanos;
        return utcNanos + elapsed + Math.round(elapsed * upstream.frequency());
    }

    /** True minus system time, ns. */
    public long offsetNanos() {
        return utcNanos - systemNanos;
    }

    /** What the system clock is off by at most, ns. */
    public long systemBoundNanos() {
        return Math.abs(offsetNanos()) + boundNanos;
    }
}
