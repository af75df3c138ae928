// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.oscillator.Ablation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The adversary keeps to the rules, and is caught when it does not. */
class ByzantineScenarioTest {
    private static final double MEMORY = 3600;

    /** Of a rate over a second, read in whole nanoseconds at both ends, s/s. */
    private static final double ROUNDING = 2e-9;

    private static Stream<Scenario> worlds(ByzantineFamily family) {
        return LongStream.rangeClosed(1, 200)
                .mapToObj(
                        seed -> ByzantineScenario.of(seed, Optional.of(family)).scenario("x"));
    }

    /** From one time to another a server was wrong or is remembered as it was. */
    private record Wrong(String server, double from, double to) {}

    private static List<Wrong> wrong(ServerSpec server) {
        List<Wrong> wrong = new ArrayList<>();
        double since = server.initial().conduct().honest() ? Double.NaN : 0;
        List<ServerSpec.Change> changes = new ArrayList<>(server.changes());
        changes.add(new ServerSpec.Change(1e9, ServerSpec.State.DEFAULT, true));
        for (ServerSpec.Change change : changes) {
            boolean honest = change.state().conduct().honest();
            if (!Double.isNaN(since) && (honest || change.moved())) {
                wrong.add(new Wrong(server.name(), since, change.at() + MEMORY));
                since = Double.NaN;
            }
            if (change.moved()) {
                // Nobody remembers what came from the old address.
                wrong.replaceAll(past -> new Wrong(past.server(), past.from(), Math.min(past.to(), change.at())));
            }
            if (!honest && Double.isNaN(since)) {
                since = change.at();
            }
        }
        return wrong;
    }

    @ParameterizedTest
    @EnumSource(ByzantineFamily.class)
    void fewerThanHalfAreWrong(ByzantineFamily family) {
        worlds(family).filter(scenario -> family.isGuaranteed()).forEach(scenario -> {
            List<Wrong> all = scenario.servers().stream()
                    .flatMap(server -> wrong(server).stream())
                    .toList();
            int most = (scenario.servers().size() + 1) / 2 - 1;
            for (Wrong begins : all) {
                assertThat(all.stream()
                                .filter(other -> other.from() <= begins.from() && begins.from() < other.to())
                                .map(Wrong::server)
                                .distinct())
                        .as(scenario.about())
                        .hasSizeLessThanOrEqualTo(most);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(ByzantineFamily.class)
    void oscillatorKeepsWithinFifteenPpmInAnyHour(ByzantineFamily family) {
        worlds(family).limit(20).filter(scenario -> family.isGuaranteed()).forEach(scenario -> {
            List<Double> rates = ratesOfUtc(scenario);
            for (int from = 0; from == 0 || from < rates.size() - MEMORY; from += 300) {
                List<Double> hour = rates.subList(from, Math.min(from + (int) MEMORY, rates.size()));
                double spread = Collections.max(hour) - Collections.min(hour);
                assertThat(spread).as(scenario.about()).isLessThanOrEqualTo(scenario.maxDrift() + ROUNDING);
            }
            assertThat(rates).allMatch(rate -> Math.abs(rate) < 100e-6);
            assertThat(scenario.clock().jumps()).allMatch(ClockSpec.Jump::noticed);
            assertThat(scenario.clock().stops()).allMatch(ClockSpec.Stop::noticed);
        });
    }

    /** Rate of UTC against the raw clock less one in every second, s/s. */
    private static List<Double> ratesOfUtc(Scenario scenario) {
        SimulatedClock clock = new SimulatedClock(scenario.clock(), new Random(1));
        List<Double> rates = new ArrayList<>();
        while (clock.segmentEnd() < SimulatedClock.nanos(scenario.duration())) {
            long from = clock.segmentEnd();
            clock.advance();
            long length = clock.segmentEnd() - from;
            // A segment that ends early is too short for whole nanoseconds.
            if (length > 500_000_000) {
                rates.add((double) length / (clock.rawNanos(clock.segmentEnd()) - clock.rawNanos(from)) - 1);
            }
        }
        return rates;
    }

    /** The world itself makes sure that no honest server breaks what its answers guarantee. */
    @Test
    void sameSeedGivesTheSameBits() {
        for (long seed = 1; seed <= 3; seed++) {
            ByzantineResult once = Byzantine.play(seed, Optional.empty());
            ByzantineResult again = Byzantine.play(seed, Optional.empty());
            assertThat(again.findings()).isEqualTo(once.findings());
            assertThat(again.about()).isEqualTo(once.about());
            assertThat(once.findings().looks()).isPositive();
        }
    }

    /**
     * The rule in its plainest form holds in these worlds, and leaves little enough whenever the honest majority is said to
     * answer: an engine that does not keep it has no excuse.
     */
    @Test
    void plainRuleHoldsWhateverTheAdversaryDoes() {
        assertPlainRuleHolds(1, 6);
    }

    @Tag("slow") // more of the same
    @Test
    void plainRuleHoldsInMoreWorlds() {
        assertPlainRuleHolds(7, 20);
    }

    private static void assertPlainRuleHolds(long first, long last) {
        int answered = 0;
        for (long seed = first; seed <= last; seed++) {
            Scenario scenario = ByzantineScenario.of(seed, Optional.empty()).scenario("x");
            PlainRule rule = new PlainRule(scenario.maxUncertainty(), scenario.maxDrift());
            new SimulatedWorld(scenario, seed, EnumSet.allOf(Ablation.class), Optional.empty(), rule).run();
            assertThat(rule.outside()).as("seed %d: %s", seed, scenario.about()).isZero();
            assertThat(rule.tooWide()).as("seed %d: %s", seed, scenario.about()).isZero();
            answered += rule.answered();
        }
        assertThat(answered).isGreaterThan((int) (last - first + 1) * 500);
    }

    /** Nobody can know of a pause before the next answer: the watch has to see that the time is wrong. */
    @Test
    void wrongTimeIsCaught() {
        List<ByzantineResult> results = LongStream.rangeClosed(1, 6)
                .mapToObj(seed -> Byzantine.play(seed, Optional.of(ByzantineFamily.PAUSE)))
                .toList();
        assertThat(ByzantineSummary.of(results).worstExcess()).isGreaterThan(0.5);
        assertThat(ByzantineSummary.violations(results)).hasSizeGreaterThan(1).allMatch(ByzantineResult::isViolated);
    }
}
