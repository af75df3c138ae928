// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import java.util.Optional;

/**
 * A clock of this host that tells UTC, read between two readings of the raw clock: an exchange without a network, t2 = t3. Immutable.
 *
 * @param beforeNanos CLOCK_MONOTONIC_RAW, ns, at the instant of the reading or before
 * @param utcNanos what it read, ns since the Unix epoch
 * @param afterNanos CLOCK_MONOTONIC_RAW, ns, at that instant or after
 * @param maxError what it may be off from UTC by, s
 * @param stratum what a server that follows it would be, less one: 1 for a clock that the hardware or a hypervisor keeps
 * @param leap the leap second that it announces; empty: it knows of none, nor that there is none
 */
public record ClockReading(
        long beforeNanos, long utcNanos, long afterNanos, double maxError, int stratum, Optional<LeapIndicator> leap) {

    /** Its digits, s: a nanosecond counter. */
    private static final double PRECISION = 1e-9;

    Exchange exchange(int source) {
        return new Exchange(source, beforeNanos, utcNanos, utcNanos, afterNanos, 0, maxError, PRECISION);
    }

    /** What a server with this clock would answer. Of no opinion on leap seconds is, for NTP, the alarm condition. */
    NtpPacket reply() {
        NtpTimestamp time = NtpTimestamp.ofUnixNanos(utcNanos);
        return new NtpPacket(
                leap.orElse(LeapIndicator.UNSYNCHRONIZED),
                4,
                NtpPacket.MODE_SERVER,
                stratum,
                0,
                -30,
                0,
                maxError,
                0,
                time,
                NtpTimestamp.ZERO,
                time,
                time);
    }
}
