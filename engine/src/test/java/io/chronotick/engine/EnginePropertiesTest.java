// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.StampKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/**
 * What holds of every world, not of examples. That two runs give the same bits is in {@link EngineTest}. Exact properties are
 * tried with other numbers in every run; those with a tolerance always with the same ones.
 */
class EnginePropertiesTest {
    private static final long SECOND = RecordedWorld.SECOND;

    /** Good networks and bad ones, calm clocks and restless ones. */
    private static RecordedWorld.Recipe recipe(long seed, int servers, int rounds, double pollSeconds) {
        double size = Math.pow(10, new Random(seed).nextDouble());
        double wander = 1e-9 * (seed % 3) * Math.sqrt(pollSeconds / 16);
        return new RecordedWorld.Recipe(seed, servers, rounds, pollSeconds, 1e-3 * size, 2e-4 * size, wander);
    }

    private static List<Correction> published(List<List<Exchange>> rounds) {
        List<Correction> all = new ArrayList<>();
        RecordedWorld.play(rounds, (correction, measured) -> all.add(correction));
        return all;
    }

    /** Nothing but differences of times goes into the estimate, and they are exact: so is the shift, to the last bit. */
    @Property(tries = 5)
    void shouldShiftTheAnswerWithTheTimes(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 3) int servers,
            @ForAll @LongRange(min = 0, max = 1L << 60) long raw,
            @ForAll @LongRange(min = -100_000_000L * SECOND, max = 2_000_000_000L * SECOND) long utc) {
        List<List<Exchange>> rounds = RecordedWorld.exchanges(recipe(seed, servers, 100, 16));
        List<List<Exchange>> shifted = rounds.stream()
                .map(batch -> batch.stream().map(e -> shifted(e, raw, utc)).toList())
                .toList();
        List<Correction> here = published(rounds);
        List<Correction> there = published(shifted);
        assertThat(there).hasSameSizeAs(here);
        for (int i = 0; i < here.size(); i++) {
            Correction c = here.get(i);
            boolean known = c.source() != Correction.Source.NO_DATA;
            Correction expected = withTimes(
                    c,
                    c.rawNanos() + raw,
                    c.utcNanos() + (known ? utc : raw),
                    c.measurementCount() > 0 ? c.lastSyncRawNanos() + raw : c.lastSyncRawNanos());
            assertThat(there.get(i)).isEqualTo(expected);
        }
    }

    private static Exchange shifted(Exchange e, long raw, long utc) {
        return new Exchange(
                e.source(),
                e.t1() + raw,
                e.t2() + utc,
                e.t3() + utc,
                e.t4() + raw,
                e.rootDelay(),
                e.rootDispersion(),
                e.precision());
    }

    private static Correction withTimes(Correction c, long rawNanos, long utcNanos, long lastSyncRawNanos) {
        return new Correction(
                rawNanos,
                utcNanos,
                c.frequency(),
                c.p00(),
                c.p01(),
                c.p11(),
                c.wander(),
                c.scale(),
                c.systematicSd(),
                c.maxError(),
                c.maxDrift(),
                c.maxUncertainty(),
                c.withdrawn(),
                c.horizonNanos(),
                c.source(),
                c.warmupComplete(),
                c.modelsReady(),
                c.holdover(),
                c.clockStepped(),
                c.leap(),
                c.leapRawNanos(),
                c.authenticated(),
                c.confidence(),
                c.confidenceTimeNanos(),
                c.measurementCount(),
                lastSyncRawNanos);
    }

    /**
     * Delays, queues and the clock's wander k times as large: the deviation is k times as large, but for what does not scale:
     * the wanders of the bank (a grid of decades), the queue scales (of 2.3), the noise of stamps and of the phase. On 48
     * worlds with k of 0.3 to 30 the deviation's ratio was 0.61 k to 1.58 k; hence a factor of two.
     */
    @Property(tries = 6, seed = "1")
    void shouldScaleTheDeviationWithTheNoise(
            @ForAll @LongRange(min = 1, max = 1000) long seed,
            @ForAll @IntRange(min = 1, max = 3) int servers,
            @ForAll @DoubleRange(min = 2, max = 20) double factor) {
        RecordedWorld.Recipe recipe = new RecordedWorld.Recipe(seed, servers, 300, 16, 1e-3, 1e-4, 1e-9);
        double ratio = meanDeviation(recipe.scaled(factor)) / meanDeviation(recipe);
        assertThat(ratio).isBetween(factor / 2, factor * 2);
    }

    /** Geometric mean of the stated deviation after each exchange of the second half, s. */
    private static double meanDeviation(RecordedWorld.Recipe recipe) {
        double[] sum = new double[2];
        RecordedWorld.play(RecordedWorld.exchanges(recipe), (c, measured) -> {
            if (measured && c.measurementCount() > (long) recipe.servers() * recipe.rounds() / 2) {
                sum[0] += Math.log(c.sdAt(c.rawNanos()));
                sum[1]++;
            }
        });
        return Math.exp(sum[0] / sum[1]);
    }

    /**
     * The order within one batch. It matters to second order, since each update matches moments, and weights that the first
     * exchange has moved meet the second one: by 0.004 standard deviations at most, and the deviation by 0.5 %, on these worlds.
     */
    @Property(tries = 6, seed = "1")
    @Tag("slow") // shouldStateWhatTheOrderOfBatchesCanChange looks at order, too
    void shouldHardlyMindTheOrderWithinABatch(
            @ForAll @LongRange(min = 1, max = 1000) long seed,
            @ForAll @IntRange(min = 2, max = 4) int servers,
            @ForAll @IntRange(min = 100, max = 300) int rounds) {
        List<List<Exchange>> all = RecordedWorld.exchanges(recipe(seed, servers, rounds, 16));
        List<List<Exchange>> turned = new ArrayList<>(all);
        List<Exchange> last = new ArrayList<>(all.get(rounds - 1));
        Collections.reverse(last);
        turned.set(rounds - 1, last);
        List<Correction> one = published(all);
        List<Correction> other = published(turned);
        Correction a = one.get(one.size() - 1);
        Correction b = other.get(other.size() - 1);
        double sd = a.sdAt(a.rawNanos());
        assertThat((a.utcNanos() - b.utcNanos()) * 1e-9).isCloseTo(0, within(0.05 * sd));
        assertThat(b.sdAt(b.rawNanos())).isBetween(0.95 * sd, 1.05 * sd);
    }

    /**
     * Every batch in another order. The small differences add up and decide now and then which hypothesis leads, or which way a
     * replay goes; all answers are right by what they state, and on the whole close. Of 120 such worlds the worst moment was
     * 0.5 combined standard deviations at a 16 s poll, 0.7 at 64 s.
     */
    @Property(tries = 4, seed = "1")
    void shouldStateWhatTheOrderOfBatchesCanChange(
            @ForAll @LongRange(min = 1, max = 1000) long seed, @ForAll @IntRange(min = 2, max = 4) int servers) {
        List<List<Exchange>> rounds = RecordedWorld.exchanges(recipe(seed, servers, 300, 16));
        Random random = new Random(seed);
        List<List<Exchange>> shuffled = new ArrayList<>();
        for (List<Exchange> batch : rounds) {
            List<Exchange> turned = new ArrayList<>(batch);
            Collections.shuffle(turned, random);
            shuffled.add(turned);
        }
        List<Correction> one = published(rounds);
        List<Correction> other = published(shuffled);
        double squares = 0;
        int compared = 0;
        double worst = 0;
        for (int i = 0; i < one.size(); i++) {
            Correction a = one.get(i);
            Correction b = other.get(i);
            assertThat(b.rawNanos()).isEqualTo(a.rawNanos());
            if (a.measurementCount() >= 100L * servers && a.measurementCount() % servers == 0) {
                double d =
                        (a.utcNanos() - b.utcNanos()) * 1e-9 / Math.hypot(a.sdAt(a.rawNanos()), b.sdAt(b.rawNanos()));
                squares += d * d;
                compared++;
                worst = Math.max(worst, Math.abs(d));
            }
        }
        assertThat(worst).isLessThan(1);
        assertThat(Math.sqrt(squares / compared)).isLessThan(0.3);
    }

    /** Neither along a published line nor from one correction to the next, in operation and in holdover. */
    @Property(tries = 6, seed = "1")
    void shouldNeverGrowMoreCertainWithoutAMeasurement(
            @ForAll @LongRange(min = 1, max = 1000) long seed,
            @ForAll @IntRange(min = 1, max = 3) int servers,
            @ForAll @IntRange(min = 1, max = 6) int poll) {
        Certainty certainty = new Certainty();
        Engine engine =
                RecordedWorld.play(RecordedWorld.exchanges(recipe(seed, servers, 300, 1 << poll)), Set.of(), certainty);
        RecordedWorld.wait(engine, ((300L << poll) + 3600) * SECOND, certainty);
        assertThat(certainty.published).isGreaterThan(3600);
    }

    /** Fails when a deviation falls without reason. */
    private static final class Certainty implements RecordedWorld.Observer {
        /** Rounding of a variance that is a sum over the states. */
        private static final double ROUNDING = 1e-9;

        private double last;
        private int published;

        @Override
        public void published(Correction c, boolean measured) {
            if (c.source() == Correction.Source.NO_DATA) {
                return;
            }
            double sd = c.sdAt(c.rawNanos());
            if (!measured) {
                assertThat(sd).as(c.toString()).isGreaterThanOrEqualTo(last * (1 - ROUNDING));
            }
            last = sd;
            published++;
            double along = sd;
            for (long elapsed = 0; elapsed <= c.horizonNanos(); elapsed += SECOND / 4) {
                double later = c.sdAt(c.rawNanos() + elapsed);
                assertThat(later).as(c.toString()).isGreaterThanOrEqualTo(along * (1 - ROUNDING));
                along = later;
            }
        }
    }

    // --- Hostile servers ---

    /**
     * Servers that answer with whatever a 64-bit timestamp can hold, at once or much too late, and move, between honest answers: nothing
     * that is not a finite number is ever published or reported.
     */
    @Property(tries = 40)
    void shouldStayFiniteWhateverServersSay(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 4) int servers,
            @ForAll @LongRange(min = 0, max = 1L << 61) long startNanos) {
        HostileWorld world = new HostileWorld(seed, servers, startNanos, true);
        // How many of the answers can be used is the hostile servers' choice: the example below counts.
        world.run(150);
    }

    /** Who alone had taught the model moved, and the deviation that no exchange shows was that of nobody: no number. */
    @Example
    void shouldStayFiniteWhereNoPathIsKnown() {
        new HostileWorld(0, 1, 0, true).run(150);
        new HostileWorld(-398, 2, 4886, true).run(150);
    }

    /** A reply that took more than a year, before the timer had come round: it left a variance below nought. */
    @Example
    void shouldStayFiniteAfterAReplyThatTookAYear() {
        HostileWorld world = new HostileWorld(-1255900, 2, 0, false);
        world.run(150);
        assertThat(world.published).isGreaterThan(100);
    }

    /** A network between an engine and servers that are honest for a while and hostile for a while. */
    private static final class HostileWorld {
        private final Random random;
        private final Engine engine;
        private final List<Action.Send> requests = new ArrayList<>();
        private final int servers;
        private final boolean moving;
        private long raw;
        private boolean hostile;
        private int published;

        HostileWorld(long seed, int servers, long startNanos, boolean moving) {
            this.moving = moving;
            random = new Random(seed);
            engine = new Engine(EngineConfig.DEFAULT, new Random(seed + 1));
            raw = startNanos;
            this.servers = servers;
            for (int i = 0; i < servers; i++) {
                engine.addSource(new SourceConfig("server" + i, 8, 1, 1, 15, SystematicUncertainty.DEFAULT_SHARE));
                engine.onAddressChanged(i, 4, 1, raw);
            }
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                hostile = random.nextInt(20) == 0 ? !hostile : hostile;
                raw = Math.max(raw, engine.nextTimerNanos());
                if (moving && hostile && random.nextInt(10) == 0) {
                    // Another server under the same name: whoever has taught the model may be gone.
                    engine.onAddressChanged(random.nextInt(servers), 4, 1, raw);
                }
                engine.onTimer(raw, this::perform);
                for (Action.Send send : List.copyOf(requests)) {
                    engine.onTransmitted(send.source(), send.requestId(), raw, StampKind.USER);
                    long turnaround = turnaround();
                    byte[] reply = reply(send, turnaround).toBytes();
                    raw += turnaround;
                    engine.onDatagram(send.source(), reply, reply.length, raw, StampKind.USER, this::perform);
                }
                requests.clear();
                check();
            }
        }

        private long turnaround() {
            long[] extremes = {0, 1, 999_999_999, 3600 * SECOND, 40_000_000L * SECOND};
            return hostile && random.nextBoolean()
                    ? extremes[random.nextInt(extremes.length)]
                    : 200_000 + random.nextInt(500_000);
        }

        private NtpPacket reply(Action.Send send, long turnaround) {
            NtpPacket request =
                    NtpPacket.parse(send.payload(), send.payload().length).orElseThrow();
            long truth = 1_800_000_000L * SECOND + raw % (1L << 58);
            long receive = truth + turnaround / 2;
            long atServer = Math.min(turnaround, 10_000);
            double root = 1e-4;
            if (hostile) {
                long[] receives = {
                    receive,
                    receive + random.nextInt(2_000_000) - 1_000_000,
                    receive + Math.round(random.nextGaussian() * SECOND),
                    NtpTimestamp.ZERO.toUnixNanos(),
                    1_704_067_200L * SECOND,
                    1_704_067_199L * SECOND + (1L << 32) * SECOND,
                    new NtpTimestamp(random.nextLong()).toUnixNanos()
                };
                receive = receives[random.nextInt(receives.length)];
                long[] stays = {
                    0, 1, turnaround, turnaround + 2_000, turnaround + turnaround / 10_000, -1, random.nextInt()
                };
                atServer = stays[random.nextInt(stays.length)];
                double[] roots = {0, 1e-4, 2.9, 5.9, 65_535};
                root = roots[random.nextInt(roots.length)];
            }
            return new NtpPacket(
                    LeapIndicator.values()[hostile ? random.nextInt(4) : 0],
                    4,
                    NtpPacket.MODE_SERVER,
                    1 + random.nextInt(15),
                    4,
                    hostile ? random.nextInt(256) - 128 : -20,
                    root,
                    hostile && random.nextBoolean() ? 0 : root / 3,
                    0,
                    new NtpTimestamp(random.nextLong()),
                    request.transmit(),
                    NtpTimestamp.ofUnixNanos(receive),
                    NtpTimestamp.ofUnixNanos(receive + atServer));
        }

        private void perform(Action action) {
            if (action instanceof Action.Send send) {
                requests.add(send);
            } else if (action instanceof Action.Publish publish) {
                check(publish.correction());
            }
        }

        private void check(Correction c) {
            if (c.source() == Correction.Source.NO_DATA) {
                assertThat(c.validAt(raw)).isFalse();
                return;
            }
            published++;
            double[] numbers = {
                c.frequency(),
                c.p00(),
                c.p01(),
                c.p11(),
                c.wander(),
                c.scale(),
                c.systematicSd(),
                c.maxError(),
                c.maxDrift(),
                c.confidence()
            };
            for (double number : numbers) {
                assertThat(number).as(c.toString()).isFinite();
            }
            assertThat(c.maxError()).as(c.toString()).isPositive();
            assertThat(c.maxDrift()).isNotNegative();
            assertThat(c.scale()).isPositive();
            assertThat(c.confidence()).isBetween(0.0, 1.0);
            assertThat(c.sdAt(raw)).as(c.toString()).isFinite().isPositive();
            assertThat(c.sdAt(raw + c.horizonNanos())).isFinite().isPositive();
            assertThat(c.frequencySdAt(raw)).isFinite().isPositive();
        }

        private void check() {
            for (Forecast forecast : engine.forecasts(raw + 3600 * SECOND)) {
                assertThat(forecast.sd()).isFinite().isPositive();
                assertThat(forecast.weight()).isBetween(0.0, 1.0);
            }
            List<SourceReport> reports = engine.sources(raw);
            assertThat(reports).hasSize(servers);
            for (SourceReport report : reports) {
                assertThat(report.toString()).doesNotContain("NaN", "Infinity");
            }
        }
    }
}
