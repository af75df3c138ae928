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

    static TimeSample at(
            long coarse, long raw, long system, long offset, long bound, boolean holdover, LeapIndicator leap) {
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
                new Upstream(leap, 0, 2, REFERENCE_ID));
    }
}
