// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SimulatedClockTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double ANY = Double.POSITIVE_INFINITY;

    private static ClockSpec spec(double frequency, double wander) {
        return new ClockSpec(
                frequency, ANY, wander, 0, 0, List.of(), List.of(), List.of(), List.of(), Optional.empty());
    }

    /** What a clock reads at a true time after it was at zero, less true time, ns. */
    private static long gained(ClockSpec spec, double seconds) {
        SimulatedClock clock = new SimulatedClock(spec, new Random(1));
        long atZero = clock.rawNanos(0);
        long at = SimulatedClock.nanos(seconds);
        while (clock.segmentEnd() < at) {
            clock.advance();
        }
        return clock.rawNanos(at) - atZero - at;
    }

    @Test
    void frequencyAddsUp() {
        assertThat(gained(spec(1e-6, 0), 10)).isEqualTo(10_000);
        assertThat(gained(spec(-1e-6, 0), 100_000.5)).isEqualTo(-100_000_500);
        // Less than a nanosecond a second, and none of it is lost.
        assertThat(gained(spec(3e-10, 0), 1000)).isEqualTo(300);
    }

    @Test
    void ageingIsAQuadraticCurve() {
        ClockSpec spec =
                new ClockSpec(0, ANY, 0, 0, 1e-6, List.of(), List.of(), List.of(), List.of(), Optional.empty());
        // 1e-6 a day: half of 1e-6 * 86,400 s after a day.
        assertThat((double) gained(spec, 86_400)).isCloseTo(43_200_000, offset(100.0));
    }

    @Test
    void cycleComesBack() {
        ClockSpec.Cycle cycle = new ClockSpec.Cycle(8e-7, 1800, 0);
        ClockSpec spec =
                new ClockSpec(0, ANY, 0, 0, 0, List.of(cycle), List.of(), List.of(), List.of(), Optional.empty());
        // The integral of the sine over half a period is amplitude * period / pi.
        assertThat((double) gained(spec, 900)).isCloseTo(8e-7 * 1800 / Math.PI * 1e9, offset(100.0));
        assertThat((double) gained(spec, 1800)).isCloseTo(0, offset(10.0));
    }

    @Test
    void stepsAndJumpsHappenWhenTheyShould() {
        ClockSpec spec = new ClockSpec(
                0,
                ANY,
                0,
                0,
                0,
                List.of(),
                List.of(new ClockSpec.Step(100.25, 1e-6, 0)),
                List.of(new ClockSpec.Jump(200.5, 0.010, false)),
                List.of(),
                Optional.empty());
        assertThat(gained(spec, 100)).isZero();
        assertThat(gained(spec, 101.25)).isEqualTo(1_000);
        assertThat(gained(spec, 200.4)).isEqualTo(100_150);
        assertThat(gained(spec, 200.75)).isEqualTo(10_000_000 + 100_500);
    }

    @Test
    void settlingStepApproachesItsEnd() {
        ClockSpec spec = new ClockSpec(
                0,
                ANY,
                0,
                0,
                0,
                List.of(),
                List.of(new ClockSpec.Step(0, 1e-6, 300)),
                List.of(),
                List.of(),
                Optional.empty());
        // 1e-6 (t - tau (1 - exp(-t / tau)))
        assertThat((double) gained(spec, 600)).isCloseTo(1e3 * (600 - 300 * (1 - Math.exp(-2))), offset(10.0));
    }

    /** The random walk's integral has variance w^2 t^3 / 3. */
    @Test
    void wanderGrowsAsARandomWalkOfTheFrequency() {
        double squares = 0;
        int runs = 400;
        for (int seed = 0; seed < runs; seed++) {
            SimulatedClock clock = new SimulatedClock(spec(0, 1e-8), new Random(seed));
            long atZero = clock.rawNanos(0);
            for (int i = 1; i < 1000; i++) {
                clock.advance();
            }
            double gained = (clock.rawNanos(1000 * SECOND) - atZero - 1000 * SECOND) * 1e-9;
            squares += gained * gained / runs;
        }
        assertThat(squares / (1e-16 * 1e9 / 3)).isCloseTo(1, offset(0.2));
    }

    @Test
    void trueTimeIsFoundFromAReading() {
        SimulatedClock clock = new SimulatedClock(spec(1e-4, 1e-8), new Random(2));
        for (int second = 0; second < 100; second++) {
            for (long at = second * SECOND; at < clock.segmentEnd(); at += 77_777_777) {
                long raw = clock.rawNanos(at);
                long found = clock.trueNanos(raw);
                assertThat(clock.rawNanos(found)).isEqualTo(raw);
                assertThat(found).isLessThanOrEqualTo(at);
                assertThat(found == second * SECOND || clock.rawNanos(found - 1) < raw)
                        .isTrue();
            }
            assertThat(clock.trueNanos(clock.rawNanos(clock.segmentEnd()) + 1)).isEqualTo(Long.MAX_VALUE);
            clock.advance();
        }
    }

    @Test
    void clockThatStandsStillDoesNotCount() {
        SimulatedClock clock = new SimulatedClock(spec(0, 0), new Random(2));
        clock.advance();
        long before = clock.rawNanos(SECOND);
        clock.standStill(11 * SECOND);
        assertThat(clock.rawNanos(5 * SECOND)).isEqualTo(before);
        assertThat(clock.rawNanos(11 * SECOND)).isEqualTo(before);
        assertThat(clock.rawNanos(11 * SECOND + 7)).isEqualTo(before + 7);
    }

    @Test
    void frequencyKeepsWithinItsSpread() {
        ClockSpec.Step step = new ClockSpec.Step(0, 50e-6, 0);
        ClockSpec spec =
                new ClockSpec(-20e-6, 14e-6, 0, 0, 0, List.of(), List.of(step), List.of(), List.of(), Optional.empty());
        assertThat(gained(spec, 1000)).isEqualTo(-13_000_000);
    }
}
