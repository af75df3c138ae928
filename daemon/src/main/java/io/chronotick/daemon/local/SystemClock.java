// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.ClockReading;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * CLOCK_REALTIME, as another program steers it: what that says of its error is the bound. An honest program's bound holds while it slews
 * the clock, so readings do not contradict each other; only the filters see its corrections as noise.
 */
final class SystemClock implements LocalClock {
    /** Of a clock of unknown descent, as chrony's local reference has it: who follows it is of the next. */
    private static final int STRATUM = 10;

    private static final int STA_INS = 0x10;
    private static final int STA_DEL = 0x20;
    private static final int STA_UNSYNC = 0x40;

    private static final double MICRO = 1e-6;

    /** The shortest of so many readings counts. */
    private static final int READINGS = 5;

    private final HostClocks clocks;
    private final KernelClock kernel;
    private final OptionalDouble leastError;
    private final Path timesyncd;
    private boolean hasAnnounced;

    /**
     * The system clock.
     *
     * @param leastError what it may be off by at least, whatever the kernel says, s
     * @param timesyncd what systemd-timesyncd touches when it has set the clock: it tells the kernel that the error is 0
     */
    SystemClock(HostClocks clocks, KernelClock kernel, OptionalDouble leastError, Path timesyncd) {
        this.clocks = clocks;
        this.kernel = kernel;
        this.leastError = leastError;
        this.timesyncd = timesyncd;
    }

    @Override
    public String describe() {
        return "CLOCK_REALTIME, its error by adjtimex(2)"
                + (leastError.isPresent() ? ", at least " + leastError.getAsDouble() + " s" : "");
    }

    @Override
    public ClockReading read() throws IOException {
        if (leastError.isEmpty() && Files.exists(timesyncd)) {
            throw new IOException(
                    "systemd-timesyncd does not tell the kernel what the clock may be off by: give its max_error, s");
        }
        KernelClock.State before = state();
        long tightest = Long.MAX_VALUE;
        long rawBefore = 0;
        long utc = 0;
        long rawAfter = 0;
        for (int i = 0; i < READINGS; i++) {
            long first = clocks.rawNanos();
            long realtime = clocks.realtimeNanos();
            long last = clocks.rawNanos();
            if (last - first < tightest) {
                tightest = last - first;
                rawBefore = first;
                utc = realtime;
                rawAfter = last;
            }
        }
        // Whoever steers it may have corrected it meanwhile, and have told the kernel before or after.
        KernelClock.State after = state();
        double maxError = Math.max(before.maxErrorMicros(), after.maxErrorMicros()) * MICRO;
        return new ClockReading(
                rawBefore, utc, rawAfter, Math.max(maxError, leastError.orElse(0)), STRATUM, leap(after));
    }

    private KernelClock.State state() throws IOException {
        KernelClock.State state = kernel.state()
                .orElseThrow(() -> new IOException(
                        "adjtimex(2), which only reads here, is not permitted: allow it (in a systemd unit: ProtectClock=no and"
                                + " SystemCallFilter=adjtimex)"));
        if ((state.status() & STA_UNSYNC) != 0) {
            throw new IOException(
                    "the system clock is not synchronized (STA_UNSYNC): see timedatectl or chronyc tracking");
        }
        return state;
    }

    /** That none is set says nothing, since not every program leaves leap seconds to the kernel, unless one was set before. */
    private Optional<LeapIndicator> leap(KernelClock.State state) {
        boolean inserts = (state.status() & STA_INS) != 0;
        if (inserts || (state.status() & STA_DEL) != 0) {
            hasAnnounced = true;
            return Optional.of(inserts ? LeapIndicator.INSERT : LeapIndicator.DELETE);
        }
        return hasAnnounced ? Optional.of(LeapIndicator.NONE) : Optional.empty();
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
