// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import java.io.IOException;
import java.util.Optional;

/** A place where the time goes beside the segment. Used by one thread. */
public interface Output extends AutoCloseable {
    /** What it is, for the log: "ClockBound's segment /run/clockbound/shm0". */
    String describe();

    /**
     * Hands the time on: once a second, and within {@link OutputLoop#LOOK_MILLIS} when there is one, or none, or the system
     * clock's distance from it has changed.
     *
     * @param sample empty: there is no time; whoever reads it here must learn that
     * @throws IOException if that failed, in words for the log; the next call tries again
     */
    void put(Optional<TimeSample> sample) throws IOException;

    /** Lets go of what it holds. The last call of {@link #put} has been with nothing. */
    @Override
    void close();
}
