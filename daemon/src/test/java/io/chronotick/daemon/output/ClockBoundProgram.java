// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import java.nio.file.Path;
import java.util.Optional;

/** Writes ClockBound's segment, as fast as it can, for a system clock that runs away: {@code segment mono0 rate}. */
final class ClockBoundProgram {
    /** So many writes, some tenths of a second, are worth being killed after. */
    static final long ENOUGH = 20_000;

    private ClockBoundProgram() {}

    /** Until it is killed. */
    public static void main(String[] args) throws Exception {
        HostClocks clocks = HostClocks.system();
        long mono0 = Long.parseLong(args[1]);
        double rate = Double.parseDouble(args[2]);
        try (ClockBoundSegment output = new ClockBoundSegment(Path.of(args[0]))) {
            for (long i = 0; ; i++) {
                long coarse = clocks.coarseMonotonicNanos();
                long mono = clocks.monotonicNanos();
                long system = clocks.realtimeNanos();
                long off = Math.round(rate * (mono - mono0));
                output.put(Optional.of(Samples.at(coarse, 0, system, -off, 100, false, LeapIndicator.NONE)));
                if (i == 0 || i == ENOUGH) {
                    System.out.println(i);
                }
                if (i % 100 == 99) {
                    clocks.sleepUntilMonotonic(clocks.monotonicNanos() + 1_000_000);
                }
            }
        }
    }
}
