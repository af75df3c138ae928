// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A machine that slept after the record was written, as a reader notices it. */
class SuspendTest extends ReaderFixture {
    private final CorrectionRecord record = new CorrectionRecord();

    @Test
    void shouldCompareTheBootClockOnlyOfAStaleRecordButOfThatEachTime() {
        TestSegment segment = TestSegment.create(path)
                .withLong(PageLayout.BOOTTIME_LEAD_NS, 3 * SECOND)
                .withInt(PageLayout.BOOTTIME_KNOWN, 1)
                .write(ANCHOR, MONO);
        host.boottimeLead = OptionalLong.of(3 * SECOND);
        ChronoTickReader reader = reader();
        host.now = MONO + 50_000_000;
        reader.now(now);
        assertThat(reader.after(0)).isTrue();
        assertThat(host.boottimeReads).isZero();

        host.now++;
        reader.now(now);
        reader.now(now);
        assertThat(host.boottimeReads).isEqualTo(2);

        // Nanoseconds later, as CLOCK_MONOTONIC counts.
        host.boottimeLead = OptionalLong.of(8 * SECOND);
        host.now++;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ExpiredException.class)
                .hasMessageContaining("suspended")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> reader.before(0)).isInstanceOf(ExpiredException.class);
        assertThatThrownBy(() -> reader.clock().millis()).isInstanceOf(ExpiredException.class);
        reader.read(record);
        assertThat(record.isValid()).isTrue();

        segment.withLong(PageLayout.BOOTTIME_LEAD_NS, 8 * SECOND).write(ANCHOR + 5, host.now);
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 5 * SECOND);
    }

    @Test
    void shouldNotUseAStaleRecordWhereTheBootClockIsHidden() {
        TestSegment.create(path)
                .withLong(PageLayout.BOOTTIME_LEAD_NS, 3600 * SECOND)
                .withInt(PageLayout.BOOTTIME_KNOWN, 1)
                .write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        host.now += SECOND;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ExpiredException.class)
                .hasMessageContaining("/proc/uptime");
        // lxcfs: the container is younger than the machine.
        host.boottimeLead = OptionalLong.of(-60 * SECOND);
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ExpiredException.class)
                .hasMessageContaining("lxcfs");
    }
}
