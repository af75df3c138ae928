// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Nanoseconds since the Unix epoch in a long: 1677 to 2262. */
final class EpochNanos {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private EpochNanos() {}

    static Instant toInstant(long epochNanos) {
        return Instant.ofEpochSecond(
                Math.floorDiv(epochNanos, NANOS_PER_SECOND), Math.floorMod(epochNanos, NANOS_PER_SECOND));
    }

    /** Instants outside the range become its ends: they have certainly passed, or certainly not come. */
    static long saturated(Instant instant) {
        try {
            return ChronoUnit.NANOS.between(Instant.EPOCH, instant);
        } catch (ArithmeticException e) {
            return instant.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    /** @throws IllegalArgumentException for instants outside the range */
    static long exact(Instant instant) {
        try {
            return ChronoUnit.NANOS.between(Instant.EPOCH, instant);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(instant + " is outside the years 1677 to 2262", e);
        }
    }

    /** a - b, or the end of the range that it exceeds. */
    static long difference(long a, long b) {
        long difference = a - b;
        // It overflowed if the operands differ in sign, and the result has not the sign of the first.
        return ((a ^ b) & (a ^ difference)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : difference;
    }
}
