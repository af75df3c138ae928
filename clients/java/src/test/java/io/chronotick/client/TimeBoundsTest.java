// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.TimeBounds.Order;
import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class TimeBoundsTest {
    private static final long SECOND = 1_000_000_000L;

    private static TimeBounds bounds(long earliest, long latest) {
        return new TimeBounds(earliest, latest);
    }

    @Test
    void shouldBeCertainOnlyWhenTheBoundsShareNoInstant() {
        assertThat(bounds(10, 20).orderTo(bounds(21, 30))).isEqualTo(Order.BEFORE);
        assertThat(bounds(21, 30).orderTo(bounds(10, 20))).isEqualTo(Order.AFTER);
        assertThat(bounds(10, 20).orderTo(bounds(20, 30))).isEqualTo(Order.OVERLAPPING);
        assertThat(bounds(10, 20).orderTo(bounds(12, 13))).isEqualTo(Order.OVERLAPPING);
    }

    @Test
    void shouldTellTheGapAndWhatIsMissing() {
        assertThat(bounds(10, 20).gapNanos(bounds(25, 30))).isEqualTo(5);
        assertThat(bounds(25, 30).gapNanos(bounds(10, 20))).isEqualTo(5);
        assertThat(bounds(10, 20).waitNanos(bounds(25, 30))).isZero();
        // 18..28 has to become 21..31.
        assertThat(bounds(10, 20).gapNanos(bounds(18, 28))).isEqualTo(-2);
        assertThat(bounds(10, 20).waitNanos(bounds(18, 28))).isEqualTo(3);
        // One inside the other: 12..13 is before the middle, so 10..20 is the later one and has to become 14..24.
        assertThat(bounds(12, 13).waitNanos(bounds(10, 20))).isEqualTo(4);
    }

    @Test
    void shouldNotOverflow() {
        TimeBounds first = bounds(Long.MIN_VALUE, Long.MIN_VALUE + 1);
        TimeBounds last = bounds(Long.MAX_VALUE - 1, Long.MAX_VALUE);
        assertThat(first.orderTo(last)).isEqualTo(Order.BEFORE);
        assertThat(first.gapNanos(last)).isEqualTo(Long.MAX_VALUE);
        TimeBounds any = bounds(Long.MIN_VALUE, Long.MAX_VALUE);
        assertThat(any.orderTo(any)).isEqualTo(Order.OVERLAPPING);
        assertThat(any.waitNanos(any)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldReadWhatItWrote() {
        TimeBounds bounds = bounds(1_741_880_000_123_456_789L, 1_741_880_000_123_556_789L);
        assertThat(bounds).hasToString("2025-03-13T15:33:20.123456789Z/2025-03-13T15:33:20.123556789Z");
        assertThat(TimeBounds.parse(bounds.toString())).isEqualTo(bounds);
    }

    @Test
    void shouldRefuseWhatIsNoInterval() {
        assertThatThrownBy(() -> bounds(1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimeBounds.parse("2025-03-13T15:33:20Z"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("slash");
        assertThatThrownBy(() -> TimeBounds.parse("2025-03-13T15:33:20/2025-03-13T15:33:20"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimeBounds.of(Instant.MIN, Instant.MAX))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1677");
    }

    /** Whatever two honest hosts err by, a certain answer is right; and after the wait that is asked for, there is one. */
    @Property
    void shouldNeverBeCertainAndWrong(
            @ForAll @LongRange(min = 0, max = SECOND) long between,
            @ForAll @LongRange(min = 0, max = SECOND) long bound,
            @ForAll @LongRange(min = 0, max = SECOND) long otherBound,
            @ForAll @LongRange(min = -1000, max = 1000) long error,
            @ForAll @LongRange(min = -1000, max = 1000) long otherError) {
        long middle = error * bound / 1000;
        long otherMiddle = between + otherError * otherBound / 1000;
        TimeBounds first = bounds(middle - bound, middle + bound);
        TimeBounds second = bounds(otherMiddle - otherBound, otherMiddle + otherBound);

        assertThat(first.orderTo(second)).isNotEqualTo(Order.AFTER);
        assertThat(second.orderTo(first)).isNotEqualTo(Order.BEFORE);
        if (otherMiddle > middle) {
            long wait = first.waitNanos(second);
            TimeBounds later = bounds(second.earliestNanos() + wait, second.latestNanos() + wait);
            assertThat(first.orderTo(later)).isEqualTo(Order.BEFORE);
            assertThat(wait == 0).isEqualTo(first.orderTo(second) == Order.BEFORE);
        }
    }
}
