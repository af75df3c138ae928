// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.segment.MappingFault;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The writer's thread: one record at every deadline of a fixed grid. A late tick does not move the grid; deadlines that
 * have passed meanwhile are counted and left out, never made up for in a burst. The loop allocates nothing, locks nothing,
 * logs nothing.
 */
final class WriterLoop implements Runnable, EngineLoop.Publisher {
    /**
     * So many of the newest latencies are kept; a power of two. A histogram would keep more and cost the tick as much as the
     * record does: at 100 Hz every line of memory that it touches has to be fetched anew.
     */
    private static final int LATENCIES = 512;

    /** So long another file may be made instead of one that was cut short, ns: the status thread looks once a second. */
    private static final long FAULT_PATIENCE_NANOS = 10_000_000_000L;

    private final HostClocks clocks;
    private final RecordWriter writer;
    private final long periodNanos;
    private final AtomicLongArray latencies = new AtomicLongArray(LATENCIES);
    private final AtomicLong overruns = new AtomicLong();

    /** What is published while nothing that is known holds. */
    private final Correction nothing;

    private volatile Published published;
    private volatile ByteBuffer segment;
    private volatile boolean stopping;

    /** Written by this thread alone. */
    private volatile long ticks;

    /** The tick that could not be written, and since when. */
    private long faultyTick = -1;

    private long faultySinceNanos;

    /**
     * What the engine has said last.
     *
     * @param discontinuities of how many jumps of the raw clock it knew
     */
    private record Published(Correction correction, long discontinuities) {}

    /** @param nothing is published until something else is, and after a jump until somebody has measured again */
    WriterLoop(HostClocks clocks, RecordWriter writer, int frequencyHz, Correction nothing, ByteBuffer segment) {
        this.clocks = clocks;
        this.writer = writer;
        this.periodNanos = 1_000_000_000L / frequencyHz;
        this.nothing = nothing;
        this.published = new Published(nothing, 0);
        this.segment = segment;
    }

    /** Ends by {@link #stop} or by an error; either way the record is void afterwards, if the segment still takes that. */
    @Override
    public void run() {
        try {
            loop();
        } catch (RuntimeException | Error e) {
            retireAfter(e);
            throw e;
        }
        try {
            RecordWriter.retire(segment);
        } catch (InternalError e) {
            MappingFault.require(e); // what was cut short says nothing any more
        }
    }

    private void loop() {
        long deadline = clocks.monotonicNanos();
        while (!stopping) {
            try {
                tick();
                deadline += periodNanos;
                long late = clocks.monotonicNanos() - deadline;
                if (late >= 0) {
                    long missed = late / periodNanos + 1;
                    overruns.lazySet(overruns.get() + missed);
                    deadline += missed * periodNanos;
                }
                clocks.sleepUntilMonotonic(deadline);
            } catch (InternalError e) {
                MappingFault.require(e);
                onFault(e);
            }
        }
    }

    /** The status thread makes another file; a writer that has none for long is of no use. */
    private void onFault(InternalError fault) {
        long now = clocks.monotonicNanos();
        if (faultyTick != ticks) {
            faultyTick = ticks;
            faultySinceNanos = now;
        } else if (now - faultySinceNanos > FAULT_PATIENCE_NANOS) {
            throw new IllegalStateException("the segment was cut short, and no other can be made", fault);
        }
        clocks.sleepUntilMonotonic(now + periodNanos);
    }

    /**
     * One record. A correction that does not know of every jump of the raw clock is void, whatever it was computed from and
     * whatever the clock reads now.
     */
    void tick() {
        Published newest = published;
        long known = writer.discontinuities();
        long took = writer.tick(newest.discontinuities() == known ? newest.correction() : nothing, segment);
        if (writer.discontinuities() != known) {
            writer.tick(nothing, segment);
        }
        recordLatency(took);
    }

    /** Where the segment itself is what failed, there is no record left that could be believed. */
    private void retireAfter(Throwable failure) {
        if (failure.getCause() instanceof InternalError) {
            return;
        }
        try {
            RecordWriter.retire(segment);
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
        }
    }

    private void recordLatency(long tookNanos) {
        long tick = ticks;
        latencies.setOpaque((int) tick & (LATENCIES - 1), tookNanos);
        ticks = tick + 1;
    }

    @Override
    public long discontinuities() {
        return writer.discontinuities();
    }

    /** From the next tick on, this is published. Any thread. */
    @Override
    public void publish(Correction correction, long discontinuities) {
        published = new Published(correction, discontinuities);
    }

    /** From the next tick on, records go here. Any thread. */
    void writeTo(ByteBuffer newSegment) {
        segment = newSegment;
    }

    /** Ends the loop after the tick under way; takes up to one period. Any thread. */
    void stop() {
        stopping = true;
    }

    /**
     * Withdraws the record of a writer that hangs: leaves it in the middle of a write, which no reader believes. Not {@link
     * RecordWriter#retire}: should the writer go on after all, it would write fields that somebody else has just declared whole.
     */
    void abandon() {
        ByteBuffer current = segment;
        current.putInt(RecordLayout.SEQUENCE_NUMBER, current.getInt(RecordLayout.SEQUENCE_NUMBER) | 1);
    }

    /** How often the loop has turned. Any thread. */
    long turns() {
        return ticks;
    }

    long overruns() {
        return overruns.get();
    }

    /** The latencies of the newest ticks, ns, in ascending order; none before the first. Any thread. */
    long[] sortedLatencies() {
        long[] sorted = new long[(int) Math.min(ticks, LATENCIES)];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = latencies.getOpaque(i);
        }
        Arrays.sort(sorted);
        return sorted;
    }
}
