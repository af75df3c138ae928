// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import java.util.Optional;
import java.util.UUID;

/** Clocks that a test moves: true time passes on all of them, and the system clock can be slewed and stepped. */
public final class FakeClocks implements HostClocks {
    private long raw = 5_000_000_000_000L;
    private long monotonic = 4_000_000_000_000L;
    private long realtime = 1_800_000_000_123_456_789L;
    private long boottime = 4_000_000_000_000L;
    private ClockDomain domain = new ClockDomain(Optional.of(new UUID(1, 2)), 3);
    private boolean hasBoottime = true;
    private int domainLooks;
    private int readsBeforeStall = -1;
    private long stallNanos;

    /** Lets {@code nanos} pass on the raw clock, with the system's clocks slewed by {@code slew}, s/s. */
    public void pass(long nanos, double slew) {
        long slewed = nanos + Math.round(nanos * slew);
        raw += nanos;
        monotonic += slewed;
        realtime += slewed;
        boottime += slewed;
    }

    public void stepRealtime(long nanos) {
        realtime += nanos;
    }

    public void suspend(long nanos) {
        realtime += nanos;
        boottime += nanos;
    }

    /** A host whose clocks all stand still in suspend but for the system clock. */
    public void hideBoottime() {
        hasBoottime = false;
    }

    /**
     * Restores the process from a checkpoint that lay so long, as CRIU does: its clocks go on where they were, by an offset of a
     * new time namespace; the system clock does not.
     */
    public void restoreInNamespace(long timeNamespace, long nanos) {
        domain = new ClockDomain(domain.bootId(), timeNamespace);
        realtime += nanos;
    }

    /** Restores the process after a reboot, without a time namespace: the other clocks have begun anew. */
    public void restoreInBoot(UUID bootId, long nanos) {
        domain = new ClockDomain(Optional.of(bootId), domain.timeNamespace());
        raw = 60_000_000_000L;
        monotonic = 60_000_000_000L;
        boottime = 60_000_000_000L;
        realtime += nanos;
    }

    /** The domain changes, and nothing else shows it. */
    public void moveSilently(long timeNamespace) {
        domain = new ClockDomain(domain.bootId(), timeNamespace);
    }

    /** Turns back the clock that never goes back. */
    public void turnBack(long nanos) {
        raw -= nanos;
        monotonic -= nanos;
        boottime -= nanos;
    }

    /** How often somebody asked whose clocks these are. */
    public int domainLooks() {
        return domainLooks;
    }

    /** The thread that reads these clocks loses its CPU for so long before the read after {@code reads} more. */
    public void stallAfter(int reads, long nanos) {
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
        return hasBoottime ? boottime : monotonic;
    }

    @Override
    public boolean hasBoottime() {
        return hasBoottime;
    }

    @Override
    public ClockDomain domain() {
        domainLooks++;
        return domain;
    }

    @Override
    public void sleepUntilMonotonic(long deadlineNanos) {
        throw new UnsupportedOperationException("no test sleeps");
    }
}
