// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.lab.LabException;
import io.chronotick.lab.replay.ReplayExchanges.Arrival;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rules of the replay set against values computed by hand. */
class ReplayExchangesTest {
    @Test
    void trueTimeIsFoundForEveryReading() {
        RawClock clock = new RawClock(new double[] {1e-4, -2e-4, 3e-5, 0});
        for (long trueNanos = 0; trueNanos < 6_000_000_000L; trueNanos += 12_345_678) {
            assertThat(clock.trueNanos(clock.rawNanos(trueNanos))).isBetween(trueNanos - 1, trueNanos + 1);
        }
    }

    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000L;

    /** 1 ppm fast in the first second, 2 ppm in the second, then right. */
    private static final RawClock CLOCK = clock(1e-6, 2e-6);

    private static RawClock clock(double... first) {
        return new RawClock(Arrays.copyOf(first, 100));
    }

    private static PathDelays delays(double[] forward, double[] back) {
        return new PathDelays("test_1", forward, back);
    }

    private static double[] all(double delay) {
        double[] delays = new double[4096];
        Arrays.fill(delays, delay);
        return delays;
    }

    @Test
    void rawClockReadsTrueTimePlusFiftyMillisecondsPlusTheIntegralOfItsFrequency() {
        assertThat(CLOCK.rawNanos(0)).isEqualTo(50 * MILLI);
        // 0.2 s at 1 ppm: 0.2 us.
        assertThat(CLOCK.rawNanos(SECOND / 5)).isEqualTo(250 * MILLI + 200);
        // 1 s at 1 ppm, 0.5 s at 2 ppm: 2 us.
        assertThat(CLOCK.rawNanos(3 * SECOND / 2)).isEqualTo(1550 * MILLI + 2 * MICRO);
        // And 3 us for ever after.
        assertThat(CLOCK.rawNanos(50 * SECOND)).isEqualTo(50 * SECOND + 50 * MILLI + 3 * MICRO);
    }

    @Test
    void pollsAreAtFifthsOfEvenSecondsFourTimesThenEveryPoll() {
        ReplayRules rules = ReplayRules.recorded(16);
        assertThat(List.of(0, 1, 2, 3, 4, 5).stream().map(rules::pollNanos))
                .containsExactly(
                        200 * MILLI, 2_200 * MILLI, 4_200 * MILLI, 6_200 * MILLI, 22_200 * MILLI, 38_200 * MILLI);
    }

    /** 6.2 + 16 k < 40,000 for k up to 2,499, 6.2 + 64 k for k up to 624; and four before. */
    @Test
    void noPollBeginsAtOrAfterTheEnd() {
        assertThat(ReplayExchanges.requests(ReplayRules.recorded(16))).isEqualTo(2_503);
        assertThat(ReplayExchanges.requests(ReplayRules.recorded(64))).isEqualTo(628);
        assertThat(ReplayExchanges.requests(new ReplayRules(2, 0, 8))).isEqualTo(4);
    }

    @Test
    void exchangeHasTheRawClockAtItsEndsAndTrueTimeAtTheServer() {
        List<Arrival> arrivals = ReplayExchanges.of(new ReplayRules(16, 0, 1), CLOCK, delays(all(0.9), all(0.4)));

        assertThat(arrivals).hasSize(1);
        Exchange exchange = arrivals.get(0).exchange();
        assertThat(exchange.t1()).isEqualTo(250 * MILLI + 200);
        assertThat(exchange.t2() - ReplayExchanges.UTC_AT_ZERO).isEqualTo(1_100 * MILLI);
        assertThat(exchange.t3()).isEqualTo(exchange.t2());
        assertThat(exchange.t4()).isEqualTo(1550 * MILLI + 2 * MICRO);
        assertThat(arrivals.get(0).trueNanos()).isEqualTo(1_500 * MILLI);
    }

    @Test
    void lostRequestUsesUpNoReply() {
        List<Arrival> arrivals = ReplayExchanges.of(
                new ReplayRules(16, 0, 6), clock(), delays(new double[] {0.01, -1, 0.02}, new double[] {0.03, 0.04}));

        assertThat(arrivals.stream().map(Arrival::trueNanos)).containsExactly(240 * MILLI, 4_260 * MILLI);
    }

    @Test
    void lostReplyIsUsedUp() {
        List<Arrival> arrivals = ReplayExchanges.of(
                new ReplayRules(16, 0, 4), clock(), delays(new double[] {0.01, 0.02}, new double[] {-1, 0.04}));

        assertThat(arrivals.stream().map(Arrival::trueNanos)).containsExactly(2_260 * MILLI);
    }

    @Test
    void repliesBecomeKnownInTheOrderInWhichTheyArrive() {
        List<Arrival> arrivals = ReplayExchanges.of(
                new ReplayRules(16, 0, 4), clock(), delays(new double[] {3, 0.1}, new double[] {0.1, 0.1}));

        assertThat(arrivals.stream().map(Arrival::trueNanos)).containsExactly(2_400 * MILLI, 3_300 * MILLI);
    }

    @Test
    void delaysThatEndTooEarlyAreToldByName() {
        assertThatThrownBy(() -> ReplayExchanges.of(
                        new ReplayRules(16, 0, 100), clock(), delays(new double[] {0.1, 0.1}, all(0.1))))
                .isInstanceOf(LabException.class)
                .hasMessage(
                        "delay_test_1_fwd ends after 2 packets, before the replay does: give at least one line a packet");
    }

    @Test
    void pathIsAsymmetricWhenItsShortestWaysDiffer() {
        PathDelays asymmetric = delays(new double[] {0.026, -1, 0.025}, new double[] {0.015, 0.017});
        assertThat(asymmetric.asymmetry()).isCloseTo(0.005, offset(1e-12));
        assertThat(asymmetric.isAsymmetric()).isTrue();
        assertThat(delays(new double[] {0.0151, 0.03}, new double[] {0.015, 0.9})
                        .isAsymmetric())
                .isFalse();
    }
}
