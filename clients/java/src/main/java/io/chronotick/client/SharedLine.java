// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.concurrent.locks.StampedLock;

/**
 * The line of the segment's newest record, kept for all threads of a reader: whoever meets a new record works it out, the others
 * use it. Allocates nothing, and no thread ever waits for another: one that comes while the line is being replaced, or
 * whose copy may be torn, is told so and takes the long way, which needs no line.
 */
final class SharedLine {
    /** No UTC within reach. */
    static final long UNKNOWN = Long.MIN_VALUE;

    private final StampedLock lock = new StampedLock();
    private final Line line = new Line();

    /** UTC now or an end of its interval, ns since the epoch; UNKNOWN if the line is not that of the segment's record now. */
    long at(Edge edge, Segment segment, Host host) {
        long stamp = lock.tryOptimisticRead();
        // Of a torn line nothing follows but wrong numbers, which nobody gets to see.
        long elapsed = line.freshElapsed(segment, host);
        if (elapsed < 0) {
            return UNKNOWN;
        }
        long estimate = line.estimateNanos(elapsed);
        long result = edge == Edge.ESTIMATE ? estimate : edge.of(estimate, line.boundNanos(elapsed));
        return lock.validate(stamp) ? result : UNKNOWN;
    }

    /** Keeps the line of a record instead of the one before, unless another thread is doing so. Arguments as of {@link Line}. */
    void keep(
            double system,
            double offset,
            double drift,
            double prediction,
            double offsetSd,
            double driftSd,
            double maxError,
            double maxDrift,
            int sequence,
            long anchorMono,
            long freshNanos) {
        long stamp = lock.tryWriteLock();
        if (stamp != 0) {
            line.set(system, offset, drift, prediction, offsetSd, driftSd, maxError, maxDrift);
            line.remember(sequence, anchorMono, freshNanos);
            lock.unlockWrite(stamp);
        }
    }
}
