// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;

/** Samples for tests: of a minute's validity, of a server of stratum 2. */
final class Samples {
    static final int REFERENCE_ID = 0x0A000001;

    private Samples() {}

    /** Now. */
    static TimeSample of(HostClocks clocks, long offset, long bound, boolean holdover) {
        long coarse = clocks.coarseMonotonicNanos();
        long raw = clocks.rawNanos();
        long system = clocks.realtimeNanos();
        return at(coarse, raw, system, offset, bound, holdover, LeapIndicator.NONE);
    }

    /** Now, on a machine whose VMClock said this before. */
    static TimeSample of(HostClocks clocks, long disruptionMarker) {
        return at(
                clocks.coarseMonotonicNanos(),
                clocks.rawNanos(),
                clocks.realtimeNanos(),
                0,
                1_000,
                false,
                LeapIndicator.NONE,
                disruptionMarker);
    }

    static TimeSample at(
            long coarse, long raw, long system, long offset, long bound, boolean holdover, LeapIndicator leap) {
        return at(coarse, raw, system, offset, bound, holdover, leap, 0);
    }

    private static TimeSample at(
            long coarse,
            long raw,
            long system,
            long offset,
            long bound,
            boolean holdover,
            LeapIndicator leap,
            long disruptionMarker) {
        return new TimeSample(
                coarse,
                raw,
                system,
                system + offset,
                bound,
                9_000,
                700e-6,
                60_000_000_000L,
                holdover,
                new Upstream(leap, 0, 2, REFERENCE_ID, disruptionMarker));
    }
}
