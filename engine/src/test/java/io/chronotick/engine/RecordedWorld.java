// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.oscillator.Ablation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Exchanges of a clock and servers that the test knows, made beforehand, and what an {@link Engine} publishes when it is fed
 * with them. All servers of a round are asked so that the middles of their exchanges are the same instant.
 */
public final class RecordedWorld {
    public static final long SECOND = 1_000_000_000L;
    private static final long UTC_AT_ZERO = 1_800_000_000L * SECOND;
    private static final long AT_SERVER = 20_000;

    /** What a world is made of. */
    public record Recipe(
            long seed,
            int servers,
            int rounds,
            double pollSeconds,
            double baseSeconds,
            double queueSeconds,
            double stepsPerRound) {
        /** The same noise, larger: delays and the clock's random walk. */
        Recipe scaled(double factor) {
            return new Recipe(
                    seed,
                    servers,
                    rounds,
                    pollSeconds,
                    factor * baseSeconds,
                    factor * queueSeconds,
                    factor * stepsPerRound);
        }
    }

    private RecordedWorld() {}

    /**
     * The exchanges, round by round. The frequency is 12 ppm and a random walk of {@code stepsPerRound} s/s a round; every
     * server's base delay is its own, up to twice the recipe's.
     */
    public static List<List<Exchange>> exchanges(Recipe recipe) {
        Random random = new Random(recipe.seed());
        double[] bases = new double[recipe.servers()];
        Arrays.setAll(bases, i -> recipe.baseSeconds() * (1 + random.nextDouble()));
        List<List<Exchange>> rounds = new ArrayList<>();
        double walked = 0;
        double frequency = 12e-6;
        for (int round = 1; round <= recipe.rounds(); round++) {
            walked += frequency * recipe.pollSeconds();
            frequency += recipe.stepsPerRound() * random.nextGaussian();
            long middle = Math.round(round * recipe.pollSeconds() * SECOND);
            List<Exchange> batch = new ArrayList<>();
            for (int source = 0; source < recipe.servers(); source++) {
                long forward = nanos(bases[source] + exponential(random, recipe.queueSeconds()));
                long reverse = nanos(bases[source] + exponential(random, recipe.queueSeconds()));
                long t1 = middle - (forward + AT_SERVER + reverse) / 2;
                long t4 = t1 + forward + AT_SERVER + reverse;
                long t2 = UTC_AT_ZERO + t1 + forward + nanos(walked + frequency * (t1 + forward - middle) * 1e-9);
                batch.add(new Exchange(source, t1, t2, t2 + AT_SERVER, t4, 1e-4, 1e-4, 1e-9));
            }
            rounds.add(batch);
        }
        return rounds;
    }

    private static double exponential(Random random, double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * SECOND);
    }

    /** Something was published. */
    interface Observer {
        /** Sees it; {@code measured}: because of an exchange, not because a second has passed. */
        void published(Correction correction, boolean measured);
    }

    /** Feeds a new engine; a round's exchanges become known together, when its last reply has arrived. */
    static Engine play(List<List<Exchange>> rounds, Observer observer) {
        return play(rounds, Set.of(), observer);
    }

    static Engine play(List<List<Exchange>> rounds, Set<Ablation> without, Observer observer) {
        int servers = 0;
        for (Exchange exchange : rounds.get(0)) {
            servers = Math.max(servers, exchange.source() + 1);
        }
        Engine engine = engine(servers, without);
        long start = rounds.get(0).stream().mapToLong(Exchange::t1).min().orElseThrow();
        engine.onTimer(start, each(observer, false));
        for (List<Exchange> batch : rounds) {
            long known = batch.stream().mapToLong(Exchange::t4).max().orElseThrow();
            wait(engine, known, observer);
            for (Exchange exchange : batch) {
                engine.onRecordedExchange(exchange, known, each(observer, true));
            }
        }
        return engine;
    }

    /** An engine with servers that it never asks. */
    static Engine engine(int servers, Set<Ablation> without) {
        Engine engine = new Engine(EngineConfig.DEFAULT, new Random(1), EstimatorOptions.DEFAULT.without(without));
        for (int i = 0; i < servers; i++) {
            engine.addSource(new SourceConfig("server" + i, 1, 1, 1, 15, SystematicUncertainty.DEFAULT_SHARE));
        }
        return engine;
    }

    /** Nothing is measured up to {@code untilNanos}. */
    static void wait(Engine engine, long untilNanos, Observer observer) {
        while (engine.nextTimerNanos() <= untilNanos) {
            engine.onTimer(engine.nextTimerNanos(), each(observer, false));
        }
    }

    private static Consumer<Action> each(Observer observer, boolean measured) {
        return action -> {
            if (action instanceof Action.Publish publish) {
                observer.published(publish.correction(), measured);
            }
        };
    }
}
