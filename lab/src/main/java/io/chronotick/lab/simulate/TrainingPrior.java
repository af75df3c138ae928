// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.learned.ExchangeFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * What the learned filter takes for possible: random clocks, paths and polls. The laws are broad on purpose and were written
 * down before any evaluation data was looked at through the filter; none of it is in here. Only routes that change one way came
 * later, when a scenario of the library showed that they were missing.
 *
 * <table>
 * <caption>Laws; log = log-uniform</caption>
 * <tr><td>frequency</td><td>uniform +-100 ppm; random walk log 1e-10..3e-8 (s/s)/sqrt(s); every other one with white noise, log
 *     1e-9..5e-8; ageing +-1e-8 a day</td></tr>
 * <tr><td>heating</td><td>none 50 %, else one or two cycles, amplitude log 2e-8..1.5e-6, period log 500..20000 s; some with a
 *     third harmonic</td></tr>
 * <tr><td>steps</td><td>20 %: frequency, one or two, +-5e-7, settling 1..1000 s; 6 %: phase, log 0.1..300 ms</td></tr>
 * <tr><td>path</td><td>base one way log 50 us..150 ms, both ways alike; mean queue log 0.01..1 of the base, plus log
 *     1..20 us; the other way the same (45 %), log 0.1..10 of it (40 %), or hardly any (15 %)</td></tr>
 * <tr><td>queue</td><td>of each direction its own family: exponential, gamma (shape log 0.3..6), log-normal (sigma 0.2..1.5),
 *     Pareto (shape 1.5..4), exponential with 2..20 % of a 3..30 times longer one</td></tr>
 * <tr><td>bursts</td><td>25 %: every log 60..5000 s for log 10..1000 s, 3..30 times the queue</td></tr>
 * <tr><td>route</td><td>20 %: one to three changes of the base, log 0.02..1 of it, half of them both ways alike, the
 *     others one way alone; up or down</td></tr>
 * <tr><td>loss</td><td>40 %: up to 30 % each way; 8 %: an outage of log 300..7200 s</td></tr>
 * <tr><td>bad samples</td><td>25 %: one to five of 512, at normal delay, +-log 5..100 ms</td></tr>
 * <tr><td>poll</td><td>2^uniform(0, 10) s or, every other time, 2^uniform(3, 7) s; 80 % begin with four at 2 s; half of them
 *     with 5 % of jitter; 15 % change it by a factor of log 2..16 on the way</td></tr>
 * </table>
 *
 * <p>With {@link RecordedPaths} a share of the sequences has its polls, delays and losses from there; clocks and bad samples are made
 * up all the same.
 *
 * <p>Held back from training, to see what unknown queues do: uniform, Weibull (shape 0.4..3), and two lumps apart.
 */
public final class TrainingPrior {
    private static final double LONGEST_LEAD = 3600;

    /** Sent, received and the targets but the first, which is when the reply is received. */
    private static final int EVENTS = 2 + TrainingSequence.TARGETS - 1;

    /** The next target lies before the next exchange. */
    private static final int NEAR = 1;

    private static final int FAR = 2;

    private final Random random;
    private final boolean heldBack;
    private final int length;
    private final Optional<RecordedPaths.Run> recorded;

    private TrainingPrior(long seed, int length, boolean heldBack, Optional<RecordedPaths.Run> recorded) {
        random = new Random(new SplittableRandom(seed).nextLong());
        this.length = length;
        this.heldBack = heldBack;
        this.recorded = recorded;
    }

    /**
     * Makes up a sequence: always the same of a seed.
     *
     * @param length exchanges, 2..100000
     * @param heldBack whether the queues are of the laws that training never sees
     * @param recorded a path that was measured, in the place of the made-up polls, delays and losses
     */
    static TrainingSequence sequence(long seed, int length, boolean heldBack, Optional<RecordedPaths.Run> recorded) {
        return new TrainingPrior(seed, length, heldBack, recorded).play();
    }

