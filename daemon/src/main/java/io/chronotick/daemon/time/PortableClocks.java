// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/**
 * The clocks that Java gives on any system. System.nanoTime() stands for the raw, the monotonic and the boot clock: where
 * the system slews it, the slew shows as a change of the oscillator, and suspended time is missing.
 */
final class PortableClocks implements HostClocks {
    @Override
    public long rawNanos() {
        return System.nanoTime();
    }

    @Override
    public long monotonicNanos() {
        return System.nanoTime();
    }

    /** The compiler takes the Instant apart once the method is hot; until then it is allocated. */
    @Override
    public long realtimeNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    @Override
    public long boottimeNanos() {
        return System.nanoTime();
    }

    @Override
    public boolean hasBoottime() {
        return false;
    }

    @Override
    public void sleepUntilMonotonic(long deadlineNanos) {
        // An interrupted thread must not spin here, nor lose its interrupt.
        boolean interrupted = false;
        long left;
        while ((left = deadlineNanos - System.nanoTime()) > 0) {
            LockSupport.parkNanos(left);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
