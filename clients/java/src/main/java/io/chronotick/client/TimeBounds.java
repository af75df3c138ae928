// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.DateTimeException;
import java.time.Instant;

/**
 * When something happened, to be kept and sent to other machines: UTC was not before the one end and not after the other.
 * Both ends inclusive, ns since the Unix epoch. Two of them can be compared wherever they were taken, as long as each was
 * honest. Immutable.
 *
 * @param earliestNanos UTC was not before this
 * @param latestNanos UTC was not after this; at least earliestNanos
 */
public record TimeBounds(long earliestNanos, long latestNanos) {
    /** What is certain of the order of two events. */
    public enum Order {
        BEFORE,
        AFTER,
        /** Neither is certain: the bounds share at least one instant. */
        OVERLAPPING
    }

    /** @throws IllegalArgumentException if the earliest is after the latest */
    public TimeBounds {
        if (earliestNanos > latestNanos) {
            throw new IllegalArgumentException("earliest " + EpochNanos.toInstant(earliestNanos) + " is after latest "
                    + EpochNanos.toInstant(latestNanos));
        }
    }

    /** What a reading says, in a form that may leave the thread. */
    public static TimeBounds of(TimeInterval reading) {
        return new TimeBounds(reading.earliestNanos(), reading.latestNanos());
    }

    /**
     * Between two instants.
     *
     * @throws IllegalArgumentException if the earliest is after the latest, or one is outside the years 1677 to 2262
     */
    public static TimeBounds of(Instant earliest, Instant latest) {
        return new TimeBounds(EpochNanos.exact(earliest), EpochNanos.exact(latest));
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if it is not two instants of ISO 8601 with a slash between them, in order
     */
    public static TimeBounds parse(String text) {
        int slash = text.indexOf('/');
        try {
            return of(Instant.parse(text.substring(0, Math.max(0, slash))), Instant.parse(text.substring(slash + 1)));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not two UTC instants with a slash between them: " + text, e);
        }
    }

    /** What is certain of this event's order to another. */
    public Order orderTo(TimeBounds other) {
        if (latestNanos < other.earliestNanos) {
            return Order.BEFORE;
        }
        return earliestNanos > other.latestNanos ? Order.AFTER : Order.OVERLAPPING;
    }

    /**
     * The time that certainly lay between the two events, ns; at most 0 if their order is not certain: then by how much the
     * later of the two would have to be moved for the bounds to touch in one instant only. Saturates.
     */
    public long gapNanos(TimeBounds other) {
        return Math.max(
                EpochNanos.difference(other.earliestNanos, latestNanos),
                EpochNanos.difference(earliestNanos, other.latestNanos));
    }

    /**
     * How much later the later of the two (the one whose middle is later) would have to happen for the order to be certain,
     * ns; 0 if it is. Whoever is about to do the later thing waits so long first.
     */
    public long waitNanos(TimeBounds other) {
        long gap = gapNanos(other);
        return gap > 0 ? 0 : EpochNanos.difference(1, gap);
    }

    /** ISO 8601, for example 2025-03-13T15:33:20.499Z/2025-03-13T15:33:20.501Z. */
    @Override
    public String toString() {
        return EpochNanos.toInstant(earliestNanos) + "/" + EpochNanos.toInstant(latestNanos);
    }
}
