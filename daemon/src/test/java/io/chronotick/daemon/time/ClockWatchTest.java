// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClockWatchTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;

    private final FakeClocks clocks = new FakeClocks();
    private ClockWatch watch = new ClockWatch(clocks);
    private long start;

    private void readAfter(long nanos) {
        clocks.pass(nanos, 0);
        watch.read();
    }

    private void begin() {
        readAfter(10 * MILLI);
        start = watch.rawNanos();
    }

    private void expect(long discontinuities, long steps) {
        assertThat(watch.discontinuities()).isEqualTo(discontinuities);
        assertThat(watch.steps()).isEqualTo(steps);
        assertThat(watch.isContinuousSince(start)).isEqualTo(discontinuities == 0);
        assertThat(watch.isContinuousSince(clocks.rawNanos())).isTrue();
    }

    @Test
    void shouldAskWhoseClocksTheyAreOnlyWhenOneOfThemDidNotGoOn() {
        begin();
        int looks = clocks.domainLooks();
        for (int i = 0; i < 100; i++) {
            readAfter(10 * MILLI);
        }
        assertThat(clocks.domainLooks()).isEqualTo(looks);
        clocks.stepRealtime(SECOND);
        readAfter(10 * MILLI);
        assertThat(clocks.domainLooks()).isEqualTo(looks + 1);
        expect(0, 1);
        assertThat(watch.isSteppedOfLate()).isTrue();
        readAfter(61 * SECOND);
        assertThat(watch.isSteppedOfLate()).isFalse();
    }

    @Test
    void shouldBelieveTheHypervisor() {
        AtomicLong marker = new AtomicLong(7);
        watch = new ClockWatch(clocks, marker::get);
        begin();
        readAfter(10 * MILLI);
        expect(0, 0);
        marker.set(8);
        readAfter(10 * MILLI);
        expect(1, 0);
        readAfter(10 * MILLI);
        expect(1, 0);
        marker.set(7); // to what it was: another disruption
        clocks.suspend(5 * SECOND); // seen at the same time, it is one
        readAfter(10 * MILLI);
        expect(2, 1);
        readAfter(10 * MILLI);
        expect(2, 1);
    }

    @Test
    void shouldNoticeASuspend() {
        begin();
        clocks.suspend(5 * SECOND);
        readAfter(10 * MILLI);
        expect(1, 1);
        assertThat(watch.boottimeLeadNanos()).isEqualTo(5 * SECOND);
        readAfter(10 * MILLI);
        expect(1, 1);
    }

    @Test
    void shouldTakeAStepForwardForASuspendWhereNothingElseShowsOne() {
        clocks.hideBoottime();
        begin();
        clocks.stepRealtime(-5 * SECOND);
        readAfter(10 * MILLI);
        expect(0, 1);
        clocks.pass(10 * SECOND, 500e-6);
        watch.read();
        expect(0, 1);
        clocks.suspend(5 * SECOND);
        readAfter(10 * MILLI);
        expect(1, 2);
    }

    @Test
    void shouldNoticeThatItWasRestoredInAnotherTimeNamespace() {
        begin();
        ClockDomain before = watch.domain();
        clocks.restoreInNamespace(4, 100 * MILLI);
        readAfter(10 * MILLI);
        expect(1, 1);
        assertThat(watch.domain()).isNotEqualTo(before).isEqualTo(clocks.domain());
    }

    @Test
    void shouldNoticeThatItWasRestoredInAnotherBoot() {
        begin();
        UUID boot = new UUID(5, 6);
        clocks.restoreInBoot(boot, 3600 * SECOND);
        watch.read();
        assertThat(watch.discontinuities()).isPositive();
        assertThat(watch.domain().bootId()).contains(boot);
    }

    @Test
    void shouldNoticeClocksThatGoBack() {
        begin();
        clocks.turnBack(MILLI + 10 * MILLI);
        readAfter(10 * MILLI);
        assertThat(watch.discontinuities()).isEqualTo(1);
    }

    @Test
    void shouldNotTakeALateReadingForMoreThanThat() {
        begin();
        readAfter(3600 * SECOND); // stopped, or a paused virtual machine whose clocks go on: it is as late as it seems
        clocks.pass(60 * SECOND, 0.08); // somebody slews as fast as chronyd does at most
        watch.read();
        expect(0, 0);
    }

    /** What the documents say cannot be seen: all the clocks of a virtual machine stood still, and it is not even late. */
    @Test
    void shouldNotSeeAPauseInWhichAllClocksStoodStill() {
        begin();
        readAfter(10 * MILLI);
        expect(0, 0);
    }
}
