// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/** The leap indicator of an NTP packet (RFC 5905, figure 9); the order is that of the two-bit field. */
public enum LeapIndicator {
    NONE,
    /** The last minute of the day has 61 seconds. */
    INSERT,
    /** The last minute of the day has 59 seconds. */
    DELETE,
    /** The server's clock is not synchronized. */
    UNSYNCHRONIZED;

    /** What POSIX time steps by, ns: an inserted second repeats the one before it, a deleted one is left out. */
    public long stepNanos() {
        return switch (this) {
            case INSERT -> -1_000_000_000L;
            case DELETE -> 1_000_000_000L;
            case NONE, UNSYNCHRONIZED -> 0;
        };
    }
}
