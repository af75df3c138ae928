// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One look at a segment for people and tools: its record, the time that follows from it, and if none does, why. Takes some
 * microseconds and allocates; {@link ChronoTickReader#now} is for those who only want the time. Not thread-safe.
 */
public final class Reading {
    /** What can be said of the daemon in a word. */
    public enum State {
        /** The time is good and servers answer. */
        READY,
        /** Measuring; there may be a time already. */
        WARMING_UP,
        /** No server answers; the forecast carries on and its uncertainty grows. */
        HOLDOVER,
        /** The record is too old or too uncertain to be used. */
        EXPIRED,
        /** The process that wrote the record is gone. */
        NOT_RUNNING;

        /** The name as people read it: "WARMING UP". */
        public String label() {
            return name().replace('_', ' ');
        }
    }

    /** Younger than this a record is fresh whatever the writer's rate, s; saves a look at the page. */
    private static final double SURELY_FRESH_SECONDS = 0.05;

    /** One tick may be late and the next be coalesced; with the third something is wrong. */
    private static final double STALE_TICKS = 3;

    private final CorrectionRecord record = new CorrectionRecord();
    private final TimeInterval now = new TimeInterval();
    private final @Nullable ChronoTickException refusal;
    private final long systemNanos;
    private final double ageSeconds;
    private final boolean stale;
    private final boolean writerAlive;

    /**
     * Looks.
     *
     * @throws ChronoTickException if there is not even a record
     */
    public Reading(ChronoTickReader reader) {
        reader.read(record);
        ChronoTickException thrown = null;
        long before = 0;
        long after = 0;
        // Twice, for the first time loads code: the two clocks have to be looked at within microseconds of each other.
        for (int i = 0; i < 2; i++) {
            before = systemClock();
            try {
                reader.now(now);
                thrown = null;
            } catch (ChronoTickException e) {
                thrown = e;
            }
            after = systemClock();
        }
        refusal = thrown;
        systemNanos = before + (after - before) / 2;
        ageSeconds = record.ageNanos(System.nanoTime()) * 1e-9;
        stale = ageSeconds > SURELY_FRESH_SECONDS
                && ageSeconds > STALE_TICKS / reader.status().updateFrequency();
        writerAlive = !(stale || refusal != null) || reader.writerAlive();
    }

    private static long systemClock() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /** The record as it stood. */
    public CorrectionRecord record() {
        return record;
    }

    /** UTC when the look was taken; meaningful if {@link #refusal()} is null. */
    public TimeInterval now() {
        return now;
    }

    /** Why there is no time; null if there is. */
    public @Nullable ChronoTickException refusal() {
        return refusal;
    }

    /** CLOCK_REALTIME when the look was taken, ns since the epoch. */
    public long systemNanos() {
        return systemNanos;
    }

    /** Age of the record, s. */
    public double ageSeconds() {
        return ageSeconds;
    }

    /** Whether a record should have come since. */
    public boolean isStale() {
        return stale;
    }

    public boolean isWriterAlive() {
        return writerAlive;
    }

    /** Whether the record is past its use: too old, from before a suspend, or withdrawn by its writer after having been good. */
    public boolean isExpired() {
        return refusal instanceof ExpiredException
                || (record.isValid() ? record.isExpiredAt(System.nanoTime()) : record.isWarmupComplete());
    }

    /** Whether a daemon that lives and writes has taken its time back, because it cannot state an honest bound; its page says what would settle it. */
    public boolean isWithdrawn() {
        return writerAlive && !stale && !record.isValid() && record.isWarmupComplete();
    }

    /** The state as people read it: {@link State#label()}, or WITHDRAWN. */
    public String label() {
        return isWithdrawn() ? "WITHDRAWN" : state().label();
    }

    /** Correction of the system clock now, s. */
    public double offset() {
        return record.correctionAt(systemNanos * 1e-9);
    }

    /** One standard deviation of the time now, s. */
    public double uncertainty() {
        return refusal == null ? now.standardUncertaintyNanos() * 1e-9 : record.timeUncertaintyAt(systemNanos * 1e-9);
    }

    public State state() {
        if (!writerAlive) {
            return State.NOT_RUNNING;
        }
        if (isExpired()) {
            return State.EXPIRED;
        }
        if (!record.isValid() || !record.isWarmupComplete()) {
            return State.WARMING_UP;
        }
        return record.isHoldover() ? State.HOLDOVER : State.READY;
    }
}
