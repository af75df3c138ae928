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
        schedule.begin(16, 1, now);
    }

    /** Time until the next request, s; it is then that time. */
    private double waited() {
        double seconds = (schedule.nextNanos() - now) / 1e9;
        now = schedule.nextNanos();
        return seconds;
    }

    private double answered() {
        schedule.onAnswer(now);
        return waited();
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
        for (double expected : new double[] {2, 4, 8, 16, 16, 16}) {
            schedule.onSilence(now, true);
            assertThat(waited()).isBetween(0.98 * expected, 1.02 * expected);
        }
        // An answer ends that, and the burst goes on where it was.
        assertThat(answered()).isEqualTo(1);
    }

    @Test
    void oneLostAnswerIsNoReasonToHurry() {
        endBurst();
        schedule.onSilence(now, false);
        assertThat(waited()).isBetween(0.98 * 16, 1.02 * 16);
    }

    @Test
    void confirmsQuickly() {
        endBurst();
        schedule.onAnswer(now);
        schedule.confirm(3, now);
        assertThat(waited()).isEqualTo(1);
        assertThat(answered()).isEqualTo(1);
        assertThat(answered()).isEqualTo(1);
        assertThat(answered()).isGreaterThan(15);
    }

    @Test
    void asksWithinATimeButNeverLaterThanPlanned() {
        endBurst();
        schedule.askWithin(5, now);
        assertThat(waited()).isZero(); // it was due already
        schedule.onAnswer(now);
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

    /** A poll that is configured slower than that limit is not made faster by a kiss. */
    @Test
    void rateNeverMakesAPollFaster() {
        schedule.begin(4096, 1, now);
        schedule.onKiss("RATE", now);
        assertThat(schedule.pollSeconds()).isEqualTo(4096);
    }

    @Test
    void aRefusalIsKeptLongerEachTimeUntilAnAnswerEndsIt() {
        for (double hours : new double[] {1, 2, 4, 8, 16, 24, 24}) {
            schedule.onKiss("DENY", now);
            assertThat(schedule.isDenied()).isTrue();
            assertThat(waited() / 3600).isBetween(0.98 * hours, 1.02 * hours);
        }
        schedule.onAnswer(now);
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
