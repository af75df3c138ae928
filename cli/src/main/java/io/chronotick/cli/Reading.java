// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One look at a segment: its record, the time that follows from it, and if none does, why. */
final class Reading {
    /** What can be said of the daemon in a word. */
    enum State {
        READY("READY"),
        WARMING_UP("WARMING UP"),
        HOLDOVER("HOLDOVER"),
        EXPIRED("EXPIRED"),
        NOT_RUNNING("NOT RUNNING");

        final String label;

        State(String label) {
            this.label = label;
        }
    }

    /** Younger than this a record is fresh whatever the writer's rate, s; saves a look at the page. */
    private static final double SURELY_FRESH_SECONDS = 0.05;

    /** One tick may be late and the next be coalesced; with the third something is wrong. */
    private static final double STALE_TICKS = 3;

    final CorrectionRecord record = new CorrectionRecord();

    /** UTC when the look was taken; meaningful if {@link #refusal()} is null. */
    final TimeInterval now = new TimeInterval();

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
    Reading(ChronoTickReader reader) {
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

    /** Why there is no time; null if there is. */
    @Nullable
    ChronoTickException refusal() {
        return refusal;
    }

    /** CLOCK_REALTIME when the look was taken, ns since the epoch. */
    long systemNanos() {
        return systemNanos;
    }

    /** Age of the record, s. */
    double ageSeconds() {
        return ageSeconds;
    }

    /** Whether a record should have come since. */
    boolean isStale() {
        return stale;
    }

    boolean isWriterAlive() {
        return writerAlive;
    }

    /** Whether the record is past its use: too old, or withdrawn by its writer after having been good. */
    boolean isExpired() {
        return record.isValid() ? record.isExpiredAt(System.nanoTime()) : record.isWarmupComplete();
    }

    /** Correction of the system clock now, s. */
    double offset() {
        return record.correctionAt(systemNanos * 1e-9);
    }

    /** One standard deviation of the time now, s. */
    double uncertainty() {
        return refusal == null ? now.standardUncertaintyNanos() * 1e-9 : record.timeUncertaintyAt(systemNanos * 1e-9);
    }

    State state() {
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

    /** What `read` and `json` return. */
    int exitCode() {
        if (!writerAlive) {
            return ExitCode.NO_DAEMON;
        }
        if (refusal == null) {
            return ExitCode.OK;
        }
        return isExpired() ? ExitCode.EXPIRED : ExitCode.of(refusal);
    }

    /** What a person has to know beside the record, in one line; null if all is well. */
    @Nullable
    String remark() {
        if (refusal != null) {
            return refusal.getMessage();
        }
        if (!writerAlive) {
            return "the daemon (process " + record.writerPid() + ") is gone; its last record is "
                    + Format.duration(ageSeconds) + " old and expires in "
                    + Format.duration(record.validUntil() - systemNanos * 1e-9) + "; start it with: chronotick daemon";
        }
        if (stale) {
            return "the record is " + Format.duration(ageSeconds) + " old: the daemon (process " + record.writerPid()
                    + ") is stopped or starved of CPU; see: chronotick status";
        }
        return null;
    }
}
