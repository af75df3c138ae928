// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.random.RandomGenerator;

/**
 * A raw clock in true time. Its frequency is constant over each segment, a second or less; only the present segment is known,
 * so a year takes no more memory than a minute. Not thread-safe.
 */
final class SimulatedClock {
    private static final long SECOND = 1_000_000_000L;

    /** What it reads at true time zero, ns: as if the machine had been up for a while. */
    private static final long RAW_AT_ZERO = 1000 * SECOND;

    private final ClockSpec spec;
    private final RandomGenerator random;
    private double walk;
    private double frequency;
    private long startNanos;
    private long endNanos;
    private long rawAtStart = RAW_AT_ZERO;
    /** What whole nanoseconds leave over, ns. */
    private double remainder;

    SimulatedClock(ClockSpec spec, RandomGenerator random) {
        this.spec = spec;
        this.random = random;
        begin(0);
    }

    /** True time at which the present segment ends, ns. */
    long segmentEnd() {
        return endNanos;
    }

    /** Reading at a true time within the present segment, ns; before it, while the clock stood still, that at its start. */
    long rawNanos(long trueNanos) {
        long elapsed = Math.max(trueNanos - startNanos, 0);
        return rawAtStart + elapsed + Math.round(remainder + elapsed * frequency);
    }

    /** The first true time of the present segment at which the clock reads at least {@code rawNanos}, or beyond its end. */
    long trueNanos(long rawNanos) {
        if (rawNanos <= rawAtStart) {
            return startNanos;
        }
        if (rawNanos > rawNanos(endNanos)) {
            return Long.MAX_VALUE;
        }
        long guess = startNanos + Math.round((rawNanos - rawAtStart - remainder) / (1 + frequency));
        while (guess > startNanos && rawNanos(guess) >= rawNanos) {
            guess--;
        }
        while (rawNanos(guess) < rawNanos) {
            guess++;
        }
        return guess;
    }

    /** Ends the present segment and begins the next. */
    void advance() {
        long end = endNanos;
        double exact = remainder + (end - startNanos) * frequency;
        long whole = Math.round(exact);
        rawAtStart += end - startNanos + whole;
        remainder = exact - whole;
        double seconds = (end - startNanos) * 1e-9;
        walk += spec.wander() * Math.sqrt(seconds) * random.nextGaussian();
        for (ClockSpec.Jump jump : spec.jumps()) {
            rawAtStart += nanos(jump.at()) == end ? nanos(jump.by()) : 0;
        }
        begin(end);
    }

    /** True time passes without the clock. */
    void standStill(long untilNanos) {
        begin(untilNanos);
    }

    private void begin(long now) {
        startNanos = now;
        endNanos = (now / SECOND + 1) * SECOND;
        for (ClockSpec.Jump jump : spec.jumps()) {
            endAt(nanos(jump.at()));
        }
        for (ClockSpec.Step step : spec.steps()) {
            endAt(nanos(step.at()));
        }
        for (ClockSpec.Stop stop : spec.stops()) {
            endAt(nanos(stop.at()));
        }
        double free = frequencyAt((now + (endNanos - now) / 2) * 1e-9) + spec.noise() * random.nextGaussian();
        double half = spec.spread() / 2;
        frequency = Math.min(Math.max(free, spec.frequency() - half), spec.frequency() + half);
    }

    private void endAt(long nanos) {
        if (nanos > startNanos && nanos < endNanos) {
            endNanos = nanos;
        }
    }

    private double frequencyAt(double seconds) {
        return spec.frequency() + walk + spec.ageing() * seconds / 86_400 + spec.heat(seconds);
    }

    static long nanos(double seconds) {
        return Math.round(seconds * SECOND);
    }
}