    private TrainingSequence play() {
        double[] polls = polls();
        Direction forward = new Direction(new Random(random.nextLong()));
        Direction back = new Direction(new Random(random.nextLong()));
        // A recorded path has a base and detours of its own: made-up ones, which are parts of this, come to nothing.
        double base = recorded.isPresent() ? 0 : logUniform(5e-5, 0.15);
        double queue = base * logUniform(0.01, 1) + logUniform(1e-6, 2e-5);
        double other = random.nextDouble() < 0.45
                ? queue
                : random.nextDouble() < 0.73 ? queue * logUniform(0.1, 10) : queue * 1e-3;
        boolean swapped = random.nextBoolean();
        boolean bursty = random.nextDouble() < 0.25;
        boolean lossy = random.nextDouble() < 0.4;
        DirectionSpec out = direction(base, swapped ? other : queue, bursty, lossy);
        DirectionSpec home = direction(base, swapped ? queue : other, bursty, lossy);
        double[][] detours = detours(base);

        long[] events = new long[length * EVENTS];
        double[] serverErrors = new double[length];
        long[] delays = new long[length];
        double badShare = random.nextDouble() < 0.25 ? (1 + random.nextInt(5)) / 512.0 : 0;
        double now = 0.2;
        for (int i = 0; i < length; i++) {
            double there = Double.NaN;
            double return_ = Double.NaN;
            if (recorded.isPresent()) {
                now += recorded.get().pause(i);
                there = recorded.get().forward(i);
                return_ = recorded.get().back(i);
            }
            while (Double.isNaN(there) || Double.isNaN(return_)) {
                now += polls[i];
                there = forward.delay(out, now);
                return_ = Double.isNaN(there) ? there : back.delay(home, now);
            }
            there += detours[0][i];
            return_ += detours[1][i];
            long sent = SimulatedClock.nanos(now);
            delays[i] = SimulatedClock.nanos(there);
            long received = sent + delays[i] + SimulatedClock.nanos(return_);
            if (random.nextDouble() < badShare) {
                serverErrors[i] = (random.nextBoolean() ? 1 : -1) * logUniform(5e-3, 0.1);
            }
            // The next one sets out when this one has come back; a poll shorter than the round trip waits.
            now = Math.max(now, received * 1e-9);
            events[i * EVENTS] = sent;
            events[i * EVENTS + 1] = received;
            double until = i + 1 < length ? polls[i + 1] : polls[i];
            events[i * EVENTS + 1 + NEAR] = received + SimulatedClock.nanos(until * random.nextDouble());
            events[i * EVENTS + 1 + FAR] = received + SimulatedClock.nanos(logUniform(1, LONGEST_LEAD));
        }
        long[] raw = readings(events, now);
        return sequence(events, raw, delays, serverErrors);
    }

    private static TrainingSequence sequence(long[] events, long[] raw, long[] delays, double[] serverErrors) {
        int length = delays.length;
        TrainingSequence sequence = new TrainingSequence(length);
        ExchangeFeatures features = new ExchangeFeatures();
        long epoch = events[0] + delays[0] - raw[0];
        long middleBefore = 0;
        for (int i = 0; i < length; i++) {
            int at = i * EVENTS;
            long t1 = raw[at];
            long t4 = raw[at + 1];
            long atServer = events[at] + delays[i];
            long middle = t1 + (t4 - t1) / 2;
            double offset = ((atServer - t1 - epoch) * 1e-9 + (atServer - t4 - epoch) * 1e-9) / 2 + serverErrors[i];
            double delay = (t4 - t1) * 1e-9;
            double gap = i == 0 ? 0 : (middle - middleBefore) * 1e-9;
            features.add(gap, offset, delay);
            sequence.set(i, gap, offset, delay, features);
            for (int target = 0; target < TrainingSequence.TARGETS; target++) {
                long reading = raw[at + 1 + target];
                sequence.setTarget(
                        i, target, (reading - middle) * 1e-9, (events[at + 1 + target] - reading - epoch) * 1e-9);
            }
            middleBefore = middle;
        }
        return sequence;
    }

    /** What the clock reads at each event. */
    private long[] readings(long[] events, double duration) {
        SimulatedClock clock = new SimulatedClock(clock(duration), new Random(random.nextLong()));
        Integer[] order = new Integer[events.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingLong(i -> events[i]));
        long[] raw = new long[events.length];
        for (int i : order) {
            while (clock.segmentEnd() <= events[i]) {
                clock.advance();
            }
            raw[i] = clock.rawNanos(events[i]);
        }
        return raw;
    }

    // --- The clock ---

