// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.lab.simulate.ServerSpec.Conduct;
import io.chronotick.lab.simulate.ServerSpec.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * Worlds made by an adversary who keeps the assumptions of the hard bound and nothing else:
 *
 * <ul>
 *   <li>of n servers at most ceil(n/2) - 1 are wrong; the others may be off by all of their root distance, and all of a round
 *       trip may be on one way;
 *   <li>the oscillator's frequency stays within 15 ppm of spread and within 100 ppm of nominal, wherever it likes in there from
 *       second to second;
 *   <li>its readings jump only where the daemon is told.
 * </ul>
 */
final class ByzantineScenario {
    // Long because: a catalogue of what an adversary does, whose entries share one generator and one draw of servers.

    /** The spread is a little less than the largest drift: 15 ppm of the raw clock are not quite 15 ppm of true time. */
    private static final double PART_OF_DRIFT = 0.9993;

    /** With a large spread on top less than 100 ppm. */
    private static final double LARGEST_FREQUENCY = 99.9e-6;

    /** A roaming oscillator goes so far at most, s/s. */
    private static final double ROAMING_RANGE = 90e-6;

    private static final double JUMP = 20e-6;

    private static final double LONGEST = 3 * 3600;
    private static final double SHORTEST = 900;

    /** So many exchanges are enough for one world: at fast polls it is shorter. */
    private static final double EXCHANGES = 2500;

    /** What was wrong is forgotten after this, s, with the next exchange. */
    private static final double MEMORY = 3660;

    /** Within this, s, a roaming oscillator keeps within its spread: an hour, and until the next exchange. */
    private static final double ROAMING_WINDOW = 5400;

    private static final double YEAR = 366 * 86_400.0;

    /** More than any root distance: an honest server is then off by all of its own. */
    private static final double AS_MUCH_AS_ALLOWED = 100;

    private final Random random;
    private final ByzantineFamily family;
    private final double maxDrift;
    private final double spread;
    private final double duration;
    private final int count;
    private final int liars;
    private final double[] polls;
    private final List<State> initial = new ArrayList<>();
    private final List<List<Turn>> turns = new ArrayList<>();
    private final List<String> tags = new ArrayList<>();
    private final List<ClockSpec.Step> steps = new ArrayList<>();
    private final List<ClockSpec.Cycle> cycles = new ArrayList<>();
    private final List<ClockSpec.Stop> stops = new ArrayList<>();
    private final List<ClockSpec.Jump> jumps = new ArrayList<>();
    private final List<Scenario.Stall> stalls = new ArrayList<>();
    /** All honest servers lean the same way, if they lean. */
    private final boolean leaning;

    private final double side;
    private double typicalHalfWidth;

    /** From an instant on, s, everything but what is changed here stays. */
    private record Turn(double at, UnaryOperator<State> change, boolean moved) {}

    /** What the liars say from an instant on, s. */
    private record Lie(
            double at, double offset, double drift, double alternate, double scatter, double aim, boolean truth) {

        State in(State before, double hide, double rootDelay, double rootDispersion) {
            return before.withClockError(offset, drift)
                    .withRoot(rootDelay, rootDispersion, State.FINEST)
                    .withConduct(before.conduct().with(false, alternate, scatter, aim, hide));
        }
    }

