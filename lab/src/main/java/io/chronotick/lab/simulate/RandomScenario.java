// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Scenarios that nobody thought of, for soak tests: any clock, one to five servers on any paths, changes, outages and, among
 * three servers or more, fewer than half that lie. Whatever happens, the guarantee has to hold and the intervals must not be
 * nonsense.
 */
public final class RandomScenario {
    /** Shorter than this and not enough happens. */
    private static final double SHORTEST = 1800;

    private static final double LONGEST = 4 * 3600.0;

    /** One run, whose errors are far from independent: less than this of it inside its 95 % interval is a defect. */
    private static final double LEAST_INSIDE = 0.5;

    private final Random random;
    private final double duration;
    private boolean symmetric = true;

    private RandomScenario(long seed) {
        random = new Random(new SplittableRandom(seed).nextLong());
        duration = 60 * Math.rint(logUniform(SHORTEST, LONGEST) / 60);
    }

    /** The scenario of a seed: always the same. */
    public static Scenario of(long seed) {
        return new RandomScenario(seed).scenario("random-" + seed);
    }

    private Scenario scenario(String name) {
        int count = 1 + random.nextInt(5);
        int liars = count >= 3 ? random.nextInt((count - 1) / 2 + 1) : 0;
        List<ServerSpec> servers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            servers.add(server(i, i < liars));
        }
        List<Scenario.Outage> outages = new ArrayList<>();
        if (random.nextInt(4) == 0) {
            double from = duration * uniform(0.3, 0.8);
            outages.add(new Scenario.Outage(from, from + duration * uniform(0.02, 0.2)));
        }
        Map<Figure, Limits.Range> ranges = new EnumMap<>(Figure.class);
        ranges.put(Figure.INSIDE_BOUND, new Limits.Range(0.9999, 1));
        // The systematic part has a prior for asymmetries; a single world may lie beyond it, and only the guarantee
        // covers that.
        if (symmetric) {
            ranges.put(Figure.COMBINED_95, new Limits.Range(LEAST_INSIDE, 1));
        }
        Limits limits = new Limits(
                OptionalDouble.empty(),
                List.of(),
                List.of(),
                List.of(new Limits.Window(Math.min(600, duration / 3), duration, ranges)));
        return new Scenario(
                name,
                "made up",
                duration,
                1,
                clock(),
                List.copyOf(servers),
                List.copyOf(outages),
                List.of(),
                Optional.empty(),
                Scenario.MAX_UNCERTAINTY,
                Scenario.MAX_DRIFT,
                limits);
    }

    private ClockSpec clock() {
        List<ClockSpec.Cycle> cycles = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            cycles.add(new ClockSpec.Cycle(logUniform(1e-8, 5e-7), logUniform(600, 7200), random.nextDouble()));
        }
        List<ClockSpec.Step> steps = new ArrayList<>();
        if (random.nextInt(4) == 0) {
            steps.add(new ClockSpec.Step(
                    Math.rint(duration * random.nextDouble()), uniform(-3e-7, 3e-7), uniform(0, 600)));
        }
        return new ClockSpec(
                uniform(-5e-5, 5e-5),
                Double.POSITIVE_INFINITY,
                logUniform(1e-10, 2e-8),
                random.nextInt(3) == 0 ? logUniform(1e-9, 3e-8) : 0,
                uniform(-1e-8, 1e-8),
                cycles,
                steps,
                List.of(),
                List.of(),
                Optional.empty());
    }

    private ServerSpec server(int index, boolean liar) {
        double base = logUniform(5e-5, 0.1);
        double asymmetry = random.nextInt(3) == 0 ? uniform(-0.3, 0.3) : 0;
        symmetric &= asymmetry == 0;
        double jitter = logUniform(5e-6, 0.3 * base + 1e-5);
        DirectionSpec forward = direction(base * (1 + asymmetry), jitter);
        DirectionSpec back =
                direction(base * (1 - asymmetry), random.nextBoolean() ? jitter : jitter * logUniform(0.1, 10));
        double offset = liar ? (random.nextBoolean() ? 1 : -1) * (4 * base + logUniform(0.01, 1)) : 0;
        ServerSpec.State initial = new ServerSpec.State(
                forward,
                back,
                random.nextInt(5) == 0 ? 0.02 : 0,
                offset,
                liar && random.nextBoolean() ? uniform(-1e-5, 1e-5) : 0,
                false,
                1 + random.nextInt(4),
                logUniform(1e-5, 0.02),
                logUniform(1e-5, 0.02),
                ServerSpec.State.FINEST,
                ServerSpec.State.PROMPT,
                ServerSpec.Conduct.PLAIN);
        List<ServerSpec.Change> changes = new ArrayList<>();
        if (!liar && random.nextInt(3) == 0) {
            double more = base * uniform(0.1, 1);
            boolean bothWays = random.nextBoolean();
            symmetric &= bothWays;
            ServerSpec.State later = new ServerSpec.State(
                    direction(forward.base() + more, jitter),
                    direction(back.base() + (bothWays ? more : 0), jitter),
                    initial.duplicates(),
                    0,
                    0,
                    false,
                    initial.stratum(),
                    initial.rootDelay(),
                    initial.rootDispersion(),
                    initial.precision(),
                    initial.turnaround(),
                    initial.conduct());
            changes.add(new ServerSpec.Change(duration * uniform(0.3, 0.9), later, random.nextInt(4) == 0));
        }
        double poll = Math.pow(2, 1 + random.nextInt(7));
        return new ServerSpec((liar ? "liar" : "server") + (index + 1), poll, 2, false, initial, changes);
    }

    private DirectionSpec direction(double base, double jitter) {
        DelayLaw queue = switch (random.nextInt(6)) {
            case 0 -> new DelayLaw.LogNormal(jitter, uniform(0.2, 1.5));
            case 1 -> new DelayLaw.Gamma(jitter, logUniform(0.3, 5));
            case 2 -> new DelayLaw.Pareto(jitter, uniform(1.5, 4));
            case 3 -> new DelayLaw.Uniform(2 * jitter);
            default -> new DelayLaw.Exponential(jitter);
        };
        Optional<DirectionSpec.Bursts> bursts = random.nextInt(4) == 0
                ? Optional.of(new DirectionSpec.Bursts(
                        logUniform(60, 3000), logUniform(10, 300), new DelayLaw.Exponential(jitter * uniform(3, 30))))
                : Optional.empty();
        return new DirectionSpec(
                base,
                0,
                queue,
                bursts,
                random.nextInt(3) == 0 ? uniform(0, 0.3) : 0,
                random.nextInt(5) == 0 ? 0.02 : 0,
                uniform(0.05, 1.5));
    }

    private double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    private double logUniform(double low, double high) {
        return low * Math.pow(high / low, random.nextDouble());
    }
}
