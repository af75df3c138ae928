// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import io.chronotick.engine.ntp.ClockReading;
import java.io.IOException;

/**
 * A clock of this host that tells UTC: a source beside the servers. It votes, is weighed and is outvoted as they are. Used by one
 * thread, which may wait.
 *
 * <p>What it yields is an interval: at some instant between two readings of CLOCK_MONOTONIC_RAW it was that time of UTC, give or take
 * {@link ClockReading#maxError}. That error is a promise which the hard bound of the published time rests on; who cannot make it
 * throws.
 */
public interface LocalClock extends AutoCloseable {
    /** What it is and how it is read, for the log, after the first reading: "ptp_kvm, read by PTP_SYS_OFFSET_PRECISE". */
    String describe();

    /**
     * Reads it.
     *
     * @throws IOException if it cannot be read, or says that it is not right: one line with cause and remedy. The next call tries again
     */
    ClockReading read() throws IOException;

    /** Lets go of it. */
    @Override
    void close();
}
