// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.Exchange;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A suspicion against exchanges in which the change is, or is not: 1 ms one way, queues of 20 us, a perfect clock. */
class ChangeDetectorTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double BASE = 1e-3;

    /** More exchanges than any suspicion may last. */
    private static final int PATIENCE = 100;

    private final HypothesisBank bank =
            new HypothesisBank(ClockHypothesis.randomWalks(), List.of(), List.of(), List.of());

    private Random random = new Random(1);
    private long now;

    private Exchange exchange(double base, double step) {
        now += 16 * SECOND;
        long forward = nanos(base - 2e-5 * Math.log(1 - random.nextDouble()));
        long reverse = nanos(base - 2e-5 * Math.log(1 - random.nextDouble()));
        long t2 = now + forward + nanos(step);
        return new Exchange(0, now, t2, t2, now + forward + reverse, 1e-4, 1e-4, 1e-9);
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * SECOND);
    }

    private void believe(Exchange exchange) {
        bank.path(0).count(exchange.delay());
        bank.add(exchange, 0);
    }

    @BeforeEach
    void learn() {
        bank.addSource();
        for (int i = 0; i < 200; i++) {
            believe(exchange(BASE, 0));
        }
    }

    private ChangeDetector.Verdict verdict(ChangeDetector suspicion, double base, double step) {
        for (int i = 0; i < PATIENCE; i++) {
            Exchange next = exchange(base, step);
            believe(next);
            ChangeDetector.Verdict verdict = suspicion.add(next, 0, bank);
            if (verdict != ChangeDetector.Verdict.UNDECIDED) {
                return verdict;
            }
        }
        return ChangeDetector.Verdict.UNDECIDED;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void findsALongerRouteWithinAFewExchanges(int seed) {
        random = new Random(seed);
        ChangeDetector suspicion = ChangeDetector.ofRoute(bank, 0, BASE + 2e-3, 1e-3);
        assertThat(verdict(suspicion, BASE + 2e-3, 0)).isEqualTo(ChangeDetector.Verdict.ADOPT);
        assertThat(suspicion.exchanges()).isLessThanOrEqualTo(10);
        assertThat(suspicion.bank().base(0)).isBetween(BASE + 1.9e-3, BASE + 2.1e-3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void findsNoRouteWhereThereIsNone(int seed) {
        random = new Random(seed);
        ChangeDetector suspicion = ChangeDetector.ofRoute(bank, 0, BASE + 2e-3, 1e-3);
        assertThat(verdict(suspicion, BASE, 0)).isEqualTo(ChangeDetector.Verdict.DROP);
        assertThat(suspicion.exchanges()).isLessThanOrEqualTo(40);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void findsAStepButNeverByLessThanThreeExchanges(int seed) {
        random = new Random(seed);
        ChangeDetector suspicion = ChangeDetector.ofStep(bank, 0, 1e-3);
        assertThat(verdict(suspicion, BASE, 1e-3)).isEqualTo(ChangeDetector.Verdict.ADOPT);
        assertThat(suspicion.exchanges()).isBetween(3, 8);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void findsNoStepWhereThereIsNone(int seed) {
        random = new Random(seed);
        ChangeDetector suspicion = ChangeDetector.ofStep(bank, 0, 1e-3);
        assertThat(verdict(suspicion, BASE, 0)).isEqualTo(ChangeDetector.Verdict.DROP);
        assertThat(suspicion.exchanges()).isLessThanOrEqualTo(8);
    }
}
