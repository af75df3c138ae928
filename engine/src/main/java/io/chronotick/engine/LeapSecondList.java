// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.ntp.LeapIndicator;
import java.util.Map;
import java.util.Optional;

/**
 * The leap seconds that the IERS has announced, as far ahead as it has decided. Immutable.
 *
 * @param kinds INSERT or DELETE by the midnight before which the second is, ns since the Unix epoch
 * @param expiresNanos from then on it says nothing, ns since the Unix epoch
 */
public record LeapSecondList(Map<Long, LeapIndicator> kinds, long expiresNanos) {
    /** Of no list: says nothing of any day. */
    public static final LeapSecondList NOTHING = new LeapSecondList(Map.of(), Long.MIN_VALUE);

    public LeapSecondList {
        kinds = Map.copyOf(kinds);
    }

    /** Which leap second there is before a midnight, or NONE if there is none; empty for what is not decided yet. */
    Optional<LeapIndicator> at(long midnightNanos) {
        return midnightNanos < expiresNanos
                ? Optional.of(kinds.getOrDefault(midnightNanos, LeapIndicator.NONE))
                : Optional.empty();
    }
}
