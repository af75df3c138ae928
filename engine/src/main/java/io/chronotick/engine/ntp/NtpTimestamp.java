// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/**
 * A 64-bit NTP timestamp (RFC 5905, section 6): 32 bits of seconds of an era, 32 bits of fraction. Value type,
 * thread-safe.
 *
 * <p>The era is not on the wire. Conversion to Unix time takes the only reading in the 136 years that begin with
 * 2024-01-01, before which no copy of this program ran; so times stay right through the rollover of 7 February 2036 and
 * until 2160.
 *
 * @param bits the timestamp as on the wire
 */
public record NtpTimestamp(long bits) {
    /** "Unknown or unsynchronized" (RFC 5905, section 6). */
    public static final NtpTimestamp ZERO = new NtpTimestamp(0);

    /** Seconds from 1900-01-01 to 1970-01-01 (RFC 5905, figure 4). */
    private static final long UNIX_EPOCH_IN_NTP_SECONDS = 2_208_988_800L;

    /** 2024-01-01T00:00:00Z in Unix seconds: the earliest time a timestamp can mean. */
    private static final long PIVOT_UNIX_SECONDS = 1_704_067_200L;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    /** The timestamp nearest to {@code unixNanos}, ns since the Unix epoch; the step is 0.23 ns. */
    public static NtpTimestamp ofUnixNanos(long unixNanos) {
        long seconds = Math.floorDiv(unixNanos, NANOS_PER_SECOND) + UNIX_EPOCH_IN_NTP_SECONDS;
        long nanos = Math.floorMod(unixNanos, NANOS_PER_SECOND);
        // Rounded to the nearest step; nanos < 2^30 keeps the shift within 62 bits.
        long fraction = ((nanos << 32) + NANOS_PER_SECOND / 2) / NANOS_PER_SECOND;
        return new NtpTimestamp((seconds << 32) + fraction);
    }

    /** Unix time, ns, between 2024 and 2160. */
    public long toUnixNanos() {
        long eraSeconds = bits >>> 32;
        long pivot = PIVOT_UNIX_SECONDS + UNIX_EPOCH_IN_NTP_SECONDS;
        long sincePivot = (eraSeconds - pivot) & LOW_32;
        long nanos = ((bits & LOW_32) * NANOS_PER_SECOND + (1L << 31)) >>> 32;
        return (PIVOT_UNIX_SECONDS + sincePivot) * NANOS_PER_SECOND + nanos;
    }

    /** Whether this is {@link #ZERO}. */
    public boolean isZero() {
        return bits == 0;
    }
}
