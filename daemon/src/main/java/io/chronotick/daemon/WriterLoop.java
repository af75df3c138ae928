// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.Correction;
import java.nio.MappedByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * The writer's thread: one record at every deadline of a fixed grid. A late tick does not move the grid; deadlines that
 * have passed meanwhile are counted and left out, never made up for in a burst. The loop allocates nothing, locks nothing,
 * logs nothing.
 */
final class WriterLoop implements Runnable {
    /** Latencies are recorded up to this, ns; longer ones count as this long. */
    private static final long LARGEST_LATENCY_NANOS = 1_000_000_000L;

    private static final int LATENCY_DIGITS = 2;

    private final HostClocks clocks;
    private final RecordWriter writer;
    private final long periodNanos;
    private final SingleWriterRecorder latencies = new SingleWriterRecorder(LARGEST_LATENCY_NANOS, LATENCY_DIGITS);
    private final AtomicLong overruns = new AtomicLong();

    private volatile Correction correction;
    private volatile MappedByteBuffer segment;
    private volatile boolean stopping;

    WriterLoop(HostClocks clocks, RecordWriter writer, int frequencyHz, Correction first, MappedByteBuffer segment) {
        this.clocks = clocks;
        this.writer = writer;
        this.periodNanos = 1_000_000_000L / frequencyHz;
        this.correction = first;
        this.segment = segment;
    }

    @Override
    public void run() {
        long deadline = clocks.monotonicNanos();
        while (!stopping) {
            long took = writer.tick(correction, segment);
            latencies.recordValue(Math.min(took, LARGEST_LATENCY_NANOS));
            deadline += periodNanos;
            long late = clocks.monotonicNanos() - deadline;
            if (late >= 0) {
                long missed = late / periodNanos + 1;
                overruns.lazySet(overruns.get() + missed);
                deadline += missed * periodNanos;
            }
            clocks.sleepUntilMonotonic(deadline);
        }
        RecordWriter.retire(segment);
    }

    /** From the next tick on, this is published. Any thread. */
    void publish(Correction newest) {
        correction = newest;
    }

    /** From the next tick on, records go here. Any thread. */
    void writeTo(MappedByteBuffer newSegment) {
        segment = newSegment;
    }

    /** Ends the loop after the tick under way; takes up to one period. Any thread. */
    void stop() {
        stopping = true;
    }

    long overruns() {
        return overruns.get();
    }

    /** Latencies, ns, since the last call; reuses {@code recycled}. One thread. */
    Histogram latencies(@org.jspecify.annotations.Nullable Histogram recycled) {
        return latencies.getIntervalHistogram(recycled);
    }
}
