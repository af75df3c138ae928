// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a server is asked; what of it reaches the wire is {@link NtpAssociationTest}'s concern. Polls of 16 s, bursts of 4 at 1 s. */
class PollScheduleTest {
    private static final long SECOND = 1_000_000_000L;

    private final PollSchedule schedule = new PollSchedule(4, new Random(1));
    private long now = 1000 * SECOND;

    @BeforeEach
    void begin() {
        schedule.begin(16, 16, 1, now);
    }

    /** Time until the next request, s; it is then that time. */
    private double waited() {
        double seconds = (schedule.nextNanos() - now) / 1e9;
        now = schedule.nextNanos();
        return seconds;
    }

    private double answered() {
        exchange();
        return waited();
    }

    private void exchange() {
        schedule.onRequest(now);
        schedule.onAnswer(now, false);
    }

    private void silence(boolean unreachable) {
        schedule.onRequest(now);
        schedule.onSilence(now, unreachable);
    }

    private void endBurst() {
        for (int i = 0; i < 4; i++) {
            answered();
        }
    }

    @Test
    void asksForNothingBeforeItBegins() {
        PollSchedule idle = new PollSchedule(4, new Random(1));
        assertThat(idle.isDue(Long.MAX_VALUE / 2)).isFalse();
        assertThat(idle.nextNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void isDueFromItsTimeOn() {
        assertThat(schedule.isDue(now - 1)).isFalse();
        assertThat(schedule.isDue(now)).isTrue();
        assertThat(schedule.isDue(now + 1)).isTrue();
    }

    @Test
    void burstsThenPolls() {
        for (int i = 0; i < 3; i++) {
            assertThat(answered()).isEqualTo(1);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(answered()).isBetween(0.98 * 16, 1.02 * 16);
        }
    }

    /** Clients that were started together do not stay so: the polls use the whole spread, to both sides. */
    @Test
    void spreadsThePolls() {
        endBurst();
        double least = 16;
        double most = 16;
        for (int i = 0; i < 100; i++) {
            double seconds = answered();
            least = Math.min(least, seconds);
            most = Math.max(most, seconds);
        }
        assertThat(least).isBetween(0.98 * 16, 0.985 * 16);
        assertThat(most).isBetween(1.015 * 16, 1.02 * 16);
    }

    @Test
    void retriesAtDoublingIntervalsUpToThePoll() {
        PollSchedule patient = new PollSchedule(8, new Random(1));
        patient.begin(16, 16, 1, now);
        for (double expected : new double[] {2, 4, 8, 16, 16, 16}) {
            patient.onRequest(now);
            patient.onSilence(now, true);
            assertThat((patient.nextNanos() - now) / 1e9).isBetween(0.98 * expected, 1.02 * expected);
            now = patient.nextNanos();
        }
        // An answer ends that, and the path is measured.
        patient.onRequest(now);
        patient.onAnswer(now, true);
        assertThat((patient.nextNanos() - now) / 1e9).isEqualTo(1);
    }

    /** A burst is so many requests, whatever becomes of them. */
    @Test
    void lostAnswersMakeABurstNoLonger() {
        int quick = 0;
        for (int i = 0; i < 20; i++) {
            silence(i % 2 == 0);
            quick += waited() < 15 ? 1 : 0;
        }
        assertThat(quick).isLessThanOrEqualTo(4);
    }

    @Test
    void aBurstEndsAfterFourAnswersWhereThatIsEnough() {
        PollSchedule eight = new PollSchedule(8, new Random(1));
        eight.begin(64, 64, 2, now);
        for (int i = 0; i < 4; i++) {
            eight.onRequest(now);
            eight.onAnswer(now, i == 0);
            if (i < 3) {
                eight.endBurst();
            }
            assertThat((eight.nextNanos() - now) / 1e9).isEqualTo(2);
            now = eight.nextNanos();
        }
        now -= 2 * SECOND;
        eight.endBurst();
        assertThat((eight.nextNanos() - now) / 1e9).isBetween(0.98 * 64, 1.02 * 64);
    }

    /** Who contradicts itself for ever is asked a quarter more often than the poll says, and not more. */
    @Test
    void whateverHurriesDrawsOnOneBudget() {
        endBurst();
        long begin = now;
        int requests = 0;
        while (now - begin < 3600 * SECOND) {
            exchange();
            requests++;
            schedule.confirm(3, now);
            schedule.askWithin(1, now);
            assertThat(waited()).isGreaterThanOrEqualTo(1);
        }
        assertThat(requests).isBetween(3600 / 16, 3600 / 16 * 5 / 4 + 5);
    }

    @Test
    void oneLostAnswerIsNoReasonToHurry() {
        endBurst();
        silence(false);
        assertThat(waited()).isBetween(0.98 * 16, 1.02 * 16);
    }

    /** The network comes up late: no server has been asked yet, so the burst is still to be had. */
    @Test
    void requestsThatNeverLeftThisHostCostNothing() {
        for (int i = 0; i < 10; i++) {
            schedule.onRequest(now);
            now += SECOND;
            schedule.onNotSent();
            schedule.onSilence(now, true);
            waited();
        }
        schedule.onRequest(now);
        schedule.onAnswer(now, true);
        for (int i = 0; i < 3; i++) {
            assertThat(waited()).isEqualTo(1);
            exchange();
        }
        assertThat(waited()).isGreaterThan(15);
    }

    /** Nobody is bothered by what does not leave: a network that comes up is noticed within seconds, at any poll. */
    @Test
    void triesAgainSoonWhatHasNotLeftThisHost() {
        schedule.begin(64, 1024, 2, now);
        for (int i = 0; i < 100; i++) {
            schedule.onRequest(now);
            schedule.onNotSent();
            schedule.onSilence(now, true);
            assertThat(waited()).isLessThan(8.2);
        }
    }

    /** Polls of 64 to 1024 s, the burst over. */
    private void beginAdaptive() {
        schedule.begin(64, 1024, 2, now);
        endBurst();
    }

    /** Seconds until the request after the one that is answered and judged now. */
    private double adapted(double longestGood) {
        exchange();
        schedule.adapt(seconds -> seconds <= longestGood);
        return waited();
    }

    @Test
    void doublesThePollAfterTwoAnswersThatFindTheDoubledOneGood() {
        beginAdaptive();
        double poll = 64;
        for (int i = 1; i <= 24; i++) {
            if (i % 2 == 0) {
                poll = Math.min(2 * poll, 1024);
            }
            assertThat(adapted(1e9)).as("after answer %d", i).isBetween(0.98 * poll, 1.02 * poll);
        }
        assertThat(poll).isEqualTo(1024);
    }

    @Test
    void keepsAPollThatIsJustGoodEnough() {
        beginAdaptive();
        for (int i = 0; i < 40; i++) {
            adapted(300);
        }
        assertThat(schedule.pollSeconds()).isEqualTo(256);
        // One that would do for more, and one that would not: the count begins anew.
        for (int i = 0; i < 40; i++) {
            adapted(i % 2 == 0 ? 600 : 300);
        }
        assertThat(schedule.pollSeconds()).isEqualTo(256);
    }

    @Test
    void halvesThePollAtOnceDownToTheShortest() {
        beginAdaptive();
        for (int i = 0; i < 16; i++) {
            adapted(1e9);
        }
        for (double poll : new double[] {512, 256, 128, 64, 64}) {
            assertThat(adapted(10)).isBetween(0.98 * poll, 1.02 * poll);
        }
    }

    @Test
    void neverAdaptsAFixedPoll() {
        endBurst();
        for (int i = 0; i < 20; i++) {
            assertThat(adapted(i < 10 ? 1e9 : 1)).isBetween(0.98 * 16, 1.02 * 16);
        }
    }

    /** One lost packet is asked for again at the shortest poll, which costs no budget; the answer leads back to the long one. */
    @Test
    void asksAgainAtTheShortestPollForWhatWasLost() {
        beginAdaptive();
        for (int i = 0; i < 16; i++) {
            adapted(1e9);
        }
        for (int i = 0; i < 3; i++) {
            silence(false);
            assertThat(waited()).isBetween(0.98 * 64, 1.02 * 64);
        }
        assertThat(adapted(1e9)).isBetween(0.98 * 1024, 1.02 * 1024);
    }

    @Test
    void asksADeadServerEverLessOften() {
        beginAdaptive();
        for (int i = 0; i < 20; i++) {
            silence(true);
            double seconds = waited();
            assertThat(seconds).isLessThan(1.02 * 256);
            if (i > 8) {
                assertThat(seconds).isGreaterThan(0.98 * 256);
            }
        }
    }

    @Test
    void shortensThePollWhereMoreDependsOnIt() {
        beginAdaptive();
        for (int i = 0; i < 16; i++) {
            adapted(1e9);
        }
        exchange();
        now += 10 * SECOND;
        schedule.shorten(now);
        assertThat(waited()).isEqualTo(502);
        exchange();
        now += 100 * SECOND;
        schedule.shortenFully(now);
        assertThat(schedule.isDue(now)).isTrue();
        assertThat(answered()).isBetween(0.98 * 64, 1.02 * 64);
    }

    /** RATE is the server's floor under what adapts, which goes on beneath it. */
    @Test
    void rateSlowsAPollThatAdapts() {
        beginAdaptive();
        schedule.onKiss("RATE", now);
        waited();
        for (int i = 0; i < 60; i++) {
            schedule.shortenFully(now);
            schedule.confirm(8, now);
            assertThat(adapted(10)).isGreaterThanOrEqualTo(i < 31 ? 0.98 * 128 : 0.98 * 64);
        }
    }

    @Test
    void confirmsQuickly() {
        endBurst();
        now += 1000 * SECOND; // the budget is full again
        exchange();
        schedule.confirm(3, now);
        assertThat(waited()).isEqualTo(1);
        assertThat(answered()).isEqualTo(1);
        assertThat(answered()).isEqualTo(1);
        assertThat(answered()).isGreaterThan(15);
    }

    @Test
    void asksWithinATimeButNeverLaterThanPlanned() {
        endBurst();
        now += 1000 * SECOND;
        exchange();
        schedule.askWithin(5, now);
        assertThat(waited()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"RATE", "DENY", "RSTR"})
    void isNotHurriedAgainstTheServersWill(String code) {
        schedule.onKiss(code, now);
        long planned = schedule.nextNanos();
        schedule.confirm(8, now);
        schedule.askWithin(1, now);
        assertThat(schedule.nextNanos()).isEqualTo(planned);
    }

    @Test
    void rateDoublesThePollUpToALimitAndEndsTheBurst() {
        double poll = 16;
        for (int i = 0; i < 10; i++) {
            schedule.onKiss("RATE", now);
            poll = Math.min(2 * poll, 1024);
            assertThat(schedule.pollSeconds()).isEqualTo(poll);
            assertThat(waited()).isBetween(0.98 * poll, 1.02 * poll);
        }
    }

    /** A poll that is configured slower than that limit is not made faster by a kiss, nor by anything after it. */
    @Test
    void rateNeverMakesAPollFaster() {
        schedule.begin(4096, 4096, 1, now);
        schedule.onKiss("RATE", now);
        assertThat(schedule.pollSeconds()).isEqualTo(4096);
        schedule.confirm(8, now);
        schedule.askWithin(1, now);
        assertThat(waited()).isGreaterThan(4000);
    }

    /** By no path is a server that has said RATE asked faster than its poll, which takes 32 answers to be halved. */
    @Test
    void rateBindsEverything() {
        schedule.onKiss("RATE", now);
        waited();
        for (int i = 0; i < 200; i++) {
            double poll = i < 32 ? 32 : 16;
            assertThat(schedule.pollSeconds()).isEqualTo(poll);
            if (i % 3 == 0) {
                silence(true);
                schedule.confirm(8, now);
                schedule.askWithin(1, now);
                schedule.onDiscontinuity(now, true);
                assertThat(waited()).isGreaterThanOrEqualTo(0.98 * poll);
            }
            schedule.onRequest(now);
            schedule.onAnswer(now, i % 3 == 0);
            schedule.confirm(8, now);
            schedule.askWithin(1, now);
            schedule.endBurst();
            assertThat(waited()).isGreaterThanOrEqualTo(0.98 * (i < 31 ? 32 : 16));
        }
    }

    @Test
    void aRefusalIsKeptLongerEachTimeUntilAnAnswerEndsIt() {
        for (double hours : new double[] {1, 2, 4, 8, 16, 24, 24}) {
            schedule.onKiss("DENY", now);
            assertThat(schedule.isDenied()).isTrue();
            assertThat(waited() / 3600).isBetween(0.98 * hours, 1.02 * hours);
        }
        schedule.onAnswer(now, true);
        assertThat(schedule.isDenied()).isFalse();
        schedule.onKiss("DENY", now);
        assertThat(waited() / 3600).isBetween(0.98, 1.02);
    }

    @Test
    void anUnknownKissAsksForNothing() {
        schedule.onKiss("INIT", now);
        assertThat(schedule.isDenied()).isFalse();
        assertThat(schedule.pollSeconds()).isEqualTo(16);
        assertThat(waited()).isBetween(0.98 * 16, 1.02 * 16);
    }

    @Test
    void aClockThatJumpedBackDoesNotSilenceIt() {
        endBurst();
        schedule.onDiscontinuity(now - 1_000_000 * SECOND, false);
        assertThat((schedule.nextNanos() - (now - 1_000_000 * SECOND)) / 1e9).isBetween(0.0, 1.02 * 16);
    }
}
