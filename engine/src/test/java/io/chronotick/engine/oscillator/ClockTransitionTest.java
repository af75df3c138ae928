// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClockTransitionTest {
    private static final int STEPS = 20_000;

    /** The closed forms against the midpoint rule on Q = int F D F^T, entry by entry. */
    @ParameterizedTest
    @CsvSource({"0, 16", "0, 3600", "800, 16", "800, 3000", "1800, 64", "1800, 20000", "14400, 600"})
    void shouldGatherTheNoiseThatComesInMeanwhile(double period, double seconds) {
        ClockHypothesis hypothesis = period > 0 ? ClockHypothesis.tracker(period) : slope();
        double du = seconds / STEPS;
        double[] sum = new double[6];
        ClockTransition f = new ClockTransition();
        for (int i = 0; i < STEPS; i++) {
            f.transition(hypothesis, (i + 0.5) * du);
            double c = hypothesis.cNoise() * du;
            double s = hypothesis.sNoise() * du;
            sum[0] += c * f.xc * f.xc + s * f.xs * f.xs;
            sum[1] += c * f.xc * f.cc + s * f.xs * f.cs;
            sum[2] += c * f.xc * f.sc + s * f.xs * f.ss;
            sum[3] += c * f.cc * f.cc + s * f.cs * f.cs;
            sum[4] += c * f.cc * f.sc + s * f.cs * f.ss;
            sum[5] += c * f.sc * f.sc + s * f.ss * f.ss;
        }
        f.set(hypothesis, seconds);
        double q = hypothesis.wander() * seconds * seconds * seconds / 3 + ClockHypothesis.PHASE_NOISE * seconds;
        // Each entry to 1e-5 of what Schwarz's inequality lets it be.
        assertThat(f.qxx - q).isCloseTo(sum[0], within(1e-5 * sum[0]));
        assertThat(f.qxc).isCloseTo(sum[1], within(1e-5 * Math.sqrt(sum[0] * sum[3])));
        assertThat(f.qxs).isCloseTo(sum[2], within(1e-5 * Math.sqrt(sum[0] * sum[5])));
        assertThat(f.qcc).isCloseTo(sum[3], within(1e-5 * sum[3]));
        assertThat(f.qcs).isCloseTo(sum[4], within(1e-5 * Math.sqrt(sum[3] * sum[5])));
        assertThat(f.qss).isCloseTo(sum[5], within(1e-5 * sum[5]));
    }

    /** F(t) after F(t) is F(2 t). */
    @ParameterizedTest
    @CsvSource({"0, 16", "800, 100", "1800, 700"})
    void shouldComposeOverTime(double period, double seconds) {
        ClockHypothesis hypothesis = period > 0 ? ClockHypothesis.tracker(period) : slope();
        ClockTransition one = new ClockTransition();
        one.transition(hypothesis, seconds);
        ClockTransition two = new ClockTransition();
        two.transition(hypothesis, 2 * seconds);
        assertThat(one.cc * one.cc + one.cs * one.sc).isCloseTo(two.cc, within(1e-9));
        assertThat(one.xc + one.xc * one.cc + one.xs * one.sc).isCloseTo(two.xc, within(1e-9 * seconds));
        assertThat(one.xs + one.xc * one.cs + one.xs * one.ss).isCloseTo(two.xs, within(1e-9 * seconds * seconds));
    }

    /** What a tracked frequency is worth: the derivatives against differences. */
    @ParameterizedTest
    @CsvSource({"800, 16", "800, 1000", "1800, 64", "3400, 2000", "3400, -5"})
    void shouldKnowWhatAnotherFrequencyWouldChange(double period, double seconds) {
        ClockHypothesis hypothesis = ClockHypothesis.tracker(period);
        double w = hypothesis.omega();
        double h = 1e-5 * w;
        ClockTransition f = new ClockTransition();
        f.transition(hypothesis, w, seconds);
        ClockTransition above = new ClockTransition();
        above.transition(hypothesis, w + h, seconds);
        ClockTransition below = new ClockTransition();
        below.transition(hypothesis, w - h, seconds);
        double t = Math.abs(seconds);
        // Each to 1e-5 of what it can be: t times the entry's own size.
        assertThat(f.xcw).isCloseTo((above.xc - below.xc) / (2 * h), within(1e-5 * t * t));
        assertThat(f.xsw).isCloseTo((above.xs - below.xs) / (2 * h), within(1e-5 * t * t * t));
        assertThat(f.ccw).isCloseTo((above.cc - below.cc) / (2 * h), within(1e-5 * t));
        assertThat(f.csw).isCloseTo((above.cs - below.cs) / (2 * h), within(1e-5 * t * t));
        assertThat(f.scw).isCloseTo((above.sc - below.sc) / (2 * h), within(1e-5 * (1 + w * t)));
        assertThat(f.ssw).isCloseTo((above.ss - below.ss) / (2 * h), within(1e-5 * t));
    }

    private static ClockHypothesis slope() {
        List<ClockHypothesis> all = ClockHypothesis.all();
        return all.stream()
                .filter(h -> h.secondary() && h.omega() == 0)
                .findFirst()
                .orElseThrow();
    }
}
