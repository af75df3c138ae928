// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.Exchange;
import java.util.List;
import org.junit.jupiter.api.Test;

class SeatTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Interval FREQUENCY = new Interval(-15e-6, 15e-6);
    private static final double MAX_DRIFT = 15e-6;
    private static final double ANY_STEP = Double.POSITIVE_INFINITY;

    private final Seat seat = new Seat();

    /** A round trip of 2 ms with a server that is {@code offset} s ahead. */
    private static Exchange exchange(long seconds, double offset) {
        long t4 = seconds * SECOND;
        long t3 = t4 - SECOND / 1000 + Math.round(offset * SECOND);
        return new Exchange(0, t4 - SECOND / 500, t3, t3, t4, 0, 0, 0);
    }

    private boolean hear(long seconds, double offset) {
        boolean consistent = seat.add(exchange(seconds, offset), 0, FREQUENCY, MAX_DRIFT);
        seat.decide(seconds * SECOND, FREQUENCY, ANY_STEP, List.of(), false);
        return consistent;
    }

    private Interval vote(long seconds) {
        return seat.vote(seconds * SECOND, FREQUENCY);
    }

    @Test
    void shouldVoteForEverythingWhileItHasSaidNothing() {
        assertThat(vote(0)).isEqualTo(Interval.EVERYTHING);
        assertThat(seat.isHeard()).isFalse();
        assertThat(seat.isConsistent()).isTrue();
    }

    @Test
    void shouldWidenItsVoteWhileItIsSilent() {
        hear(0, 0);
        double before = vote(1).halfWidth();
        assertThat(vote(1001).halfWidth()).isGreaterThan(before + 0.0149).isLessThan(before + 0.0151);
    }

    @Test
    void shouldVoteForAllThatItSaidWhenItContradictsItself() {
        hear(0, 0);
        assertThat(hear(16, 0.5)).isFalse();
        assertThat(seat.isConsistent()).isFalse();
        assertThat(vote(16).contains(0)).isTrue();
        assertThat(vote(16).contains(0.5)).isTrue();
        assertThat(seat.newestVote(16 * SECOND, FREQUENCY).contains(0)).isFalse();
        assertThat(seat.frequencyVote(MAX_DRIFT)).isEqualTo(CorrectnessInterval.ANY_FREQUENCY);
    }

    @Test
    void shouldNotBeMovedByOnePacket() {
        hear(0, 0);
        hear(16, 0.5);
        for (long seconds = 32; seconds < 16 + 120; seconds += 16) {
            hear(seconds, 0);
            assertThat(vote(seconds).contains(0)).isTrue();
        }
        for (long seconds = 144; seconds < 300; seconds += 16) {
            hear(seconds, 0);
        }
        assertThat(seat.isConsistent()).isTrue();
        assertThat(vote(300).contains(0)).isTrue();
        assertThat(vote(300).contains(0.5)).isFalse();
    }

    @Test
    void shouldNotBeMovedByAMinuteOfAttack() {
        hear(0, 0);
        for (long seconds = 2; seconds <= 62; seconds += 2) {
            hear(seconds, 0.5);
        }
        assertThat(vote(62).contains(0)).isTrue();
    }

    @Test
    void shouldNotBeMovedByTwoMinutesOfFewPackets() {
        hear(0, 0);
        for (long seconds = 60; seconds <= 360; seconds += 60) {
            hear(seconds, 0.5);
        }
        assertThat(vote(360).contains(0)).isTrue();
    }

    @Test
    void shouldBelieveWhatPersists() {
        hear(0, 0);
        for (long seconds = 16; seconds <= 160; seconds += 16) {
            hear(seconds, 0.5);
        }
        assertThat(seat.isConsistent()).isTrue();
        assertThat(vote(160).contains(0)).isFalse();
        assertThat(vote(160).contains(0.5)).isTrue();
    }

    @Test
    void shouldNeverDecideWhileItSaysNowOneThingAndNowAnother() {
        for (long seconds = 0; seconds < 3600; seconds += 16) {
            hear(seconds, seconds % 32 == 0 ? 0 : 0.5);
            assertThat(vote(seconds).contains(0)).isTrue();
            assertThat(seconds < 16 || !seat.isConsistent()).isTrue();
        }
    }

    @Test
    void shouldVoteForEverythingBetweenWhenItSaysManyThings() {
        for (int i = 0; i < 20; i++) {
            hear(16L * i, 0.5 * i);
        }
        assertThat(vote(304).contains(0)).isTrue();
        assertThat(vote(304).contains(9.5)).isTrue();
    }

    /** Apart by 3 ms, ends by 1 ms: after some 50 s nothing tells the two apart any more. */
    @Test
    void shouldHoldBothWhenTheyMeetAgain() {
        hear(0, 0);
        hear(16, 0.0036);
        assertThat(seat.isConsistent()).isFalse();
        long later = 100;
        hear(later, 0.0018);
        Interval both = vote(later);
        assertThat(both.contains(0.0018)).isTrue();
        assertThat(seat.isConsistent()).as("it takes time to be believed again").isFalse();
    }

    @Test
    void shouldNotMoveFartherThanItMay() {
        hear(0, 0);
        for (long seconds = 16; seconds <= 3200; seconds += 16) {
            seat.add(exchange(seconds, 2), 0, FREQUENCY, MAX_DRIFT);
            seat.decide(seconds * SECOND, FREQUENCY, 1, List.of(), false);
        }
        assertThat(vote(3200).contains(0)).isTrue();
        assertThat(vote(3200).contains(2)).isTrue();
        assertThat(seat.refusedStep()).isBetween(1.8, 2.0);
        assertThat(seat.isConsistent()).isFalse();
    }

    @Test
    void shouldMoveAsFarAsItLikesWhenTheOthersOutvoteIt() {
        hear(0, 0);
        for (long seconds = 16; seconds <= 320; seconds += 16) {
            seat.add(exchange(seconds, 2), 0, FREQUENCY, MAX_DRIFT);
            seat.decide(seconds * SECOND, FREQUENCY, 1, List.of(), true);
        }
        assertThat(vote(320).contains(0)).isFalse();
        assertThat(seat.refusedStep()).isZero();
    }

    @Test
    void shouldNotMoveToWhereOnlyAStaleVoteIs() {
        hear(0, 0);
        List<Interval> stale = List.of(new Interval(0.499, 0.501));
        for (long seconds = 16; seconds <= 320; seconds += 16) {
            seat.add(exchange(seconds, 0.5), 0, FREQUENCY, MAX_DRIFT);
            seat.decide(seconds * SECOND, FREQUENCY, ANY_STEP, stale, false);
        }
        assertThat(vote(320).contains(0)).isTrue();
    }

    @Test
    void shouldSayWhereTheNewestExchangePutsTheTime() {
        seat.add(exchange(0, 0.005), 0, FREQUENCY, MAX_DRIFT);
        seat.compare(exchange(0, 0.005), 0, new Interval(-0.001, 0.001));
        assertThat(seat.outside()).isEqualTo(Seat.Side.ABOVE);
        seat.compare(exchange(1, -0.005), 0, new Interval(-0.001, 0.001));
        assertThat(seat.outside()).isEqualTo(Seat.Side.BELOW);
        seat.compare(exchange(2, 0.0005), 0, new Interval(-0.001, 0.001));
        assertThat(seat.outside()).isEqualTo(Seat.Side.NEITHER);
    }

    /** 20 ms more on the way there move the middle by 10 ms, and the round trip says so. */
    @Test
    void shouldNotTakeAQueueForAChange() {
        seat.compare(exchange(0, 0), 0, new Interval(-0.001, 0.001));
        Exchange x = exchange(1, 0);
        Exchange queued = new Exchange(0, x.t1() - SECOND / 50, x.t2(), x.t3(), x.t4(), 0, 0, 0);
        seat.compare(queued, 0, new Interval(-0.001, 0.001));
        assertThat(seat.outside()).isEqualTo(Seat.Side.NEITHER);
    }

    @Test
    void shouldBeginAnewWhenAnotherSitsThere() {
        hear(0, 0);
        hear(16, 5);
        seat.clear();
        assertThat(vote(16)).isEqualTo(Interval.EVERYTHING);
        assertThat(seat.isConsistent()).isTrue();
        assertThat(hear(32, 5)).isTrue();
    }
}
