// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.ntp.LeapIndicator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The leap seconds that the IERS has announced, as far ahead as it has decided. Immutable.
 *
 * @param kinds INSERT or DELETE by the midnight before which the second is, ns since the Unix epoch
 * @param expiresNanos from then on it says nothing, ns since the Unix epoch
 */
public record LeapSecondList(Map<Long, LeapIndicator> kinds, long expiresNanos) {
    /** Of no list: says nothing of any day. */
    public static final LeapSecondList NOTHING = new LeapSecondList(Map.of(), Long.MIN_VALUE);

    /** TAI - UTC on the first of January 1972, ns, with which the leap seconds and every list of them begin. */
    private static final long TAI_LEAD_1972 = 10_000_000_000L;

    public LeapSecondList {
        kinds = Map.copyOf(kinds);
    }

    /**
     * UTC of an instant of TAI, both ns since the Unix epoch as POSIX counts them: an inserted second repeats the one before it. Empty from the
     * end of this list on.
     */
    public OptionalLong utcNanos(long taiNanos) {
        long lead = TAI_LEAD_1972;
        for (Map.Entry<Long, LeapIndicator> leap : new TreeMap<>(kinds).entrySet()) {
            long step = leap.getValue().stepNanos();
            long begins = leap.getValue() == LeapIndicator.DELETE ? leap.getKey() - step : leap.getKey();
            if (taiNanos - lead < begins) {
                break;
            }
            lead -= step;
        }
        long utc = taiNanos - lead;
        return utc < expiresNanos ? OptionalLong.of(utc) : OptionalLong.empty();
    }

    /** Which leap second there is before a midnight, or NONE if there is none; empty for what is not decided yet. */
    Optional<LeapIndicator> at(long midnightNanos) {
        return midnightNanos < expiresNanos
                ? Optional.of(kinds.getOrDefault(midnightNanos, LeapIndicator.NONE))
                : Optional.empty();
    }
}
