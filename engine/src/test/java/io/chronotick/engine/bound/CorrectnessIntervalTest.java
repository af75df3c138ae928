// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.ntp.Exchange;
import org.junit.jupiter.api.Test;

class CorrectnessIntervalTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double PPM = 1e-6;
    private static final Interval STILL = new Interval(0, 0);
    private static final Interval ANY = CorrectnessInterval.ANY_FREQUENCY;
    private static final double MAX_DRIFT = 15 * PPM;

    /** What two reads of a clock may be off by, which is part of every end. */
    private static final double READING = 1e-7;

    /** A reply at {@code seconds}, 10 ms there and 10 ms back, from a server {@code offset} s ahead of the raw clock. */
    private static Exchange exchange(double seconds, double offset) {
        return exchange(seconds, offset, 0.010, 0.010);
    }

    private static Exchange exchange(double seconds, double offset, double there, double back) {
        long t4 = Math.round(seconds * SECOND);
        long t3 = t4 - Math.round(back * SECOND) + Math.round(offset * SECOND);
        long t1 = t4 - Math.round((there + back) * SECOND);
        return new Exchange(0, t1, t3, t3, t4, 0, 0, 0);
    }

    private static CorrectnessInterval of(double seconds, double offset) {
        return CorrectnessInterval.of(exchange(seconds, offset), 0);
    }

    @Test
    void shouldHoldWhatOneExchangeGuarantees() {
        Interval now = of(100, 0.5).at(100 * SECOND, STILL);
        assertThat(now.low()).isCloseTo(0.490 - READING, within(1e-9));
        assertThat(now.high()).isCloseTo(0.510 + READING, within(1e-9));
    }

    @Test
    void shouldCountWhatTheServerMayBeWrongBy() {
        Exchange x = exchange(100, 0.5);
        Exchange unsure = new Exchange(0, x.t1(), x.t2(), x.t3(), x.t4(), 0.020, 0.003, 0.001);
        Interval now = CorrectnessInterval.of(unsure, 0).at(100 * SECOND, STILL);
        assertThat(now.halfWidth()).isCloseTo(0.010 + 0.010 + 0.003 + 0.001 + READING, within(1e-9));
    }

    @Test
    void shouldMoveItsEndsWithTheEndsOfTheFrequency() {
        Interval later = of(100, 0.5).at(110 * SECOND, new Interval(20 * PPM, 50 * PPM));
        assertThat(later.low()).isCloseTo(0.490 + 10 * 20 * PPM - READING, within(1e-8));
        // The upper end holds from T1 on, 20 ms earlier.
        assertThat(later.high()).isCloseTo(0.510 + 10.020 * 50 * PPM + READING, within(1e-8));
    }

    @Test
    void shouldIntersectWhatItIsTold() {
        CorrectnessInterval interval = CorrectnessInterval.of(exchange(100, 0.5, 0.001, 0.100), 0);
        assertThat(interval.add(exchange(116, 0.5, 0.100, 0.001), 0, STILL, MAX_DRIFT))
                .isTrue();
        Interval now = interval.at(116 * SECOND, STILL);
        assertThat(now.low()).isCloseTo(0.499 - READING, within(1e-9));
        assertThat(now.high()).isCloseTo(0.501 + READING, within(1e-9));
    }

    @Test
    void shouldRefuseWhatContradictsItAndStayAsItWas() {
        CorrectnessInterval interval = of(100, 0.5);
        Interval before = interval.at(116 * SECOND, STILL);
        assertThat(interval.add(exchange(116, 0.6), 0, STILL, MAX_DRIFT)).isFalse();
        assertThat(interval.at(116 * SECOND, STILL)).isEqualTo(before);
    }

    @Test
    void shouldKnowNoFrequencyFromOneExchange() {
        assertThat(of(100, 0.5).frequency(MAX_DRIFT)).isEqualTo(ANY);
    }

    /** 20 ms of round trip over 2000 s leave 10 ppm on either side, and what the frequency may change by comes on top. */
    @Test
    void shouldMeasureTheFrequencyBetweenTwoExchanges() {
        CorrectnessInterval interval = of(100, 0);
        assertThat(interval.add(exchange(2100, 2000 * 40 * PPM), 0, ANY, MAX_DRIFT))
                .isTrue();
        Interval frequency = interval.frequency(MAX_DRIFT);
        assertThat(frequency.low()).isCloseTo((40 - 10 - 15) * PPM, within(0.01 * PPM));
        assertThat(frequency.high()).isCloseTo((40 + 10 + 15) * PPM, within(0.01 * PPM));
    }

    @Test
    void shouldForgetWhatIsOlderThanItsMemory() {
        CorrectnessInterval interval = of(100, 0);
        assertThat(interval.add(exchange(3800, 3700 * 40 * PPM), 0, ANY, MAX_DRIFT))
                .isTrue();
        assertThat(interval.frequency(MAX_DRIFT)).isEqualTo(ANY);
    }

    @Test
    void shouldNeverAllowMoreThanAnyOscillatorDoes() {
        CorrectnessInterval interval = of(100, 0);
        assertThat(interval.add(exchange(2100, 2000 * 90 * PPM), 0, ANY, MAX_DRIFT))
                .isTrue();
        assertThat(interval.frequency(MAX_DRIFT).high()).isEqualTo(ANY.high());
    }

    /** 20 ppm more where 15 are allowed: a round trip of 0.1 ms tells within a minute, though the offsets still meet. */
    @Test
    void shouldRefuseAnOscillatorThatChangesByMoreThanItMay() {
        CorrectnessInterval interval = CorrectnessInterval.of(exchange(0, 0, 5e-5, 5e-5), 0);
        double at = 0;
        for (double seconds = 16; seconds <= 1600; seconds += 16) {
            assertThat(interval.add(exchange(seconds, at, 5e-5, 5e-5), 0, ANY, MAX_DRIFT))
                    .isTrue();
        }
        boolean refused = false;
        for (double seconds = 1616; seconds <= 1664; seconds += 16) {
            at += 16 * 20 * PPM;
            refused |= !interval.add(exchange(seconds, at, 5e-5, 5e-5), 0, ANY, MAX_DRIFT);
        }
        assertThat(refused).isTrue();
    }

    @Test
    void shouldAcceptAnOscillatorThatUsesAllThatItMay() {
        CorrectnessInterval interval = CorrectnessInterval.of(exchange(0, 0, 5e-5, 5e-5), 0);
        double at = 0;
        for (double seconds = 16; seconds <= 7200; seconds += 16) {
            double frequency = seconds % 1200 < 600 ? 0 : MAX_DRIFT;
            at += 16 * frequency;
            assertThat(interval.add(exchange(seconds, at, 5e-5, 5e-5), 0, interval.frequency(MAX_DRIFT), MAX_DRIFT))
                    .isTrue();
            assertThat(interval.at(Math.round(seconds * SECOND), interval.frequency(MAX_DRIFT))
                            .contains(at))
                    .isTrue();
        }
    }

    @Test
    void shouldCarryWhatIsOldWithTheFrequencyOfItsTime() {
        CorrectnessInterval interval = of(100, 0);
        interval.age(3800 * SECOND, new Interval(-30 * PPM, 30 * PPM));
        Interval later = interval.at(300 * SECOND, new Interval(-PPM, PPM));
        assertThat(later.halfWidth()).isCloseTo(0.010 + READING + 100 * 31 * PPM, within(1e-6));
    }

    /** Silent for an hour, while others were heard: what it measured then says nothing of now. */
    @Test
    void shouldNotTellTheFrequencyOfLongAgo() {
        CorrectnessInterval interval = of(100, 0);
        assertThat(interval.add(exchange(2100, 2000 * 40 * PPM), 0, ANY, MAX_DRIFT))
                .isTrue();
        interval.age(3500 * SECOND, ANY);
        assertThat(interval.frequency(MAX_DRIFT)).isNotEqualTo(ANY);
        interval.age(3800 * SECOND, ANY);
        assertThat(interval.frequency(MAX_DRIFT)).isEqualTo(ANY);
    }
}