    private ByzantineScenario(long seed, Optional<ByzantineFamily> wanted) {
        random = new Random(new SplittableRandom(seed).nextLong());
        family = wanted.orElse(drawn(random.nextInt(100)));
        // At one ppm the clocks' reading errors count, at many what widens.
        maxDrift = family == ByzantineFamily.JUMP || chance(0.6) ? Scenario.MAX_DRIFT : pick(1e-6, 1e-6, 4e-6, 40e-6);
        spread = PART_OF_DRIFT * maxDrift;
        boolean several = EnumSet.of(ByzantineFamily.ROTATING, ByzantineFamily.ROAMING, ByzantineFamily.AMBITIOUS)
                .contains(family);
        int[] counts = {1, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 7, 8, 9};
        count = counts[several ? 2 + random.nextInt(counts.length - 2) : random.nextInt(counts.length)];
        int most = (count + 1) / 2 - 1;
        liars = most == 0 || chance(0.8) ? most : 1 + random.nextInt(most);
        polls = new double[count];
        double pace = family == ByzantineFamily.ROAMING
                ? uniform(4, 7)
                : chance(0.15) ? uniform(0, 2) : chance(0.65) ? uniform(3, 6) : uniform(6, 10);
        double rate = 0;
        for (int i = 0; i < count; i++) {
            double exponent = Math.rint(pace) + (chance(0.7) ? 0 : random.nextInt(5) - 2);
            polls[i] = Math.pow(2, Math.min(Math.max(exponent, 0), 10));
            rate += 1 / polls[i];
        }
        double longest = Math.min(LONGEST, Math.max(EXCHANGES / rate, SHORTEST));
        duration = family == ByzantineFamily.ROAMING
                ? LONGEST * pick(1, 1, 1, 2)
                : Math.rint(Math.min(uniform(1800, LONGEST), longest) * (several ? pick(1, 1, 3) : 1));
        leaning = chance(0.5);
        side = random.nextBoolean() ? 1 : -1;
        tag(liars + " of " + count + " lie");
    }

    private static ByzantineFamily drawn(int percent) {
        if (percent < 58) {
            return ByzantineFamily.FIXED;
        }
        if (percent < 70) {
            return ByzantineFamily.ROTATING;
        }
        if (percent < 80) {
            return ByzantineFamily.HOLDOVER;
        }
        return percent < 90 ? ByzantineFamily.ROAMING : ByzantineFamily.SUSPEND;
    }

    /**
     * The scenario of a seed: always the same.
     *
     * @param family empty: one that keeps the assumptions, at random
     */
    static ByzantineScenario of(long seed, Optional<ByzantineFamily> family) {
        return new ByzantineScenario(seed, family);
    }

    ByzantineFamily family() {
        return family;
    }

