// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.Exchange;
import org.junit.jupiter.api.Test;

class ServerPoolTest {
    private static final long SECOND = 1_000_000_000L;

    private final ServerPool pool = new ServerPool(15e-6, 1, 1);

    private ServerPool with(int seats) {
        for (int i = 0; i < seats; i++) {
            pool.addSeat();
        }
        return pool;
    }

    /** A round trip of 2 ms with a server that is {@code offset} s ahead. */
    private boolean hear(int seat, double seconds, double offset) {
        long t4 = Math.round(seconds * SECOND);
        long t3 = t4 - SECOND / 1000 + Math.round(offset * SECOND);
        return pool.add(new Exchange(seat, t4 - SECOND / 500, t3, t3, t4, 0, 0, 0), 0);
    }

    private Interval agreed(double seconds) {
        return pool.agreement(Math.round(seconds * SECOND)).orElseThrow().interval();
    }

    private ServerPool.Doubt doubt(double seconds) {
        return pool.doubt(Math.round(seconds * SECOND));
    }

    @Test
    void shouldKnowNothingWhileOnlyTheLiarOfFourHasAnswered() {
        with(4);
        hear(0, 0, 5);
        assertThat(agreed(1).isFinite()).isFalse();
        assertThat(doubt(1)).isEqualTo(ServerPool.Doubt.TOO_FEW_HEARD);
        assertThat(pool.missing()).isEqualTo(1);
    }

    @Test
    void shouldReachOverBothWhenOneHonestAndOneLiarHaveAnswered() {
        with(4);
        hear(0, 0, 5);
        hear(1, 1, 0);
        assertThat(agreed(1).contains(0)).isTrue();
        assertThat(agreed(1).contains(5)).isTrue();
        assertThat(pool.agreement(SECOND).orElseThrow().isDivided()).isTrue();
    }

    /** A pool of four was asked for, and its name leads to one. */
    @Test
    void shouldNotWaitForServersThatThereAreNot() {
        with(4);
        hear(0, 0, 0);
        assertThat(pool.missing()).isEqualTo(1);
        pool.vacate(1);
        pool.vacate(2);
        pool.vacate(3);
        assertThat(pool.missing()).isZero();
        assertThat(agreed(1).isFinite()).isTrue();
        assertThat(agreed(1).contains(0)).isTrue();
        assertThat(doubt(1)).isEqualTo(ServerPool.Doubt.NONE);
        // There are two more now: of three, one may lie, so one voice is not enough.
        pool.clear(1);
        pool.clear(2);
        assertThat(pool.missing()).isEqualTo(1);
        assertThat(agreed(1).isFinite()).isFalse();
        // And whoever has been heard keeps his vote.
        hear(1, 2, 0);
        pool.vacate(0);
        pool.vacate(1);
        hear(2, 3, 5);
        assertThat(agreed(3).contains(0)).isTrue();
        assertThat(agreed(3).contains(5)).isFalse();
    }

    @Test
    void shouldNotLetSilenceMakeTheElectorateSmaller() {
        with(3);
        for (int i = 0; i < 10; i++) {
            hear(0, 16 * i, 0);
            hear(1, 16 * i + 1, 0);
            hear(2, 16 * i + 2, 0);
        }
        // Two fall silent, the third lies by 5 s for an hour.
        for (int i = 10; i < 235; i++) {
            hear(2, 16 * i + 2, 5);
            assertThat(agreed(16 * i + 2).contains(0)).isTrue();
            assertThat(agreed(16 * i + 2).high()).isLessThan(0.5);
        }
    }

    @Test
    void shouldTakeOneServerAtItsWord() {
        with(1);
        hear(0, 0, 0);
        assertThat(agreed(0).isFinite()).isTrue();
        assertThat(doubt(0)).isEqualTo(ServerPool.Doubt.NONE);
    }

    @Test
    void shouldWithdrawWhenTheOnlyServerContradictsItself() {
        with(1);
        hear(0, 0, 0);
        assertThat(hear(0, 16, 0.3)).isFalse();
        assertThat(doubt(16)).isEqualTo(ServerPool.Doubt.CONTRADICTION);
    }

