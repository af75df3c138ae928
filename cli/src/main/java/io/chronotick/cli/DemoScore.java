// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;

/** Compares what a reader reads with the truth, which only a demonstration knows. Not thread-safe. */
final class DemoScore {
    /** The two-sided 95 % point of the normal distribution. */
    private static final double SD_95 = 1.96;

    /** Past the warm-up, s. */
    private static final double LATE_SECONDS = 10;

    /** A few looks at clocks take less, ns. */
    private static final long UNDISTURBED_NANOS = 5_000;

    /** The first readings run uncompiled and take longer. */
    private static final int MAX_ATTEMPTS = 100;

    private final Truth truth;
    private final HostClocks clocks;
    private final long startRaw;
    private final TimeInterval interval = new TimeInterval();
    private final CorrectionRecord record = new CorrectionRecord();

    private long count;
    private long lateCount;
    private long insideInterval;
    private long insideBound;
    private double sumSquares;
    private double lateSumSquares;
    private double worst;
    private double systemError;
    private double lastError;
    private double firstSeconds = -1;
    private double readySeconds = -1;

    DemoScore(Truth truth, HostClocks clocks) {
        this.truth = truth;
        this.clocks = clocks;
        this.startRaw = clocks.rawNanos();
    }

    /**
     * Reads once; returns whether there was a time. A reading during which this thread lost its CPU says nothing of the time
     * that was read, only when: such are repeated.
     */
    boolean sample(ChronoTickReader reader) {
        long before;
        long after;
        long system;
        int attempts = 0;
        do {
            before = clocks.rawNanos();
            try {
                reader.now(interval);
            } catch (ChronoTickException e) {
                return false;
            }
            system = clocks.realtimeNanos();
            after = clocks.rawNanos();
        } while (after - before > UNDISTURBED_NANOS && ++attempts < MAX_ATTEMPTS);
        // The reading is of some moment between the two.
        long middle = before + (after - before) / 2;
        double slack = (after - before) * 0.5e-9;
        lastError = (interval.estimateNanos() - truth.truthNanosAt(middle)) * 1e-9;
        systemError = Math.abs(system - truth.truthNanosAt(middle)) * 1e-9;
        double elapsed = (middle - startRaw) * 1e-9;
        double size = Math.abs(lastError);
        count++;
        sumSquares += size * size;
        worst = Math.max(worst, size);
        if (elapsed > LATE_SECONDS) {
            lateCount++;
            lateSumSquares += size * size;
        }
        if (size <= SD_95 * lastSd()) {
            insideInterval++;
        }
        if (size <= lastBound() + slack) {
            insideBound++;
        }
        if (firstSeconds < 0) {
            firstSeconds = elapsed;
        }
        if (readySeconds < 0) {
            reader.read(record);
            readySeconds = record.isWarmupComplete() ? elapsed : -1;
        }
        return true;
    }

    long elapsedNanos() {
        return clocks.rawNanos() - startRaw;
    }

    /** Read minus true, s. */
    double lastError() {
        return lastError;
    }

    /** Stated standard deviation, s. */
    double lastSd() {
        return interval.standardUncertaintyNanos() * 1e-9;
    }

    /** Stated hard bound, s. */
    double lastBound() {
        return interval.boundNanos() * 1e-9;
    }

    long count() {
        return count;
    }

    long lateCount() {
        return lateCount;
    }

    /** s. */
    double rms() {
        return Math.sqrt(sumSquares / count);
    }

    /** Of the samples past the warm-up, s. */
    double lateRms() {
        return Math.sqrt(lateSumSquares / lateCount);
    }

    /** s. */
    double worst() {
        return worst;
    }

    /** How far the system clock was from the truth at the last sample, s. */
    double systemError() {
        return systemError;
    }

    /** Share of samples, 0..1. */
    double insideInterval() {
        return insideInterval / (double) count;
    }

    /** Share of samples, 0..1. */
    double insideBound() {
        return insideBound / (double) count;
    }

    /** s since the start; negative if never. */
    double firstSeconds() {
        return firstSeconds;
    }

    /** s since the start; negative if never. */
    double readySeconds() {
        return readySeconds;
    }
}