    Scenario scenario(String name) {
        double maxUncertainty = pick(0.010, 0.010, 0.1, 0.1, 1, 1, 10);
        if (maxDrift != Scenario.MAX_DRIFT) {
            tag(Quantity.FREQUENCY.format(maxDrift));
        }
        for (int i = 0; i < count; i++) {
            turns.add(new ArrayList<>());
            initial.add(honestServer());
        }
        typicalHalfWidth = typicalHalfWidth();
        clock();
        for (int i = 0; i < count; i++) {
            honestTurns(i);
        }
        switch (family) {
            case ROTATING -> rotate();
            case AMBITIOUS -> rotateFast();
            default -> lie();
        }
        if (family == ByzantineFamily.ROAMING) {
            longSilences();
        } else if (family != ByzantineFamily.ROTATING) {
            silences();
        }
        disturbances();
        switch (family) {
            case SUSPEND -> {
                if (chance(0.3)) {
                    jumps();
                } else {
                    stops(1 + random.nextInt(5), LONGEST / 2, true);
                }
            }
            case PAUSE -> stops(1, 20, false);
            case JUMP, AMBITIOUS, ROTATING, ROAMING -> {}
            default -> {
                if (chance(0.12)) {
                    stops(1 + random.nextInt(3), 600, true);
                } else if (chance(0.15)) {
                    stall();
                }
            }
        }
        ClockSpec clock = new ClockSpec(
                uniform(-1, 1) * (LARGEST_FREQUENCY - excursion()),
                ageing != 0 || family == ByzantineFamily.JUMP ? Double.POSITIVE_INFINITY : spread,
                wander,
                noise,
                ageing,
                List.copyOf(cycles),
                List.copyOf(steps),
                List.copyOf(jumps),
                List.copyOf(stops),
                Optional.empty());
        List<ServerSpec> servers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            servers.add(server(i));
        }
        tag("poll " + Math.round(polls[0]));
        return new Scenario(
                name,
                String.join(", ", tags),
                duration,
                1,
                clock,
                List.copyOf(servers),
                List.of(),
                List.copyOf(stalls),
                Optional.empty(),
                maxUncertainty,
                maxDrift,
                new Limits(OptionalDouble.empty(), List.of(), List.of(), List.of()));
    }

    // --- The oscillator ---

    private double wander = 1e-10;
    private double noise;
    private double ageing;

    private void clock() {
        if (family == ByzantineFamily.JUMP) {
            double at = duration * uniform(0.4, 0.7);
            steps.add(new ClockSpec.Step(at, sign() * JUMP, 0));
            tag("20 ppm at " + time(at));
            return;
        }
        if (family == ByzantineFamily.ROAMING) {
            ageing = sign() * Math.min(spread / ROAMING_WINDOW, ROAMING_RANGE / duration) * 86_400;
            tag("roams");
            return;
        }
        switch (random.nextInt(8)) {
            case 0 -> {
                wander = logUniform(1e-10, 1e-8);
                tag("quiet");
            }
            case 1 -> {
                double up = sign();
                steps.add(new ClockSpec.Step(0, -up * spread / 2, 0));
                int number = 1 + random.nextInt(8);
                for (int i = 0; i < number; i++) {
                    double settle = chance(0.5) ? 0 : logUniform(1, 1000);
                    steps.add(new ClockSpec.Step(duration * random.nextDouble(), up * spread, settle));
                    up = -up;
                }
                tag(number + " steps");
            }
            case 2 -> {
                double period = logUniform(Math.max(20, duration / 150), duration);
                double up = sign();
                steps.add(new ClockSpec.Step(0, -up * spread / 2, 0));
                for (double at = period * random.nextDouble(); at < duration; at += period) {
                    steps.add(new ClockSpec.Step(at, up * spread, 0));
                    up = -up;
                }
                tag("square " + time(period));
            }
            case 3, 4 -> {
                int number = 1 + random.nextInt(3);
                for (int i = 0; i < number; i++) {
                    cycles.add(new ClockSpec.Cycle(
                            spread / 2 * uniform(0.3, 1.5), logUniform(10, 2 * duration), random.nextDouble()));
                }
                tag("sines");
            }
            case 5 -> {
                double up = sign();
                steps.add(new ClockSpec.Step(0, -up * spread / 2, 0));
                double settle = duration * uniform(0.1, 0.5);
                steps.add(new ClockSpec.Step(duration * uniform(0, 0.5), up * spread * 1.2, settle));
                tag("ramp");
            }
            case 6 -> {
                wander = logUniform(1e-8, 1e-6);
                tag("wander");
            }
            default -> {
                noise = logUniform(1e-8, 2e-5);
                tag("noise");
            }
        }
    }

    /** How far the frequency goes from the first, s/s. */
    private double excursion() {
        if (ageing != 0) {
            return Math.abs(ageing) / 86_400 * duration;
        }
        return family == ByzantineFamily.JUMP ? JUMP : spread / 2;
    }

    /** The frequency goes from one end of its range to the other. */
    private void turnFrequency(double at) {
        double up = sign();
        steps.clear();
        cycles.clear();
        steps.add(new ClockSpec.Step(0, -up * spread / 2, 0));
        steps.add(new ClockSpec.Step(at, up * spread, chance(0.7) ? 0 : logUniform(1, 600)));
        tag("frequency turns");
    }

    // --- Honest servers ---

    private State honestServer() {
        double total = switch (random.nextInt(7)) {
            case 0, 1 -> logUniform(4e-5, 1e-3);
            case 2 -> logUniform(0.1, 0.8);
            default -> logUniform(2e-3, 0.1);
        };
        double lean = chance(0.4) ? uniform(-0.1, 0.1) : chance(0.6) ? 1 : uniform(0, 1);
        lean *= leaning ? side : sign();
        double jitter = logUniform(1e-6, 0.3 * total + 1e-6);
        double rootDelay = chance(0.1) ? 0 : chance(0.1) ? uniform(0, 1) : logUniform(1e-5, 0.05);
        double rootDispersion = chance(0.1) ? 0 : chance(0.05) ? uniform(0.3, 2.4) : logUniform(1e-5, 0.05);
        if (chance(0.3)) {
            rootDelay = 0;
            rootDispersion = 0;
        }
        return new State(
                direction(total / 2 * (1 + lean), chance(0.3) ? 0 : jitter),
                direction(total / 2 * (1 - lean), chance(0.3) ? 0 : jitter),
                chance(0.1) ? 0.1 : 0,
                0,
                0,
                false,
                1 + random.nextInt(15),
                rootDelay,
                rootDispersion,
                chance(0.9) ? State.FINEST : Math.pow(2, -uniform(5, 20)),
                chance(0.9) ? State.PROMPT : logUniform(1e-4, 1.5),
                errorOf(Conduct.PLAIN));
    }

    /** How an honest server uses its root distance. */
    private Conduct errorOf(Conduct before) {
        double alternate = 0;
        double scatter = 0;
        double aim = 0;
        double hide = 0;
        switch (random.nextInt(7)) {
            case 0 -> alternate = AS_MUCH_AS_ALLOWED;
            case 1 -> scatter = logUniform(1e-5, 1);
            case 2 -> aim = sign() * logUniform(0.5, 5);
            case 3 -> hide = 1;
            default -> {}
        }
        return before.with(true, alternate, scatter, aim, hide);
    }

    private DirectionSpec direction(double base, double jitter) {
        DelayLaw queue = jitter == 0
                ? new DelayLaw.None()
                : switch (random.nextInt(6)) {
                    case 0 -> new DelayLaw.LogNormal(jitter, uniform(0.2, 1.5));
                    case 1 -> new DelayLaw.Gamma(jitter, logUniform(0.3, 5));
                    case 2 -> new DelayLaw.Pareto(jitter, uniform(1.5, 4));
                    case 3 -> new DelayLaw.Uniform(2 * jitter);
                    default -> new DelayLaw.Exponential(jitter);
                };
        Optional<DirectionSpec.Bursts> bursts = chance(0.15)
                ? Optional.of(new DirectionSpec.Bursts(
                        logUniform(60, 3000), logUniform(10, 300), new DelayLaw.Exponential(base * uniform(0.1, 3))))
                : Optional.empty();
        double loss = chance(0.6) ? 0 : chance(0.9) ? uniform(0, 0.4) : uniform(0.5, 0.95);
        return new DirectionSpec(base, 0, queue, bursts, loss, chance(0.1) ? uniform(0, 0.2) : 0, logUniform(0.05, 4));
    }

    /** What befalls an honest server in the course of time. */
    private void honestTurns(int seat) {
        State first = initial.get(seat);
        // A liar that is told to be honest would be.
        boolean staysHonest = seat >= liars || family == ByzantineFamily.ROTATING;
        // Where it is off from the beginning.
        if (chance(0.5)) {
            double way = leaning ? side : sign();
            initial.set(seat, first.withClockError(chance(0.5) ? way * AS_MUCH_AS_ALLOWED : 0, way * drift()));
        }
        if (staysHonest && chance(0.4)) {
            int number = 1 + random.nextInt(6);
            for (int i = 0; i < number; i++) {
                double way = leaning && chance(0.5) ? side : sign();
                double offset = chance(0.4) ? way * AS_MUCH_AS_ALLOWED : 0;
                double drift = way * drift();
                Conduct conduct = errorOf(first.conduct());
                turn(
                        seat,
                        anyTime(),
                        before -> before.withClockError(offset, drift).withConduct(conduct));
            }
        }
        if (chance(0.25)) {
            moveDelay(seat);
        }
        if (chance(0.2)) {
            double more = logUniform(1e-4, 0.3);
            boolean there = chance(0.7);
            boolean andBack = !there || chance(0.5);
            turn(
                    seat,
                    anyTime(),
                    before -> before.withPath(
                            there ? before.forward().longer(more) : before.forward(),
                            andBack ? before.back().longer(more) : before.back()));
        }
        if (staysHonest && chance(0.07)) {
            // Another honest server under another address.
            State other = honestServer();
            turns.get(seat).add(new Turn(anyTime(), before -> other, true));
        }
        if (family != ByzantineFamily.ROAMING && family != ByzantineFamily.ROTATING && chance(0.15)) {
            int number = 1 + random.nextInt(4);
            for (int i = 0; i < number; i++) {
                double from = anyTime();
                silence(seat, from, from + logUniform(20, duration));
            }
        }
    }

    private double drift() {
        return chance(0.5) ? 0 : logUniform(1e-8, 1e-4);
    }

    /** Somebody on the way takes delay from one direction and gives it to the other: the round trip stays. */
    private void moveDelay(int seat) {
        double rate = chance(0.3) ? logUniform(1e-5, 1e-3) : logUniform(1e-6, 6e-5);
        double base =
                initial.get(seat).forward().base() + initial.get(seat).back().base();
        double at = chance(0.4) ? 0 : anyTime();
        boolean toForward = random.nextBoolean();
        int most = 40;
        while (at < duration && most-- > 0) {
            boolean forwardGrows = toForward;
            turn(seat, at, before -> {
                double sum = before.forward().base() + before.back().base();
                return before.withPath(
                        before.forward().withBase(forwardGrows ? 0 : sum, forwardGrows ? rate : -rate),
                        before.back().withBase(forwardGrows ? sum : 0, forwardGrows ? -rate : rate));
            });
            toForward = !toForward;
            // All of it is on the other way then. Where another turn has changed the sum, it ends at zero there.
            at += Math.max(base / rate, 5);
        }
        tag(String.format(Locale.ROOT, "delay moves %.0f ppm", rate * 1e6));
    }

    // --- Liars ---

    /** The first so many of the servers lie from some time on. */
    private void lie() {
        boolean collude = chance(0.6);
        double onset = onset();
        List<Lie> common = plan(onset);
        for (int i = 0; i < liars; i++) {
            List<Lie> own = collude ? common : plan(chance(0.5) ? onset : onset());
            String way = becomeLiar(i, own);
            if (i == 0) {
                tag(way);
            }
        }
        if (collude && liars > 1) {
            tag("colluding");
        }
    }

    private double onset() {
        return chance(0.45) ? 0 : anyTime();
    }

    /** A liar's own path and what it says of itself; it lies as planned. */
    private String becomeLiar(int seat, List<Lie> lies) {
        boolean near = chance(0.4);
        double hide = chance(0.5) ? 0 : chance(0.7) ? 1 : random.nextDouble();
        State usual = initial.get(seat);
        double rootDelay = chance(0.4) ? 0 : chance(0.7) ? usual.rootDelay() : uniform(0, 2);
        double rootDispersion = chance(0.4) ? 0 : chance(0.7) ? usual.rootDispersion() : uniform(0, 1.9);
        for (Lie lie : lies) {
            turn(seat, lie.at(), before -> {
                State path = near ? before.withPath(direct(), direct()) : before;
                return lie.truth() ? honest(path) : lie.in(path, hide, rootDelay, rootDispersion);
            });
        }
        return (near ? "near, " : "") + (hide > 0 ? "hiding " + Math.round(100 * hide) + " %, " : "") + described;
    }

    private static DirectionSpec direct() {
        return new DirectionSpec(3e-5, 0, new DelayLaw.Exponential(5e-6), Optional.empty(), 0, 0, 0);
    }

    private static State honest(State before) {
        return before.withClockError(0, 0).withConduct(before.conduct().with(true, 0, 0, 0, 0));
    }

    private String described = "";

    /** A way to lie, from an instant on. */
    private List<Lie> plan(double onset) {
        if (family == ByzantineFamily.ROAMING && chance(0.7)) {
            return holdFrequency(onset / 2);
        }
        List<Lie> lies = new ArrayList<>();
        double way = sign();
        double size = way * size();
        switch (random.nextInt(13)) {
            case 0, 1 -> {
                lies.add(new Lie(onset, size, 0, 0, 0, 0, false));
                described = "constant " + Quantity.TIME.format(size);
            }
            case 2, 3 -> {
                double drift = way * (chance(0.5) ? logUniform(1e-7, 5e-4) : uniform(5e-6, 4e-5));
                lies.add(new Lie(onset, 0, drift, 0, 0, 0, false));
                described = "drift " + Quantity.FREQUENCY.format(drift);
            }
            case 4 -> {
                double drift = way * uniform(3e-6, 6e-5);
                double turn = logUniform(60, 3000);
                double offset = 0;
                for (double at = onset; at < duration && lies.size() < 200; at += turn) {
                    lies.add(new Lie(at, offset, drift, 0, 0, 0, false));
                    offset += drift * turn;
                    drift = -drift;
                }
                described = "saw " + Quantity.FREQUENCY.format(drift) + " " + time(turn);
            }
            case 5 -> {
                lies.add(new Lie(onset, chance(0.5) ? 0 : size, 0, size(), 0, 0, false));
                described = "alternating";
            }
            case 6 -> {
                lies.add(new Lie(onset, 0, 0, 0, size(), 0, false));
                described = "scattered";
            }
            case 7 -> {
                double turn = logUniform(5, 1200);
                double offset = size;
                for (double at = onset; at < duration && lies.size() < 200; at += turn * uniform(0.5, 1.5)) {
                    lies.add(new Lie(at, offset, 0, 0, 0, 0, false));
                    offset = chance(0.3) ? sign() * size() : -offset;
                }
                described = "changing every " + time(turn);
            }
            case 8 -> {
                lies.add(new Lie(onset, chance(0.5) ? way * YEAR * uniform(0.1, 50) : way, 0, 0, 0, 0, false));
                described = "far";
            }
            case 9 -> {
                lies.add(new Lie(onset, 0, -1, 0, 0, 0, false));
                described = "stands still";
            }
            case 10 -> {
                double aim = way * logUniform(0.3, 3);
                lies.add(new Lie(onset, 0, 0, 0, 0, aim, false));
                described = String.format(Locale.ROOT, "aims %.2f", aim);
            }
            case 11 -> {
                // Lies now and then and tells the truth in between.
                double every = logUniform(20, 1500);
                for (double at = onset; at < duration && lies.size() < 200; at += every * uniform(0.5, 1.5)) {
                    lies.add(new Lie(at, sign() * size(), 0, 0, 0, 0, false));
                    lies.add(new Lie(at + every * uniform(0.02, 0.5), 0, 0, 0, 0, 0, true));
                }
                described = "now and then";
            }
            default -> {
                double drift = way * uniform(8e-6, 1.49e-5);
                lies.add(new Lie(onset, 0, drift, 0, 0, 0, false));
                double later = onset + (duration - onset) * uniform(0.2, 0.9);
                double reached = drift * (later - onset);
                lies.add(new Lie(later, reached, chance(0.5) ? -drift : way * 5e-5, 0, 0, 0, false));
                described = "slow, then " + time(later);
            }
        }
        return lies;
    }

    /** As if the oscillator had not gone on since: so say the servers, too, that are silent. */
    private List<Lie> holdFrequency(double onset) {
        List<Lie> lies = new ArrayList<>();
        double turn = uniform(60, 600);
        double offset = 0;
        for (double at = onset; at < duration; at += turn) {
            double drift = ageing / 86_400 * (at + turn / 2 - onset);
            lies.add(new Lie(at, offset, drift, 0, 0, 0, false));
            offset += drift * turn;
        }
        described = "holds the frequency";
        return lies;
    }

    /** Of a lie, s. */
    private double size() {
        if (chance(0.55)) {
            return typicalHalfWidth * logUniform(0.2, 4);
        }
        return chance(0.8) ? logUniform(1e-6, 10) : 1;
    }

    private double typicalHalfWidth() {
        double[] halves = initial.stream()
                .skip(Math.min(liars, count - 1))
                .mapToDouble(state ->
                        (state.forward().base() + state.back().base() + state.rootDelay()) / 2 + state.rootDispersion())
                .sorted()
                .toArray();
        return Math.max(halves[chance(0.5) ? 0 : halves.length / 2], 1e-6);
    }

    /** So slowly that what was wrong is forgotten before somebody else is wrong, or gone with the old address. */
    private void rotate() {
        double[] free = new double[count];
        double slowest = Arrays.stream(polls).max().orElseThrow();
        for (int token = 0; token < liars; token++) {
            double at = chance(0.5) ? 0 : duration * uniform(0, 0.3);
            int seat = token;
            while (at < duration) {
                double until = at + logUniform(30, duration);
                List<Lie> lies = new ArrayList<>(plan(at));
                double end = until;
                lies.removeIf(lie -> lie.at() >= end);
                becomeLiar(seat, lies);
                boolean moves = chance(0.6);
                int left = seat;
                if (moves) {
                    State other = honestServer();
                    turns.get(left).add(new Turn(until, before -> other, true));
                } else {
                    // It has to be heard: of a silent server what it said last counts.
                    turn(
                            left,
                            until,
                            before -> honest(before)
                                    .withPath(
                                            before.forward().reliable(),
                                            before.back().reliable()));
                }
                free[left] = moves ? until : until + MEMORY + 2 * slowest;
                at = free[left] + uniform(0.001, 60);
                seat = liars + random.nextInt(count - liars);
                if (free[seat] > 0 && at < free[seat]) {
                    break;
                }
                free[seat] = Double.POSITIVE_INFINITY;
            }
        }
        tag("rotating");
    }

    private void rotateFast() {
        double every = logUniform(20, 600);
        int first = random.nextInt(count);
        double at = 0;
        int rounds = 0;
        double size = sign() * size();
        while (at < duration && rounds++ < 150) {
            for (int i = 0; i < count; i++) {
                boolean wrong = Math.floorMod(i - first, count) < liars;
                double offset = size;
                turn(
                        i,
                        at,
                        before -> wrong
                                ? new Lie(0, offset, 0, 0, 0, 0, false).in(before, 0, 1e-4, 1e-4)
                                : honest(before));
            }
            first += 1 + random.nextInt(count - 1);
            at += every;
        }
        tag("rotating every " + time(every));
    }

    // --- Silence ---

    private void silences() {
        boolean holdover = family == ByzantineFamily.HOLDOVER;
        if (holdover || chance(0.3)) {
            double from = duration * uniform(0.2, 0.7);
            double length = holdover ? logUniform(300, duration) : logUniform(30, 3600);
            boolean liarsToo = liars == 0 || chance(holdover ? 0.5 : 0.2);
            int speaking = liarsToo ? 0 : liars;
            // Perhaps not quite all.
            int silent = count - speaking - (chance(0.3) ? 1 : 0);
            for (int i = count - 1; i >= count - silent; i--) {
                silence(i, from, from + length);
            }
            tag("silence " + time(from) + "+" + time(length));
            if (holdover || chance(0.5)) {
                if (family != ByzantineFamily.JUMP) {
                    turnFrequency(from + (chance(0.7) ? 0 : length * random.nextDouble()));
                }
            }
        }
        if (chance(0.15)) {
            double length = logUniform(3, 600);
            for (int i = liars; i < count; i++) {
                silence(i, 0, chance(0.8) ? length : length * random.nextDouble());
            }
            tag("first liars");
        }
    }

    /** All honest servers but one or more, which are heard well, are silent for hours. */
    private void longSilences() {
        for (int i = liars; i < count; i++) {
            if (i == count - 1) {
                turn(
                        i,
                        0,
                        before -> before.withPath(
                                before.forward().reliable(), before.back().reliable()));
            } else if (chance(0.8)) {
                double from = duration * uniform(0.1, 0.5);
                silence(i, from, from + uniform(0.4, 0.9) * (duration - from));
            }
        }
    }

    private void silence(int seat, double from, double to) {
        turn(seat, from, before -> before.withDown(true));
        turn(seat, to, before -> before.withDown(false));
    }

    // --- What else there is ---

    private void disturbances() {
        boolean icmp = chance(0.2);
        boolean kisses = chance(0.15);
        boolean forgeries = chance(0.2);
        boolean absurd = chance(0.1);
        for (int i = 0; i < count; i++) {
            boolean honest = i >= liars;
            if (icmp && honest) {
                double share = chance(0.5) ? 1 : random.nextDouble();
                between(
                        i,
                        before -> before.withConduct(before.conduct().withUnreachable(share)),
                        before -> before.withConduct(before.conduct().withUnreachable(0)));
            }
            if (forgeries && chance(0.7)) {
                double share = random.nextDouble();
                turn(i, 0, before -> before.withConduct(before.conduct().withForged(share)));
            }
            // Where the oscillator roams, the last one has to be heard.
            // Where liars rotate, each has to replace what it said.
            if (family == ByzantineFamily.ROTATING || (family == ByzantineFamily.ROAMING && i == count - 1)) {
                continue;
            }
            if (kisses && chance(0.5)) {
                String code = chance(0.4) ? "DENY" : chance(0.6) ? "RATE" : chance(0.5) ? "RSTR" : "XXXX";
                between(
                        i,
                        before -> before.withConduct(before.conduct().withKiss(Optional.of(code))),
                        before -> before.withConduct(before.conduct().withKiss(Optional.empty())));
            }
            if (absurd && chance(0.5)) {
                between(i, before -> before.withStratum(16), before -> before.withStratum(2));
            }
        }
        tag((icmp ? "icmp " : "") + (kisses ? "kisses " : "") + (forgeries ? "forged " : ""));
    }

    private void between(int seat, UnaryOperator<State> begin, UnaryOperator<State> end) {
        double from = chance(0.3) ? 0 : anyTime();
        turn(seat, from, begin);
        turn(seat, from + logUniform(10, duration), end);
    }

    private void stops(int number, double longest, boolean noticed) {
        double at = noticed ? 0 : duration * 0.3;
        for (int i = 0; i < number; i++) {
            // Often while the questions of a burst, 2 s apart, are under way: at the start, and after the stop before.
            at += noticed && chance(0.5)
                    ? 2 * random.nextInt(8) + logUniform(1e-5, 0.3)
                    : duration * uniform(0.05, 0.3);
            double length = noticed ? logUniform(0.001, longest) : uniform(1, longest);
            stops.add(new ClockSpec.Stop(at, length, noticed));
            at += length;
        }
        tag(number + (noticed ? " suspends" : " pauses"));
    }

    /** The raw clock goes on from somewhere else, as after a checkpoint is restored. */
    private void jumps() {
        int number = 1 + random.nextInt(4);
        double at = 0;
        for (int i = 0; i < number; i++) {
            at += chance(0.5) ? 2 * random.nextInt(8) + logUniform(1e-5, 0.3) : duration * uniform(0.05, 0.3);
            double by = chance(0.5) ? logUniform(1e-6, 1e5) : -logUniform(1e-6, 200);
            jumps.add(new ClockSpec.Jump(at, by, true));
        }
        tag(number + " jumps");
    }

    /** A few long stalls, or the many short ones of a busy machine. */
    private void stall() {
        boolean busy = chance(0.3);
        double at = 0;
        for (int i = 0; i < (busy ? 150 : 1 + random.nextInt(3)); i++) {
            at += duration * (busy ? uniform(0, 0.01) : uniform(0.05, 0.3));
            double length = busy ? logUniform(1e-4, 1) : logUniform(0.01, 30);
            boolean restart = !busy && chance(0.5);
            stalls.add(new Scenario.Stall(at, length, restart));
            if (!busy) {
                tag((restart ? "restart " : "stall ") + time(at));
            }
            at += length;
        }
        if (busy) {
            tag("busy");
        }
    }

    // --- Servers from their turns ---

    private ServerSpec server(int seat) {
        List<Turn> ordered = new ArrayList<>(turns.get(seat));
        ordered.sort(Comparator.comparingDouble(Turn::at));
        List<ServerSpec.Change> changes = new ArrayList<>();
        State last = initial.get(seat);
        double lastAt = 0;
        for (Turn turn : ordered) {
            if (turn.at() < duration) {
                State now = last.after(turn.at() - lastAt);
                last = turn.change().apply(now);
                lastAt = turn.at();
                changes.add(new ServerSpec.Change(lastAt, last, turn.moved()));
            }
        }
        String name = seat < liars ? "liar" : "honest";
        return new ServerSpec(
                name + (seat + 1),
                polls[seat],
                Math.min(2, polls[seat]),
                false,
                initial.get(seat),
                List.copyOf(changes));
    }

    private void turn(int seat, double at, UnaryOperator<State> change) {
        turns.get(seat).add(new Turn(at, change, false));
    }

    // --- Chance ---

    private void tag(String text) {
        if (!text.isBlank()) {
            tags.add(text.strip());
        }
    }

    private static String time(double seconds) {
        return Math.round(seconds) + " s";
    }

    private double anyTime() {
        return duration * uniform(0, 0.9);
    }

    private boolean chance(double share) {
        return random.nextDouble() < share;
    }

    private double sign() {
        return random.nextBoolean() ? 1 : -1;
    }

    private double pick(double... values) {
        return values[random.nextInt(values.length)];
    }

    private double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    private double logUniform(double low, double high) {
        return low * Math.pow(high / low, random.nextDouble());
    }
}
