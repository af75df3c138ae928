// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import org.junit.jupiter.api.Test;

class BoundWatchTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double ENOUGH = 0.010;

    /** Time with a deviation and a bound, both in s, as of the raw clock at zero; UTC and the raw clock begin together. */
    private static Correction told(double sd, double bound, double drift) {
        return new Correction(
                0,
                0,
                0,
                sd * sd,
                0,
                0,
                0,
                1,
                0,
                bound,
                drift,
                ENOUGH,
                false,
                5 * SECOND,
                Correction.Source.NTP,
                true,
                false,
                false,
                false,
                LeapIndicator.NONE,
                Correction.NO_LEAP,
                false,
                1,
                SECOND,
                1,
                0);
    }

    private static BoundWatch watch(int seats) {
        BoundWatch watch = new BoundWatch(ENOUGH, 15e-6);
        for (int i = 0; i < seats; i++) {
            watch.addSeat(16);
        }
        return watch;
    }

    @Test
    void truthOutsideTheBoundIsSeenWhileTheTimeIsValid() {
        BoundWatch watch = watch(1);
        watch.look(told(1e-3, 1e-3, 0), 0, 1, 1_000_000);
        assertThat(watch.findings(new double[0]).outside()).isZero();
        watch.look(told(1e-3, 1e-3, 0), 0, 2, 1_000_001);
        // The bound grows.
        watch.look(told(1e-3, 1e-3, 1e-3), SECOND, 3, SECOND + 2_000_000);
        watch.look(told(1e-3, 1e-3, 0), SECOND, 4, SECOND - 3_000_000);
        // Not valid: too uncertain, nothing known, nobody has renewed it.
        watch.look(told(0.011, 1e-3, 0), 0, 5, SECOND);
        watch.look(Correction.nothingKnown(0), 0, 6, SECOND);
        watch.look(told(1e-3, 1e-3, 0), 6 * SECOND, 7, 0);
        Findings findings = watch.findings(new double[] {1e-3, 3e-3, 2e-3});
        assertThat(findings.looks()).isEqualTo(7);
        assertThat(findings.outside()).isEqualTo(2);
        assertThat(findings.firstOutside()).isEqualTo(2);
        assertThat(findings.lastOutside()).isEqualTo(4);
        assertThat(findings.worstExcess()).isCloseTo(2e-3, offset(1e-12));
        assertThat(findings.worstAt()).isEqualTo(4);
        assertThat(findings.boundMedian()).isEqualTo(2e-3);
    }

    @Test
    void boundThatIsNoNumberDoesNotHold() {
        BoundWatch watch = watch(1);
        watch.look(told(1e-3, Double.NaN, 0), 0, 1, 0);
        assertThat(watch.findings(new double[0]).outside()).isEqualTo(1);
    }

    /** An honest reply that leaves the truth an interval of some width, s. */
    private static void answer(BoundWatch watch, int seat, int second, double width) {
        long delay = Math.round(width * 1e9);
        long t4 = second * SECOND;
        watch.answered(new Exchange(seat, t4 - delay, t4 - delay, t4 - delay, t4, 0, 0, 0), true);
    }

    private static boolean answers(BoundWatch watch, int second) {
        int before = watch.findings(new double[0]).answered();
        watch.count(Correction.nothingKnown(0), second * SECOND, second, second * SECOND);
        return watch.findings(new double[0]).answered() > before;
    }

    /** Of four, three have to answer well, lately, and in truth. */
    @Test
    void majorityAnswersWhenEnoughHaveAnsweredWell() {
        BoundWatch watch = watch(4);
        for (int seat = 0; seat < 2; seat++) {
            answer(watch, seat, 100, 1e-3);
        }
        answer(watch, 2, 100, 6e-3);
        assertThat(answers(watch, 100)).isFalse();
        answer(watch, 3, 100, 1e-3);
        assertThat(answers(watch, 100)).isTrue();
        // After 10 s 200 ppm have taken 2 ms of what is left, after 25 s too much of it.
        assertThat(answers(watch, 110)).isTrue();
        assertThat(answers(watch, 125)).isFalse();
        // What lies ten minutes apart says of the frequency that it changes by 15 ppm at most.
        for (int seat = 0; seat < 4; seat++) {
            answer(watch, seat, 700, 1e-3);
        }
        assertThat(answers(watch, 740)).isTrue();
        assertThat(answers(watch, 751)).isFalse();
        answer(watch, 0, 760, 1e-3);
        answer(watch, 1, 760, 1e-3);
        answer(watch, 2, 760, 1e-3);
        assertThat(answers(watch, 760)).isTrue();
        watch.lied(1, 760 * SECOND);
        assertThat(answers(watch, 760)).isFalse();
        answer(watch, 3, 761, 1e-3);
        assertThat(answers(watch, 761)).isTrue();
        watch.forget(0);
        assertThat(answers(watch, 761)).isFalse();
    }

    @Test
    void nobodyIsExpectedToKnowAtOnce() {
        BoundWatch watch = watch(1);
        answer(watch, 0, 30, 1e-3);
        assertThat(answers(watch, 30)).isFalse();
        watch.forgetAll(100);
        answer(watch, 0, 150, 1e-3);
        assertThat(answers(watch, 150)).isFalse();
        answer(watch, 0, 160, 1e-3);
        assertThat(answers(watch, 160)).isTrue();
        watch.excuseUntil(165);
        assertThat(answers(watch, 164)).isFalse();
        assertThat(answers(watch, 165)).isTrue();
    }
}
