// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One tick of the writer: clock reads, evaluation, record. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WriterBenchmark {
    private final HostClocks clocks = HostClocks.system();
    private final RecordWriter writer = new RecordWriter(clocks, 1);
    private final Correction correction = LiveWriter.correction(clocks, 1);
    private final ByteBuffer segment =
            ByteBuffer.allocateDirect(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /** Its page states the clocks, or every record would be void and so cheaper. */
    public WriterBenchmark() {
        LiveWriter.writePage(clocks, 1000, segment);
    }

    @Benchmark
    public long tick() {
        return writer.tick(correction, segment);
    }
}
