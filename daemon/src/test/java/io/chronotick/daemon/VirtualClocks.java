// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.HostClocks;

/** Clocks that a test moves, together or apart. */
final class VirtualClocks implements HostClocks {
    static final long SECOND = 1_000_000_000L;

    private long raw = 5_000_000 * SECOND;
    private long monotonic = 4_000 * SECOND;
    private long realtime = 1_800_000_000L * SECOND;
    private long boottime = 4_000 * SECOND;

    /** Time passes, on all clocks alike. */
    void pass(long nanos) {
        raw += nanos;
        monotonic += nanos;
        realtime += nanos;
        boottime += nanos;
    }

    /** Time passes while the machine sleeps. */
    void suspend(long nanos) {
        realtime += nanos;
        boottime += nanos;
    }

    /** The raw clock alone jumps. */
    void jumpRaw(long nanos) {
        raw += nanos;
    }

    @Override
    public long rawNanos() {
        return raw;
    }

    @Override
    public long monotonicNanos() {
        return monotonic;
    }

    @Override
    public long realtimeNanos() {
        return realtime;
    }

    @Override
    public long boottimeNanos() {
        return boottime;
    }

    /** As a page that has not been written says. */
    @Override
    public ClockDomain domain() {
        return ClockDomain.UNKNOWN;
    }

    @Override
    public void sleepUntilMonotonic(long deadlineNanos) {
        pass(Math.max(0, deadlineNanos - monotonic));
    }
}