    private ClockSpec clock(double duration) {
        List<ClockSpec.Cycle> cycles = new ArrayList<>();
        if (random.nextBoolean()) {
            int count = 1 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                double amplitude = logUniform(2e-8, 1.5e-6);
                double period = logUniform(500, 20_000);
                cycles.add(new ClockSpec.Cycle(amplitude, period, random.nextDouble()));
                if (random.nextInt(4) == 0) {
                    cycles.add(new ClockSpec.Cycle(amplitude / 3, period / 3, random.nextDouble()));
                }
            }
        }
        List<ClockSpec.Step> steps = new ArrayList<>();
        if (random.nextDouble() < 0.2) {
            int count = 1 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                steps.add(new ClockSpec.Step(
                        Math.rint(duration * random.nextDouble()), uniform(-5e-7, 5e-7), logUniform(1, 1000)));
            }
        }
        List<ClockSpec.Jump> jumps = new ArrayList<>();
        if (random.nextDouble() < 0.06) {
            jumps.add(new ClockSpec.Jump(
                    Math.rint(duration * uniform(0.05, 0.95)),
                    (random.nextBoolean() ? 1 : -1) * logUniform(1e-4, 0.3),
                    false));
        }
        return new ClockSpec(
                uniform(-1e-4, 1e-4),
                Double.POSITIVE_INFINITY,
                logUniform(1e-10, 3e-8),
                random.nextBoolean() ? logUniform(1e-9, 5e-8) : 0,
                uniform(-1e-8, 1e-8),
                cycles,
                steps,
                jumps,
                List.of(),
                Optional.empty());
    }

    // --- The path ---

    private DirectionSpec direction(double base, double queue, boolean bursty, boolean lossy) {
        Optional<DirectionSpec.Bursts> bursts = bursty
                ? Optional.of(new DirectionSpec.Bursts(
                        logUniform(60, 5000), logUniform(10, 1000), law(queue * logUniform(3, 30))))
                : Optional.empty();
        return new DirectionSpec(base, 0, law(queue), bursts, lossy ? uniform(0, 0.3) : 0, 0, 0);
    }

    private DelayLaw law(double queue) {
        if (heldBack) {
            return switch (random.nextInt(3)) {
                case 0 -> new DelayLaw.Uniform(2 * queue);
                case 1 -> new DelayLaw.Weibull(queue, logUniform(0.4, 3));
                default ->
                    new DelayLaw.Mixture(
                            List.of(0.7, 0.3),
                            List.of(new DelayLaw.Uniform(queue / 2), new DelayLaw.LogNormal(3 * queue, 0.1)));
            };
        }
        return switch (random.nextInt(7)) {
            case 0 -> new DelayLaw.LogNormal(queue, uniform(0.2, 1.5));
            case 1 -> new DelayLaw.Gamma(queue, logUniform(0.3, 6));
            case 2 -> new DelayLaw.Pareto(queue, uniform(1.5, 4));
            case 3, 4 -> {
                double share = uniform(0.02, 0.2);
                yield new DelayLaw.Mixture(
                        List.of(1 - share, share),
                        List.of(new DelayLaw.Exponential(queue), new DelayLaw.Exponential(queue * logUniform(3, 30))));
            }
            default -> new DelayLaw.Exponential(queue);
        };
    }

    /** What the way there and the way back are longer by than at first, s, at each exchange. */
    private double[][] detours(double base) {
        double[][] detours = new double[2][length];
        if (random.nextDouble() < 0.2) {
            int changes = 1 + random.nextInt(3);
            for (int k = 0; k < changes; k++) {
                double by = base * logUniform(0.02, 1);
                // Down from the first base would need one below zero at worst: it ends at a twentieth.
                by = random.nextBoolean() ? by : Math.max(-by, -0.95 * base);
                int from = random.nextInt(length);
                int ways = random.nextInt(4);
                for (int way = 0; way < 2; way++) {
                    if (ways > 1 || ways == way) {
                        Arrays.fill(detours[way], from, length, by);
                    }
                }
            }
        }
        return detours;
    }

    // --- The poll ---

    /** Time before each exchange, s. */
    private double[] polls() {
        double poll = Math.pow(2, random.nextBoolean() ? uniform(0, 10) : uniform(3, 7));
        boolean burst = random.nextDouble() < 0.8;
        boolean jitter = random.nextBoolean();
        int change = random.nextDouble() < 0.15 ? random.nextInt(length) : length;
        double factor = logUniform(2, 16);
        double changed = Math.min(Math.max(random.nextBoolean() ? poll * factor : poll / factor, 1), 1024);
        int outage = random.nextDouble() < 0.08 ? random.nextInt(length) : length;
        double[] polls = new double[length];
        for (int i = 0; i < length; i++) {
            double at = burst && i < 4 ? Math.min(2, poll) : i < change ? poll : changed;
            polls[i] = at * (jitter ? uniform(0.95, 1.05) : 1) + (i == outage ? logUniform(300, 7200) : 0);
        }
        return polls;
    }

    private double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    private double logUniform(double low, double high) {
        return low * Math.pow(high / low, random.nextDouble());
    }
}
