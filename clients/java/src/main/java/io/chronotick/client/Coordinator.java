// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * Acts in an order, or at one instant, with processes on other machines that share nothing with this one but UTC, each
 * through its own daemon, of ChronoTick or of ClockBound. Events that have happened are compared with {@link TimeBounds}.
 *
 * <p>Thread-safe: every call waits in its own thread.
 */
public final class Coordinator {
    private final Waiter waiter;

    /**
     * A coordinator on one reader, which stays the caller's to close.
     *
     * @param reader where the time comes from
     */
    public Coordinator(ChronoTickReader reader) {
        this.waiter = reader.waiter();
    }

    /**
     * A coordinator on the interval of a ClockBound daemon; the reader stays the caller's to close.
     *
     * @param reader where the time comes from
     */
    public Coordinator(ClockBoundReader reader) {
        this.waiter = reader.waiter();
    }

    /**
     * Commit wait, as Spanner's TrueTime has it (Corbett et al., OSDI 2012, section 4.1.2): takes a timestamp that is not
     * before now on any honest machine and returns it when it has passed on every one. If an action is stamped with the
     * result and made visible after the return, then whoever sees it and stamps an action of his own in the same way gets a
     * larger stamp. Waits for about the width of the interval.
     *
     * @return the timestamp, ns since the Unix epoch
     * @throws InterruptedException if the thread is interrupted before or while it waits; nothing may be made visible then
     * @throws ChronoTickException as {@link ChronoTickReader#now}
     */
    public long commitWait() throws InterruptedException {
        long latest = waiter.now(Edge.LATEST);
        waiter.await(Edge.EARLIEST, latest);
        return latest;
    }

    /**
     * Runs an action at an instant of corrected time, in this thread: when the best estimate of UTC reaches it. Processes
     * that were given the same instant act as close together as their estimates agree and their schedulers wake them; unlike
     * {@link ChronoTickReader#waitUntil(long)} this does not wait out the bound, so it says nothing about order. Sleeps,
     * then spins for the last 0.2 ms; follows the correction as it changes.
     *
     * @param epochNanos the instant, ns since the Unix epoch; one that has passed means at once
     * @param action what to do
     * @return by how much the action began late, by the estimate, ns; what is too late is for the caller to judge
     * @throws InterruptedException if the thread is interrupted before or while it waits; the action was not run
     * @throws ChronoTickException as {@link ChronoTickReader#now}; the action was not run
     */
    public long runAt(long epochNanos, Runnable action) throws InterruptedException {
        // At or past it.
        long before = epochNanos == Long.MIN_VALUE ? epochNanos : epochNanos - 1;
        long late = EpochNanos.difference(waiter.await(Edge.ESTIMATE, before), epochNanos);
        action.run();
        return late;
    }
}
