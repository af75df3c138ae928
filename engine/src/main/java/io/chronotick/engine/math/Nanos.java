// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

/** Seconds and nanoseconds: instants are whole nanoseconds, all that is computed with is seconds. Stateless. */
public final class Nanos {
    /** Nanoseconds in a second. */
    public static final double PER_SECOND = 1e9;

    /** A nanosecond, s: for products in which it is not the first to be multiplied. */
    public static final double IN_SECONDS = 1e-9;

    private Nanos() {}

    /** A difference of instants, ns, in s: exact to the last digits of a double. */
    public static double toSeconds(long nanos) {
        return nanos * IN_SECONDS;
    }

    /** A time, s, in whole ns, halves rounded up; what no long holds becomes the nearest one, what is no number 0. */
    public static long ofSeconds(double seconds) {
        return Math.round(seconds * PER_SECOND);
    }
}
