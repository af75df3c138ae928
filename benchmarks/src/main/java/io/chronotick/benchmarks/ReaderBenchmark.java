// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The reader against bare clock reads, on a record that another process renews. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ReaderBenchmark {
    @Param("")
    String segment = "";

    private final CorrectionRecord record = new CorrectionRecord();
    private final TimeInterval interval = new TimeInterval();
    private ChronoTickReader reader;
    private Clock clock;

    @Setup
    public void attach() {
        reader = ChronoTickReader.attach(Path.of(segment));
        clock = reader.clock();
    }

    @TearDown
    public void close() {
        reader.close();
    }

    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }

    @Benchmark
    public Instant instantNow() {
        return Instant.now();
    }

    @Benchmark
    public double read() {
        reader.read(record);
        return record.offsetCorrection();
    }

    @Benchmark
    public long now() {
        reader.now(interval);
        return interval.latestNanos();
    }

    @Benchmark
    public boolean after() {
        return reader.after(0);
    }

    @Benchmark
    public Instant clock() {
        return clock.instant();
    }
}
