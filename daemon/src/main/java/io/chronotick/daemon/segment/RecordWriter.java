// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.ClockWatch;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.LeapIndicator;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

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
     * What readers add to the bound for every second since the anchor, s/s: 200 ppm between the published and the true frequency
     * (100 ppm of oscillator on either side), and 500 ppm by which another program may begin to slew the system clock right after
     * a tick (the limit of the kernel's PLL and of adjtime). The rate it was slewed at before is part of the drift.
     */
    public static final double MAX_DRIFT = 700e-6;

    /**
     * The anchor lies on the grid of a double of Unix seconds, 2^-22 s, so that it is exactly representable. In nanoseconds it
     * is rounded to the nearest, and the correction is counted from there, so a reader in integer nanoseconds loses nothing.
     */
    private static final int ANCHOR_BITS = 22;

    /** Standard deviation of the slew rate from the reading errors of two clocks, some 30 ns, over a second. */
    private static final double SLEW_RATE_SD = 5e-8;

    /** CLOCK_BOOTTIME's lead is published again when it has changed by this, ns: readers look for a suspend of 30 ms. */
    private static final long LEAD_STEP_NANOS = 1_000_000;

    /** The mean latency forgets what lies more records back than this. */
    private static final int LATENCY_MEMORY = 1000;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final ClockWatch watch;
    private final long startMonotonicNanos;
    private final int pid;

    /** What was published when the clocks broke off, and is void. */
    private @Nullable Correction broken;

    private long discontinuitiesSeen;

    /** Written by one thread, after the record that takes it into account. */
    private volatile long disruption;

    /** The segment that the last record went to. */
    private @Nullable ByteBuffer target;

    /** Whether its page states the clocks that were looked for. */
    private boolean isStated;

    private @Nullable ClockDomain lookedFor;
    private long leadPublished;

    /** Modulo 2^32. */
    private int corrections;

    private int latencies;
    private double meanLatencyNanos;

    public RecordWriter(HostClocks clocks, int pid) {
        this(clocks, pid, () -> 0);
    }

    /** @param disruptions changes when the host of this virtual machine knows that its clocks did not go on */
    public RecordWriter(HostClocks clocks, int pid, LongSupplier disruptions) {
        this(clocks, pid, disruptions, 0);
    }

    /** A writer that has published so many records, modulo 2^32. */
    RecordWriter(HostClocks clocks, int pid, LongSupplier disruptions, int corrections) {
        this.watch = new ClockWatch(clocks, disruptions);
        this.disruption = watch.disruption();
        this.pid = pid;
        this.startMonotonicNanos = clocks.monotonicNanos();
        this.corrections = corrections;
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
        return watch.steps();
    }

    /**
     * Times that CLOCK_MONOTONIC_RAW did not go on, see {@link ClockWatch}. Any thread. Corrections from before are published as
     * not valid.
     */
    public long discontinuities() {
        return watch.discontinuities();
    }

    /**
     * What the hypervisor said before the newest record was written: a valid record that is read after this was measured since. Any
     * thread.
     */
    public long disruption() {
        return disruption;
    }

    /**
     * Writes one record. It is valid only in a segment whose page states the clocks that this process has.
     *
     * @param correction what the engine knows
     * @param segment the mapped segment; always the same object for the same segment
     * @return time it took, ns
     */
    @SuppressWarnings("ReferenceEquality") // the same objects are meant, not such as say the same
    public long tick(Correction correction, ByteBuffer segment) {
        long begin = System.nanoTime();
        watch.read();
        boolean isNewTarget = segment != target;
        if (isNewTarget) {
            watch.lookAtDomain();
        }
        if (watch.discontinuities() != discontinuitiesSeen) {
            discontinuitiesSeen = watch.discontinuities();
            broken = correction;
        }
        if (isNewTarget || watch.domain() != lookedFor) {
            isStated = StatusPageWriter.domainIn(segment).equals(watch.domain());
            lookedFor = watch.domain();
        }
        long raw = watch.rawNanos();
        long monotonic = watch.monotonicNanos();
        long realtime = watch.realtimeNanos();

        long wholeSeconds = Math.floorDiv(realtime, NANOS_PER_SECOND);
        // Below 2^30 * 2^22: no overflow.
        long gridPoint = (Math.floorMod(realtime, NANOS_PER_SECOND) << ANCHOR_BITS) / NANOS_PER_SECOND;
        double anchorSeconds = wholeSeconds + Math.scalb((double) gridPoint, -ANCHOR_BITS);
        long anchorRealtime = wholeSeconds * NANOS_PER_SECOND
                + ((gridPoint * NANOS_PER_SECOND + (1L << (ANCHOR_BITS - 1))) >> ANCHOR_BITS);
        long age = realtime - anchorRealtime;
        long anchorMonotonic = monotonic - age;
        // d UTC / d CLOCK_MONOTONIC, the latter being what readers have; CLOCK_REALTIME runs at the same rate.
        double drift = (1 + correction.frequency()) * (1 + watch.slewRate()) - 1;

        boolean known = isStated
                && correction.source() != Correction.Source.NO_DATA
                && correction != broken
                && watch.isContinuousSince(correction.rawNanos())
                && correction.rawNanos() - raw <= NANOS_PER_SECOND; // or the raw clock fell back
        boolean valid = known && correction.validAt(raw);
        long corrected = anchorRealtime;
        double offset = 0;
        double sd = Double.POSITIVE_INFINITY;
        double driftSd = Double.POSITIVE_INFINITY;
        float maxError = Float.POSITIVE_INFINITY;
        if (known) {
            corrected = correction.utcNanosAt(raw) - age - Math.round(age * drift);
            offset = Nanos.toSeconds(corrected - anchorRealtime);
            sd = correction.sdAt(raw);
            double frequencySd = correction.frequencySdAt(raw);
            driftSd = Math.sqrt(frequencySd * frequencySd + SLEW_RATE_SD * SLEW_RATE_SD);
            // A bound is rounded away from zero.
            maxError = Math.nextUp((float) correction.maxErrorAt(raw));
        } else {
            drift = 0;
        }
        double lastSync = correction.measurementCount() == 0
                ? 0
                : anchorSeconds - Nanos.toSeconds(raw - correction.lastSyncRawNanos());

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
                RecordLayout.VALID_UNTIL,
                valid ? anchorSeconds + Nanos.toSeconds(correction.horizonNanosAt(raw)) : anchorSeconds);
        segment.putFloat(RecordLayout.CONFIDENCE, valid ? (float) correction.confidenceAt(raw) : 0);
        segment.putInt(RecordLayout.FLAGS, flags(correction, known, valid));
        segment.putInt(
                RecordLayout.SOURCE, known ? correction.source().ordinal() : Correction.Source.NO_DATA.ordinal());
        segment.putInt(RecordLayout.MEASUREMENT_COUNT, (int) correction.measurementCount());
        segment.putInt(RecordLayout.WRITER_PID, pid);
        segment.putDouble(RecordLayout.LAST_NTP_SYNC, lastSync);
        segment.putDouble(RecordLayout.DAEMON_UPTIME, Nanos.toSeconds(monotonic - startMonotonicNanos));
        corrections++;
        segment.putInt(RecordLayout.TOTAL_CORRECTIONS, corrections);
        segment.putInt(RecordLayout.LAYOUT_VERSION, RecordLayout.VERSION);
        segment.putFloat(RecordLayout.AVERAGE_LATENCY_MS, (float) (meanLatencyNanos * 1e-6));
        segment.putFloat(RecordLayout.MAX_ERROR, maxError);
        segment.putLong(RecordLayout.MONOTONIC_NS, anchorMonotonic);
        if (isNewTarget || Math.abs(watch.boottimeLeadNanos() - leadPublished) > LEAD_STEP_NANOS) {
            // On a line of the cache that is not the record's: not at every tick.
            leadPublished = watch.boottimeLeadNanos();
            segment.putLong(PageLayout.BOOTTIME_LEAD_NS, leadPublished);
            segment.putInt(PageLayout.BOOTTIME_KNOWN, watch.isBoottimeKnown() ? 1 : 0);
        }

        VarHandle.releaseFence();
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, next(sequence));
        target = segment; // not before: where the file was cut short, all this is to be done again
        if (disruption != watch.disruption()) {
            disruption = watch.disruption();
        }

        long took = System.nanoTime() - begin;
        latencies = Math.min(latencies + 1, LATENCY_MEMORY);
        meanLatencyNanos += (took - meanLatencyNanos) / latencies;
        return took;
    }

    private int flags(Correction correction, boolean known, boolean valid) {
        int flags = 0;
        flags |= valid ? RecordLayout.FLAG_VALID : 0;
        flags |= known ? RecordLayout.FLAG_NTP_READY : 0;
        flags |= known && correction.modelsReady() ? RecordLayout.FLAG_MODELS_READY : 0;
        flags |= correction.warmupComplete() ? RecordLayout.FLAG_WARMUP_COMPLETE : 0;
        flags |= correction.holdover() ? RecordLayout.FLAG_HOLDOVER : 0;
        flags |= correction.clockStepped() || watch.isSteppedOfLate() ? RecordLayout.FLAG_CLOCK_STEPPED : 0;
        flags |= isLeapPending(correction.leap()) ? RecordLayout.FLAG_LEAP_PENDING : 0;
        flags |= correction.authenticated() ? RecordLayout.FLAG_AUTHENTICATED : 0;
        return flags;
    }

    private static boolean isLeapPending(LeapIndicator leap) {
        return leap == LeapIndicator.INSERT || leap == LeapIndicator.DELETE;
    }

    /** Unix seconds as a double, within its 238 ns step. */
    private static double seconds(long nanos) {
        return Math.floorDiv(nanos, NANOS_PER_SECOND) + Nanos.toSeconds(Math.floorMod(nanos, NANOS_PER_SECOND));
    }
}
