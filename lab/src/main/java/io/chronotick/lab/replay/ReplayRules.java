// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

/**
 * When exchanges begin and when the time is read, in true time. The README of the replay set defines them; its delays and
 * frequencies mean something under these rules only.
 *
 * @param pollSeconds interval between exchanges after the first four, s; {@link #ADAPTIVE}: as the daemon asks a public server by
 *     default
 * @param scoreFromSeconds first whole second that is scored
 * @param endSeconds last whole second that is scored; no exchange begins at or after it
 */
public record ReplayRules(int pollSeconds, int scoreFromSeconds, int endSeconds) {
    /** What the raw clock reads when true time is zero, ns. */
    public static final long RAW_AT_ZERO_NANOS = 50_000_000;

    /** A poll that the engine adapts by itself. */
    public static final int ADAPTIVE = 0;

    /** Between these, s: the daemon's default, and chrony's. */
    static final double SHORTEST_POLL = 64;

    static final double LONGEST_POLL = 1024;

    static final long SECOND = 1_000_000_000L;

    /** The first exchanges: 0.2, 2.2, 4.2, 6.2 s. */
    private static final long FIRST_POLL_NANOS = SECOND / 5;

    static final long BURST_NANOS = 2 * SECOND;
    private static final int BURST = 4;

    /** The rules under which chrony's errors were recorded. */
    public static ReplayRules recorded(int pollSeconds) {
        return new ReplayRules(pollSeconds, 4_000, 40_000);
    }

    boolean isAdaptive() {
        return pollSeconds == ADAPTIVE;
    }

    /** True time at which the exchange of this index begins, ns. */
    long pollNanos(int index) {
        long burst = FIRST_POLL_NANOS + Math.min(index, BURST - 1) * BURST_NANOS;
        return burst + Math.max(0, index - (BURST - 1L)) * pollSeconds * SECOND;
    }
}
