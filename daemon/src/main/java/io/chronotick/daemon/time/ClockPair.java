// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

/** CLOCK_MONOTONIC_RAW and CLOCK_REALTIME, read at, as nearly as can be, one instant. For one thread. */
public final class ClockPair {
    /** The fastest that Linux slews CLOCK_REALTIME for good (adjtimex(2): 500 ppm), doubled. */
    private static final double MAX_SLEW = 1e-3;

    /** How far the two can seem to come apart without a step: they are not read at quite the same instant. */
    public static final long SLACK_NANOS = 2_000;

    /** A pair read within this time is good enough; three clock reads take some 100 ns. */
    private static final long TIGHT_NANOS = 250;

    private static final int MAX_READS = 5;

    private final HostClocks clocks;
    private long rawNanos;
    private long realtimeNanos;

    /** A pair not read yet. */
    public ClockPair(HostClocks clocks) {
        this.clocks = clocks;
    }

    /** The tightest of a few tries, the middle of its reads. */
    public void read() {
        long tightest = Long.MAX_VALUE;
        for (int i = 0; i < MAX_READS && tightest > TIGHT_NANOS; i++) {
            long before = clocks.rawNanos();
            long realtime = clocks.realtimeNanos();
            long width = clocks.rawNanos() - before;
            if (width < tightest) {
                tightest = width;
                rawNanos = before + width / 2;
                realtimeNanos = realtime;
            }
        }
    }

    /** CLOCK_MONOTONIC_RAW as it was read, ns. */
    public long rawNanos() {
        return rawNanos;
    }

    /** CLOCK_REALTIME as it was read, ns since the Unix epoch. */
    public long realtimeNanos() {
        return realtimeNanos;
    }

    /** How long before it was read CLOCK_REALTIME showed this; negative if that is still to come. */
    public long ageNanos(long earlierRealtimeNanos) {
        return realtimeNanos - earlierRealtimeNanos;
    }

    /** Makes this one the same as another. */
    public void copyFrom(ClockPair other) {
        rawNanos = other.rawNanos;
        realtimeNanos = other.realtimeNanos;
    }

    /** Whether CLOCK_REALTIME went otherwise than by slewing since an earlier pair. */
    public boolean isSteppedSince(ClockPair earlier) {
        long rawPassed = rawNanos - earlier.rawNanos;
        long realtimePassed = realtimeNanos - earlier.realtimeNanos;
        return Math.abs(realtimePassed - rawPassed) > SLACK_NANOS + MAX_SLEW * rawPassed;
    }
}
