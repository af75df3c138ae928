// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.daemon.time.HostClocks;

/** Clocks that a test moves: true time passes on all of them, and the system clock can be slewed and stepped. */
final class FakeClocks implements HostClocks {
    private long raw = 5_000_000_000_000L;
    private long monotonic = 4_000_000_000_000L;
    private long realtime = 1_800_000_000_123_456_789L;
    private long boottime = 4_000_000_000_000L;
    private int readsBeforeStall = -1;
    private long stallNanos;

    /** Lets {@code nanos} pass on the raw clock, with the system's clocks slewed by {@code slew}, s/s. */
    void pass(long nanos, double slew) {
        long slewed = nanos + Math.round(nanos * slew);
        raw += nanos;
        monotonic += slewed;
        realtime += slewed;
        boottime += slewed;
    }

    void stepRealtime(long nanos) {
        realtime += nanos;
    }

    void suspend(long nanos) {
        realtime += nanos;
        boottime += nanos;
    }

    /** The thread that reads these clocks loses its CPU for so long before the read after {@code reads} more. */
    void stallAfter(int reads, long nanos) {
        readsBeforeStall = reads;
        stallNanos = nanos;
    }

    private void beforeRead() {
        if (readsBeforeStall-- == 0) {
            pass(stallNanos, 0);
        }
    }

    @Override
    public long rawNanos() {
        beforeRead();
        return raw;
    }

    @Override
    public long monotonicNanos() {
        beforeRead();
        return monotonic;
    }

    @Override
    public long realtimeNanos() {
        beforeRead();
        return realtime;
    }

    @Override
    public long boottimeNanos() {
        beforeRead();
        return boottime;
    }

    @Override
    public void sleepUntilMonotonic(long deadlineNanos) {
        throw new UnsupportedOperationException("no test sleeps");
    }
}
