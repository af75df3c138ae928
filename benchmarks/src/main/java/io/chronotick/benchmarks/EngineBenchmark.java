// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.engine.Action;
import io.chronotick.engine.Engine;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.ntp.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What deciding costs: an exchange with all that follows from it (selection, update of all hypotheses, the look back, the
 * correction), a correction between exchanges, forecasts an hour ahead. After 500 exchanges with each server at a 16 s poll, when
 * the replays of the beginning are over.
 */
@NullUnmarked // JMH calls the set-up before anything else
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBenchmark {
    private static final int POLL_SECONDS = 16;
    private static final int WARM = 500;
    private static final long HOUR = 3_600_000_000_000L;

    @Param({"1", "4"})
    public int servers;

    /** Whether the learned filter is fused in. */
    @Param({"false", "true"})
    public boolean learned;

    private Exchanges exchanges;
    private Engine engine;
    private long rawNanos;

    @Setup(Level.Iteration)
    public void start() throws IOException {
        exchanges = new Exchanges(servers, POLL_SECONDS);
        engine = exchanges.engine(learned);
        for (int i = 0; i < WARM * servers; i++) {
            take(action -> {});
        }
    }

    private void take(Consumer<Action> out) {
        Exchange exchange = exchanges.next();
        rawNanos = exchange.t4();
        engine.onRecordedExchange(exchange, rawNanos, out);
    }

    @Benchmark
    public void exchange(Blackhole hole) {
        take(hole::consume);
    }

    /** The refresh of every second. */
    @Benchmark
    public void publish(Blackhole hole) {
        rawNanos = Math.max(engine.nextTimerNanos(), rawNanos);
        engine.onTimer(rawNanos, hole::consume);
    }

    @Benchmark
    public List<Forecast> forecast() {
        return engine.forecasts(rawNanos + HOUR);
    }
}