    @Test
    void shouldGoOnWhenAMinorityContradictsItself() {
        with(3);
        for (int seat = 0; seat < 3; seat++) {
            hear(seat, seat, 0);
        }
        hear(2, 16, 0.3);
        assertThat(doubt(16)).isEqualTo(ServerPool.Doubt.NONE);
        hear(1, 17, 0.3);
        assertThat(doubt(17)).isEqualTo(ServerPool.Doubt.CONTRADICTION);
    }

    @Test
    void shouldSayThatNobodyAgreesWhenTooManyAreWrong() {
        with(3);
        hear(0, 0, 0);
        hear(1, 1, 1);
        hear(2, 2, 2);
        assertThat(doubt(2)).isEqualTo(ServerPool.Doubt.NO_MAJORITY);
    }

    @Test
    void shouldNotFollowAllServersFartherThanTheyMay() {
        with(3);
        for (int seat = 0; seat < 3; seat++) {
            hear(seat, seat, 0);
        }
        pool.markSynchronized();
        for (int i = 1; i < 100; i++) {
            for (int seat = 0; seat < 3; seat++) {
                hear(seat, 16 * i + seat, 3600);
                assertThat((i == 1 && seat == 0) || doubt(16 * i + seat) != ServerPool.Doubt.NONE)
                        .isTrue();
            }
        }
        assertThat(doubt(1600)).isEqualTo(ServerPool.Doubt.STEP_TOO_LARGE);
        assertThat(pool.refusedStep()).isBetween(3599.0, 3600.0);
        assertThat(agreed(1600).contains(0)).isTrue();
    }

    @Test
    void shouldNotBeWalkedAwayByServersThatMoveOneAfterTheOther() {
        with(3);
        for (int seat = 0; seat < 3; seat++) {
            hear(seat, seat, 0);
        }
        pool.markSynchronized();
        for (int i = 1; i < 200; i++) {
            hear(0, 16 * i, 3600);
            hear(1, 16 * i + 1, i < 60 ? 0 : 3600);
            hear(2, 16 * i + 2, 0);
            assertThat(agreed(16 * i + 2).contains(0)).isTrue();
        }
        // The second was not free to go once the first had gone: with it there would have been a majority.
        assertThat(pool.isContradicted(0)).isFalse();
        assertThat(pool.isContradicted(1)).isTrue();
    }

    @Test
    void shouldFollowAllServersAsFarAsTheyMayOnceItHasPersisted() {
        with(3);
        for (int seat = 0; seat < 3; seat++) {
            hear(seat, seat, 0);
        }
        pool.markSynchronized();
        for (int i = 1; i < 12; i++) {
            for (int seat = 0; seat < 3; seat++) {
                hear(seat, 16 * i + seat, 0.5);
            }
        }
        assertThat(doubt(180)).isEqualTo(ServerPool.Doubt.NONE);
        assertThat(agreed(180).contains(0.5)).isTrue();
        assertThat(agreed(180).contains(0)).isFalse();
    }

    @Test
    void shouldMeasureTheFrequencyByTheSameVote() {
        with(3);
        for (int i = 0; i <= 200; i++) {
            double seconds = 16 * i;
            hear(0, seconds, seconds * 30e-6);
            hear(1, seconds + 1, (seconds + 1) * 30e-6);
            hear(2, seconds + 2, (seconds + 2) * -80e-6);
        }
        assertThat(pool.frequency().contains(30e-6)).isTrue();
        assertThat(pool.frequency().low()).isGreaterThan(10e-6);
        assertThat(pool.frequency().high()).isLessThan(50e-6);
    }

    @Test
    void shouldKnowNoFrequencyBetterThanTooFewSay() {
        with(3);
        for (int i = 0; i <= 200; i++) {
            hear(0, 16 * i, 16 * i * 80e-6);
        }
        assertThat(pool.frequency()).isEqualTo(CorrectnessInterval.ANY_FREQUENCY);
    }

