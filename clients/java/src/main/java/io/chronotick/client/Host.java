// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.concurrent.locks.LockSupport;

/** What a reader asks of its machine beside the segment. Tests put virtual time in its place. */
interface Host {
    /**
     * CLOCK_MONOTONIC, ns. On Linux HotSpot's {@link System#nanoTime()} is exactly that clock, so it can be compared with
     * the record's monotonic_ns, which another process wrote.
     */
    long monotonicNanos();

    /** Sleeps about so long; may return early. */
    void park(long nanos);

    /** Passes a moment without giving up the CPU. */
    void spin();

    /** Whether the process exists and has not become a zombie. */
    boolean isAlive(long pid);

    /** The machine itself. */
    enum Real implements Host {
        INSTANCE;

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }

        @Override
        public void park(long nanos) {
            LockSupport.parkNanos(nanos);
        }

        @Override
        public void spin() {
            Thread.onSpinWait();
        }

        @Override
        public boolean isAlive(long pid) {
            return ProcessState.isAlive(pid);
        }
    }
}
