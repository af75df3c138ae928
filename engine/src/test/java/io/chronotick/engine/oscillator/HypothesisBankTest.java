// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.RecordedWorld;
import io.chronotick.engine.ntp.Exchange;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the bank makes of clocks whose law the test knows. */
class HypothesisBankTest {
    private static final double POLL = 16;

    private final List<ClockHypothesis> walks = ClockHypothesis.randomWalks();

    /** Exchanges with a clock whose frequency is a random walk of density {@code wander}. */
    private static List<List<Exchange>> world(int servers, double wander) {
        double step = Math.sqrt(wander * POLL);
        return RecordedWorld.exchanges(new RecordedWorld.Recipe(3, servers, 400, POLL, 1e-3, 2e-5, step));
    }

    private static HypothesisBank taught(List<ClockHypothesis> hypotheses, int servers, List<List<Exchange>> rounds) {
        HypothesisBank bank = new HypothesisBank(hypotheses, List.of(), List.of(), List.of());
        for (int i = 0; i < servers; i++) {
            bank.addSource();
        }
        long epoch = epoch(rounds);
        for (List<Exchange> round : rounds) {
            for (Exchange exchange : round) {
                bank.path(exchange.source()).count(exchange.delay());
                bank.add(exchange, epoch);
            }
        }
        return bank;
    }

    private static long epoch(List<List<Exchange>> rounds) {
        Exchange first = rounds.get(0).get(0);
        return first.t2() - first.t1();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void believesTheHypothesisWhoseLawTheClockFollows(int which) {
        ClockHypothesis truth = walks.get(which);
        HypothesisBank bank = taught(List.of(walks.get(0), walks.get(4)), 1, world(1, truth.wander()));
        assertThat(bank.likeliest().hypothesis()).isEqualTo(truth);
    }

    @Test
    void findsFrequencyAndBaseDelays() {
        List<List<Exchange>> rounds = world(2, 1e-19);
        HypothesisBank bank = taught(walks, 2, rounds);
        // The clock's frequency is 12 ppm and has walked by nanoseconds a second.
        assertThat(bank.frequency()).isCloseTo(12e-6, within(1e-7));
        for (int source = 0; source < 2; source++) {
            int asked = source;
            double shortest = rounds.stream()
                    .mapToDouble(round -> round.get(asked).delay())
                    .min()
                    .orElseThrow();
            assertThat(bank.base(source)).isCloseTo(shortest / 2, within(5e-6));
        }
    }

    /** Else the evidence would have to choose between what it knows of the delays and what it knows of the clock. */
    @Test
    void followsACovariateInEveryViewWithAnEdge() {
        Covariate view = new Covariate(CovariateConfig.TEMPERATURE, 0);
        HypothesisBank bank = new HypothesisBank(walks, walks, walks, List.of(List.of(view)));
        assertThat(bank.heaviest(100).stream()
                        .map(HypothesisBank.Weight::name)
                        .filter(name -> name.startsWith("driven")))
                .containsExactlyInAnyOrder(
                        "driven, wander 1.0E-18",
                        "driven, wander 1.0E-17",
                        "driven, wander 1.0E-18, humped delays",
                        "driven, wander 1.0E-17, humped delays");
    }

    @Test
    void isTheLessSureTheFartherItLooks() {
        List<List<Exchange>> rounds = world(1, 1e-17);
        HypothesisBank bank = taught(walks, 1, rounds);
        long now = rounds.get(rounds.size() - 1).get(0).middle();
        double before = 0;
        for (int minutes = 0; minutes <= 60; minutes += 10) {
            double sd = bank.estimate(now + minutes * 60L * RecordedWorld.SECOND, List.of(0))
                    .sd();
            assertThat(sd).isGreaterThan(before);
            before = sd;
        }
    }

    @Test
    void aCopyGoesItsOwnWay() {
        List<List<Exchange>> rounds = world(1, 1e-17);
        HypothesisBank bank = taught(walks, 1, rounds.subList(0, 300));
        HypothesisBank copy = bank.copy();
        long later = rounds.get(399).get(0).middle();
        assertThat(copy.estimate(later, List.of(0))).isEqualTo(bank.estimate(later, List.of(0)));
        var untouched = bank.estimate(later, List.of(0));
        copy.add(rounds.get(300).get(0), epoch(rounds));
        assertThat(bank.estimate(later, List.of(0))).isEqualTo(untouched);
        bank.add(rounds.get(300).get(0), epoch(rounds));
        assertThat(copy.estimate(later, List.of(0))).isEqualTo(bank.estimate(later, List.of(0)));
    }

    /** Packets that hardly ever touch their edge, one way only: its offset may be off by what they hide, and nothing else tells. */
    @Test
    void aServerThatMayHideItsEdgeCountsForLess() {
        HypothesisBank bank = taught(walks, 2, world(2, 1e-18));
        double before = bank.weight(1, List.of(0, 1));
        double[] openBefore = openVariances(bank);
        Random random = new Random(4711);
        for (int i = 0; i < 512; i++) {
            double hiding = 1e-3 * Math.exp(0.3 * random.nextGaussian());
            double touching = -1e-3 * Math.log(random.nextDouble());
            bank.path(1).shape(hiding, touching, 1e-6);
        }
        double[] open = openVariances(bank);
        assertThat(open[0]).isEqualTo(openBefore[0]);
        assertThat(open[1]).isGreaterThan(Math.max(100e-6 * 100e-6, 2 * openBefore[1]));
        assertThat(bank.weight(1, List.of(0, 1))).isLessThan(before / 2);
        assertThat(bank.weight(0, List.of(0, 1)) + bank.weight(1, List.of(0, 1)))
                .isCloseTo(1, within(1e-12));
    }

    private static double[] openVariances(HypothesisBank bank) {
        return bank.parts(List.of(0, 1)).stream()
                .mapToDouble(HypothesisBank.Part::shapeVariance)
                .toArray();
    }
}