    /** Within the offsets' room, but all servers say so: the clock has changed by more than it may, or the ways have. */
    @Test
    void shouldTrustNothingButTheNewestWhenMostServersPutTheTimeWhereItCannotBe() {
        with(2);
        for (int i = 0; i < 100; i++) {
            hear(0, 16 * i, 0);
            hear(1, 16 * i + 1, 0);
        }
        // The raw clock has lost 1.7 ms where a round trip of 2 ms hides 2: no exchange contradicts another.
        assertThat(hear(0, 1600, 0.0017)).isTrue();
        assertThat(pool.isAssumptionDoubtful()).isFalse();
        assertThat(hear(1, 1601, 0.0017)).isTrue();
        assertThat(pool.isAssumptionDoubtful()).isTrue();
        assertThat(agreed(1601).contains(0.0017)).isTrue();
        assertThat(agreed(1601).contains(0.0008)).isTrue();
        assertThat(pool.frequency()).isEqualTo(CorrectnessInterval.ANY_FREQUENCY);
    }

    @Test
    void shouldBeginAnewAfterAJumpOfTheClock() {
        with(1);
        hear(0, 0, 0);
        pool.clearAll();
        assertThat(agreed(1).isFinite()).isFalse();
        assertThat(hear(0, 16, 100)).isTrue();
        assertThat(agreed(16).contains(100)).isTrue();
    }

    // --- Servers added and removed ---

    private void change(double seconds) {
        pool.change(Math.round(seconds * SECOND));
    }

    /** Three servers at 0, heard and followed. */
    private void threeAtZero() {
        with(3);
        for (int seat = 0; seat < 3; seat++) {
            hear(seat, seat, 0);
        }
        pool.markSynchronized();
        pool.remember(pool.agreement(3 * SECOND).orElseThrow(), 3 * SECOND);
    }

    @Test
    void shouldLetTheFormerServersVoteUntilOthersHaveTheTime() {
        threeAtZero();
        for (int seat = 0; seat < 3; seat++) {
            pool.removeSeat(seat);
        }
        assertThat(pool.addSeat()).isEqualTo(3);
        assertThat(pool.addSeat()).isEqualTo(4);
        assertThat(pool.addSeat()).isEqualTo(5);
        change(4);
        assertThat(doubt(4)).isEqualTo(ServerPool.Doubt.NONE);
        hear(3, 5, 0);
        change(5);
        assertThat(doubt(5)).isEqualTo(ServerPool.Doubt.NONE);
        assertThat(pool.isHeard(0)).isTrue();
        hear(4, 6, 0);
        change(6);
        // Two of three are a majority, and what the former ones said counts no more.
        assertThat(doubt(6)).isEqualTo(ServerPool.Doubt.NONE);
        assertThat(pool.isHeard(0)).isFalse();
        assertThat(pool.addSeat()).isZero();
    }

    @Test
    void shouldLetOthersVoteAfterAWhileWhetherTheyHaveTheTimeOrNot() {
        threeAtZero();
        for (int i = 0; i < 4; i++) {
            pool.addSeat();
        }
        change(4);
        assertThat(doubt(4)).isEqualTo(ServerPool.Doubt.NONE);
        change(67);
        assertThat(doubt(67)).isEqualTo(ServerPool.Doubt.NONE);
        change(69);
        // Three of seven are no majority.
        assertThat(doubt(69)).isEqualTo(ServerPool.Doubt.TOO_FEW_HEARD);
    }

    @Test
    void shouldNotTakeTheTimeFromOneThatIsLeftAndLies() {
        with(3);
        hear(0, 0, 0);
        hear(1, 1, 0);
        hear(2, 2, 5);
        pool.markSynchronized();
        pool.remember(pool.agreement(3 * SECOND).orElseThrow(), 3 * SECOND);
        pool.removeSeat(0);
        pool.removeSeat(1);
        change(4);
        assertThat(agreed(4).contains(5)).isFalse();
        change(69);
        assertThat(doubt(69)).isEqualTo(ServerPool.Doubt.MOVED);
    }

    @Test
    void shouldMakeWayAtOnceWhereTheFormerServersHaveNoTime() {
        with(2);
        hear(0, 0, 0);
        hear(1, 1, 5);
        assertThat(doubt(1)).isEqualTo(ServerPool.Doubt.NO_MAJORITY);
        pool.removeSeat(1);
        change(2);
        assertThat(doubt(2)).isEqualTo(ServerPool.Doubt.NONE);
    }

    @Test
    void shouldForgetOneThatLeavesBeforeItHasVoted() {
        threeAtZero();
        assertThat(pool.addSeat()).isEqualTo(3);
        pool.removeSeat(3);
        assertThat(pool.addSeat()).isEqualTo(3);
    }
}
