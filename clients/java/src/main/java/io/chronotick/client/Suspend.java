// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/** What is known of a suspend of the machine since a record was written. */
enum Suspend {
    NONE,
    HAPPENED,
    CANNOT_BE_TOLD,
    /** Another record has taken its place. */
    RECORD_GONE;

    /**
     * CLOCK_BOOTTIME has moved on by more than this against CLOCK_MONOTONIC, ns: a suspend. Java 17 reads it in steps of 10 ms,
     * and no machine falls asleep and wakes up in less.
     */
    private static final long SUSPEND_NANOS = 30_000_000;

    /**
     * That clock never falls back: further behind than a look at it can take, ns, it is another one. In containers lxcfs shows
     * an uptime that counts from the container's start.
     */
    private static final long LARGEST_LAG_NANOS = 1_000_000_000;

    /**
     * Whether the machine was suspended after the record with that sequence was written: CLOCK_MONOTONIC, by which its age
     * counts, stands still then, and the daemon may not have got round to writing another. To be asked of every record that is
     * stale, each time: that it did not happen is no answer for later.
     */
    static Suspend since(int sequence, Segment segment, Host host) {
        ByteBuffer b = segment.buffer;
        long leadThen = (long) Segment.LONG.get(b, PageLayout.BOOTTIME_LEAD_NS);
        boolean known = (int) Segment.INT.get(b, PageLayout.BOOTTIME_KNOWN) != 0;
        VarHandle.loadLoadFence();
        if ((int) Segment.INT.getOpaque(b, RecordLayout.SEQUENCE_NUMBER) != sequence) {
            return RECORD_GONE;
        }
        if (!known) {
            return NONE;
        }
        OptionalLong lead = host.boottimeLeadNanos();
        if (lead.isEmpty()) {
            return CANNOT_BE_TOLD;
        }
        long grown = lead.getAsLong() - leadThen;
        if (grown > SUSPEND_NANOS) {
            return HAPPENED;
        }
        return grown < -LARGEST_LAG_NANOS ? CANNOT_BE_TOLD : NONE;
    }
}
