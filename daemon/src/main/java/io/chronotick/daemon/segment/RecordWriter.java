// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.Correction;
import io.chronotick.engine.LeapIndicator;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Turns corrections, which are lines over CLOCK_MONOTONIC_RAW, into records, which are lines over CLOCK_REALTIME and
 * CLOCK_MONOTONIC, and writes them under the seqlock. For one thread; {@link #tick} allocates nothing, takes no lock and
 * makes no system call but the clock reads.
 *
 * <p>Seqlock, the writer's side (Boehm, Can seqlocks get along with programming language memory models?, MSPC 2012): the
 * sequence becomes odd; a store-store fence keeps the fields behind it; the fields; a release store makes it even.
 */
public final class RecordWriter {
    /**
     * What readers add to the bound for every second since the anchor, s/s: the oscillator's own error before it has been
     * measured (100 ppm), and 500 ppm by which another program may begin to slew the system clock right after a tick (the
     * limit of the kernel's PLL and of adjtime). The rate it was slewed at before is part of the drift.
     */
    public static final double MAX_DRIFT = 600e-6;

    /**
     * The anchor lies on the grid of a double of Unix seconds, 2^-22 s, so that it is exactly representable. In nanoseconds it
     * is rounded to the nearest, and the correction is counted from there, so a reader in integer nanoseconds loses nothing.
     */
    private static final int ANCHOR_BITS = 22;

    /** Clock reads are repeated until they fall within this time, ns: no interrupt came between. */
    private static final long TIGHT_READ_NANOS = 1_000;

    private static final int READ_ATTEMPTS = 4;

    /** Span over which the rate of CLOCK_MONOTONIC against the raw clock is measured: RATE_SLOTS * RATE_SPACING_NANOS. */
    private static final int RATE_SLOTS = 16;

    private static final long RATE_SPACING_NANOS = 62_500_000;

    /** Standard deviation of that rate from the reading errors of two clocks, some 30 ns, over a second. */
    private static final double RATE_SD = 5e-8;

    /** CLOCK_REALTIME was stepped if it moved against CLOCK_MONOTONIC by more than this, ns: slews move both alike. */
    private static final long STEP_NANOS = 100_000;

    /** The record says so for this long, ns. */
    private static final long STEP_FLAG_NANOS = 60_000_000_000L;

    /** CLOCK_BOOTTIME ahead of CLOCK_MONOTONIC by more than before, ns: the machine was suspended. */
    private static final long SUSPEND_NANOS = 10_000_000;

    /** The raw clock and CLOCK_MONOTONIC may part by this share of the time, and this many ns, by slewing alone. */
    private static final double LARGEST_SLEW = 0.11;

    private static final long RAW_JUMP_NANOS = 10_000_000;

    private static final double NANO = 1e-9;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final HostClocks clocks;
    private final long startMonotonicNanos;
    private final int pid;
    private final long[] rateRaw = new long[RATE_SLOTS];
    private final long[] rateMonotonic = new long[RATE_SLOTS];

    private int rateCount;
    private int rateNext;
    private double rate;

    private long raw;
    private long monotonic;
    private long realtime;

    /** Within which the three were read, ns. */
    private long span;

    private boolean hasPrevious;
    private long previousRaw;
    private long previousMonotonic;
    private long previousSpan;
    private long realtimeLead;

    /** CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC by at most this, ns. */
    private long boottimeLead;

    private long stepFlagUntilMonotonic = Long.MIN_VALUE;
    private long voidBeforeRaw = Long.MIN_VALUE;

    private int corrections;
    private double meanLatencyNanos;
    private final AtomicLong clockSteps = new AtomicLong();
    private final AtomicLong discontinuities = new AtomicLong();

    public RecordWriter(HostClocks clocks, int pid) {
        this.clocks = clocks;
        this.pid = pid;
        this.startMonotonicNanos = clocks.monotonicNanos();
    }

    /**
     * Makes a segment ready for its first tick: the sequence even, whoever died inside a write. Not on the hot path.
     *
     * @param segment a mapped segment, little-endian
     */
    public static void prepare(ByteBuffer segment) {
        int sequence = segment.getInt(RecordLayout.SEQUENCE_NUMBER);
        if ((sequence & 1) != 0) {
            clear(segment, sequence);
        }
    }

    /** Marks the record as void, for readers that keep the file mapped after the daemon has ended. */
    public static void retire(ByteBuffer segment) {
        int sequence = segment.getInt(RecordLayout.SEQUENCE_NUMBER) | 1;
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, sequence);
        VarHandle.storeStoreFence();
        clear(segment, sequence);
    }

    /** Voids the fields of a record whose sequence is odd, and makes it even. */
    private static void clear(ByteBuffer segment, int oddSequence) {
        segment.putInt(RecordLayout.FLAGS, 0);
        segment.putInt(RecordLayout.SOURCE, Correction.Source.NO_DATA.ordinal());
        VarHandle.releaseFence();
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, next(oddSequence));
    }

    /** The even number after an odd one; never 0, which means "never written". */
    private static int next(int oddSequence) {
        return oddSequence == -1 ? 2 : oddSequence + 1;
    }

    /** Steps of CLOCK_REALTIME seen. Any thread. */
    public long clockSteps() {
        return clockSteps.get();
    }

    /**
     * Jumps of CLOCK_MONOTONIC_RAW seen (suspend, pause of a virtual machine). Any thread. Corrections from before a jump
     * are published as not valid.
     */
    public long discontinuities() {
        return discontinuities.get();
    }

    /**
     * Writes one record.
     *
     * @param correction what the engine knows
     * @param segment the mapped segment
     * @return time it took, ns
     */
    public long tick(Correction correction, ByteBuffer segment) {
        long begin = System.nanoTime();
        readClocks();
        watchClocks();
        measureRate();

        long wholeSeconds = Math.floorDiv(realtime, NANOS_PER_SECOND);
        // Below 2^30 * 2^22: no overflow.
        long gridPoint = (Math.floorMod(realtime, NANOS_PER_SECOND) << ANCHOR_BITS) / NANOS_PER_SECOND;
        double anchorSeconds = wholeSeconds + Math.scalb((double) gridPoint, -ANCHOR_BITS);
        long anchorRealtime = wholeSeconds * NANOS_PER_SECOND
                + ((gridPoint * NANOS_PER_SECOND + (1L << (ANCHOR_BITS - 1))) >> ANCHOR_BITS);
        long age = realtime - anchorRealtime;
        long anchorMonotonic = monotonic - age;
        // d UTC / d CLOCK_MONOTONIC, the latter being what readers have; CLOCK_REALTIME runs at the same rate.
        double drift = (1 + correction.frequency()) * (1 + rate) - 1;

        boolean known = correction.source() != Correction.Source.NO_DATA && correction.rawNanos() >= voidBeforeRaw;
        boolean valid = known && correction.validAt(raw);
        long corrected = anchorRealtime;
        double offset = 0;
        double sd = Double.POSITIVE_INFINITY;
        double driftSd = Double.POSITIVE_INFINITY;
        float maxError = Float.POSITIVE_INFINITY;
        if (known) {
            corrected = correction.utcNanosAt(raw) - age - Math.round(age * drift);
            offset = (corrected - anchorRealtime) * NANO;
            sd = correction.sdAt(raw);
            double frequencySd = correction.frequencySdAt(raw);
            driftSd = Math.sqrt(frequencySd * frequencySd + RATE_SD * RATE_SD);
            // A bound is rounded away from zero.
            maxError = Math.nextUp((float) correction.maxErrorAt(raw));
        } else {
            drift = 0;
        }
        double lastSync =
                correction.measurementCount() == 0 ? 0 : anchorSeconds - (raw - correction.lastSyncRawNanos()) * NANO;

        int sequence = segment.getInt(RecordLayout.SEQUENCE_NUMBER) | 1;
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, sequence);
        VarHandle.storeStoreFence();

        segment.putDouble(RecordLayout.CORRECTED_TIMESTAMP, seconds(corrected));
        segment.putDouble(RecordLayout.SYSTEM_TIMESTAMP, anchorSeconds);
        segment.putDouble(RecordLayout.OFFSET_CORRECTION, offset);
        segment.putDouble(RecordLayout.DRIFT_RATE, drift);
        segment.putDouble(RecordLayout.OFFSET_UNCERTAINTY, sd);
        segment.putDouble(RecordLayout.DRIFT_UNCERTAINTY, driftSd);
        segment.putDouble(RecordLayout.PREDICTION_TIME, anchorSeconds);
        segment.putDouble(
                RecordLayout.VALID_UNTIL, valid ? anchorSeconds + correction.horizonNanos() * NANO : anchorSeconds);
        segment.putFloat(RecordLayout.CONFIDENCE, valid ? (float) correction.confidenceAt(raw) : 0);
        segment.putInt(RecordLayout.FLAGS, flags(correction, known, valid));
        segment.putInt(
                RecordLayout.SOURCE, known ? correction.source().ordinal() : Correction.Source.NO_DATA.ordinal());
        segment.putInt(RecordLayout.MEASUREMENT_COUNT, (int) correction.measurementCount());
        segment.putInt(RecordLayout.WRITER_PID, pid);
        segment.putDouble(RecordLayout.LAST_NTP_SYNC, lastSync);
        segment.putDouble(RecordLayout.DAEMON_UPTIME, (monotonic - startMonotonicNanos) * NANO);
        corrections++;
        segment.putInt(RecordLayout.TOTAL_CORRECTIONS, corrections);
        segment.putInt(RecordLayout.LAYOUT_VERSION, RecordLayout.VERSION);
        segment.putFloat(RecordLayout.AVERAGE_LATENCY_MS, (float) (meanLatencyNanos * 1e-6));
        segment.putFloat(RecordLayout.MAX_ERROR, maxError);
        segment.putLong(RecordLayout.MONOTONIC_NS, anchorMonotonic);

        VarHandle.releaseFence();
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, next(sequence));

        long took = System.nanoTime() - begin;
        meanLatencyNanos += (took - meanLatencyNanos) / Math.min(Integer.toUnsignedLong(corrections), LATENCY_MEMORY);
        return took;
    }

    /** The mean latency forgets what lies more records back than this. */
    private static final long LATENCY_MEMORY = 1000;

    /** Reads the three clocks as one instant: the raw and the system clock between two reads of the monotonic one. */
    private void readClocks() {
        long tightest = Long.MAX_VALUE;
        for (int attempt = 0; attempt < READ_ATTEMPTS && tightest > TIGHT_READ_NANOS; attempt++) {
            long before = clocks.monotonicNanos();
            long nowRealtime = clocks.realtimeNanos();
            long nowRaw = clocks.rawNanos();
            long after = clocks.monotonicNanos();
            if (after - before < tightest) {
                tightest = after - before;
                monotonic = before + (after - before) / 2;
                realtime = nowRealtime;
                raw = nowRaw;
            }
        }
        span = tightest;
    }

    /**
     * Notices steps of the system clock and jumps of the raw one. The thread may lose its CPU between two reads of clocks:
     * what that can explain is neither.
     */
    private void watchClocks() {
        long realtimeAhead = realtime - monotonic;
        long before = clocks.monotonicNanos();
        long boottime = clocks.boottimeNanos();
        long leastBoottimeLead = boottime - clocks.monotonicNanos();
        long mostBoottimeLead = boottime - before;
        boolean suspended = hasPrevious && leastBoottimeLead - boottimeLead > SUSPEND_NANOS;
        if (hasPrevious) {
            long unsure = span + previousSpan;
            if (Math.abs(realtimeAhead - realtimeLead) > STEP_NANOS + unsure) {
                clockSteps.incrementAndGet();
                stepFlagUntilMonotonic = monotonic + STEP_FLAG_NANOS;
            }
            long elapsed = monotonic - previousMonotonic;
            long parted = Math.abs((raw - previousRaw) - elapsed);
            if (suspended || parted > RAW_JUMP_NANOS + LARGEST_SLEW * elapsed + unsure) {
                discontinuities.incrementAndGet();
                voidBeforeRaw = raw;
                rateCount = 0;
            }
        }
        // It changes in suspend alone, so every upper bound holds until then.
        boottimeLead = suspended || !hasPrevious ? mostBoottimeLead : Math.min(boottimeLead, mostBoottimeLead);
        hasPrevious = true;
        previousRaw = raw;
        previousMonotonic = monotonic;
        previousSpan = span;
        realtimeLead = realtimeAhead;
    }

    /** Rate of the raw clock against CLOCK_MONOTONIC, less one, over about the last second. */
    private void measureRate() {
        int newest = Math.floorMod(rateNext - 1, RATE_SLOTS);
        if (rateCount > 0 && monotonic - rateMonotonic[newest] < RATE_SPACING_NANOS) {
            return;
        }
        if (rateCount > 0) {
            int oldest = rateCount < RATE_SLOTS ? 0 : rateNext;
            // At low frequencies the slots lie far apart: a slew that has just changed must not be averaged away.
            int from = monotonic - rateMonotonic[newest] > RATE_SLOTS * RATE_SPACING_NANOS / 2 ? newest : oldest;
            long span = monotonic - rateMonotonic[from];
            rate = ((raw - rateRaw[from]) - span) / (double) span;
        }
        if (rateCount == 0) {
            rateNext = 0;
        }
        rateRaw[rateNext] = raw;
        rateMonotonic[rateNext] = monotonic;
        rateNext = (rateNext + 1) % RATE_SLOTS;
        rateCount = Math.min(rateCount + 1, RATE_SLOTS);
    }

    private int flags(Correction correction, boolean known, boolean valid) {
        int flags = 0;
        flags |= valid ? RecordLayout.FLAG_VALID : 0;
        flags |= known ? RecordLayout.FLAG_NTP_READY : 0;
        flags |= known && correction.modelsReady() ? RecordLayout.FLAG_MODELS_READY : 0;
        flags |= correction.warmupComplete() ? RecordLayout.FLAG_WARMUP_COMPLETE : 0;
        flags |= correction.holdover() ? RecordLayout.FLAG_HOLDOVER : 0;
        flags |= correction.clockStepped() || monotonic < stepFlagUntilMonotonic ? RecordLayout.FLAG_CLOCK_STEPPED : 0;
        flags |= isLeapPending(correction.leap()) ? RecordLayout.FLAG_LEAP_PENDING : 0;
        flags |= correction.authenticated() ? RecordLayout.FLAG_AUTHENTICATED : 0;
        return flags;
    }

    private static boolean isLeapPending(LeapIndicator leap) {
        return leap == LeapIndicator.INSERT || leap == LeapIndicator.DELETE;
    }

    /** Unix seconds as a double, within its 238 ns step. */
    private static double seconds(long nanos) {
        return Math.floorDiv(nanos, NANOS_PER_SECOND) + Math.floorMod(nanos, NANOS_PER_SECOND) * NANO;
    }
}
