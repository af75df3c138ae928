// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.EstimatorOptions;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.SourceConfig;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/**
 * An endless series of exchanges with several servers in turn, made as they are asked for: a clock whose frequency is a random
 * walk, 2 ms to the server and back, exponential queues of 100 us in each direction, now and then a burst.
 */
final class Exchanges {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC_AT_ZERO = 1_800_000_000L * SECOND;
    private static final double QUEUE_NANOS = 100_000;
    private static final double STEP = 1e-9;

    private final Random random = new Random(1);
    private final int servers;
    private final long gapNanos;
    private long rawNanos = SECOND;
    private double aheadNanos;
    private double frequency = 12e-6;
    private int next;

    /** With {@code servers}, each of which is asked every {@code pollSeconds}. */
    Exchanges(int servers, int pollSeconds) {
        this.servers = servers;
        this.gapNanos = pollSeconds * SECOND / servers;
    }

    /** An engine that knows the servers, with the learned filter that comes with it or without. */
    Engine engine(boolean learned) throws IOException {
        EstimatorOptions options = EstimatorOptions.DEFAULT;
        if (learned) {
            try (InputStream in = FilterWeights.class.getResourceAsStream("tuned-filter.safetensors")) {
                FilterWeights weights =
                        FilterWeights.of(Objects.requireNonNull(in).readAllBytes());
                options = options.withFilter(Optional.of(weights), true);
            }
        }
        Engine engine = new Engine(EngineConfig.DEFAULT, new Random(1), options);
        for (int i = 0; i < servers; i++) {
            engine.addSource(new SourceConfig("server" + i, 1, 1, 1, 15, SystematicUncertainty.DEFAULT_SHARE));
        }
        engine.onTimer(0, action -> {});
        return engine;
    }

    Exchange next() {
        rawNanos += gapNanos;
        aheadNanos += frequency * gapNanos;
        frequency += STEP * random.nextGaussian();
        double load = random.nextInt(50) == 0 ? 10 : 1;
        long forward = 1_000_000 + queue(load);
        long reverse = 1_000_000 + queue(load);
        long t2 = UTC_AT_ZERO + rawNanos + forward + Math.round(aheadNanos);
        int source = next;
        next = (next + 1) % servers;
        return new Exchange(source, rawNanos, t2, t2 + 20_000, rawNanos + forward + 20_000 + reverse, 1e-4, 1e-4, 1e-9);
    }

    private long queue(double load) {
        return Math.round(-QUEUE_NANOS * load * Math.log(1 - random.nextDouble()));
    }
}
