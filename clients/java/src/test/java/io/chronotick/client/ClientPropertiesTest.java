// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Scale;
import net.jqwik.api.constraints.Size;

class ClientPropertiesTest {
    /** Against exact decimal arithmetic, for any offset up to decades and any age. */
    @Property
    void shouldBeExactToANanosecond(
            @ForAll @LongRange(min = 0, max = 1L << 31) long seconds,
            @ForAll @IntRange(min = 0, max = 511) int fraction,
            @ForAll @DoubleRange(min = -2e9, max = 2e9) @Scale(9) double offset,
            @ForAll @DoubleRange(min = -1e-3, max = 1e-3) @Scale(15) double drift,
            @ForAll @LongRange(min = -4_000_000, max = 1_000_000_000_000L) long elapsed) {
        double system = seconds + fraction / 512.0;
        double prediction = system - 2;
        long estimate = CorrectionMath.estimateNanos(
                CorrectionMath.anchorWhole(system, offset),
                CorrectionMath.anchorFraction(system, offset, drift, prediction),
                drift,
                elapsed);

        BigDecimal billion = BigDecimal.valueOf(1_000_000_000);
        BigDecimal age = BigDecimal.valueOf(elapsed);
        BigDecimal exact = new BigDecimal(system)
                .add(new BigDecimal(offset))
                .add(new BigDecimal(drift).multiply(BigDecimal.valueOf(2)))
                .multiply(billion)
                .add(age)
                .add(new BigDecimal(drift).multiply(age));
        assertThat(exact.subtract(BigDecimal.valueOf(estimate)).abs()).isLessThanOrEqualTo(BigDecimal.ONE);
    }

    /** The bound never rounds in its own favour, and grows with distance from the anchor on both sides. */
    @Property
    void shouldRoundTheBoundUp(
            @ForAll @DoubleRange(min = 0, max = 1e6) @Scale(9) double maxError,
            @ForAll @DoubleRange(min = 1e-9, max = 1e-3) @Scale(12) double maxDrift,
            @ForAll @LongRange(min = -1_000_000_000L, max = 1_000_000_000_000L) long elapsed) {
        long bound = CorrectionMath.boundNanos(maxError, maxDrift, elapsed);
        BigDecimal exact = new BigDecimal(maxError)
                .movePointRight(9)
                .add(new BigDecimal(maxDrift).multiply(BigDecimal.valueOf(Math.abs(elapsed))));
        assertThat(BigDecimal.valueOf(bound)).isGreaterThan(exact.setScale(0, RoundingMode.FLOOR));
        assertThat(bound).isLessThanOrEqualTo(CorrectionMath.boundNanos(maxError, maxDrift, 2 * elapsed));
    }

    /** Whatever text a page holds, it is read to its end and no further. */
    @Property(tries = 200)
    void shouldReadAnyText(@ForAll @Size(64) byte[] name) {
        byte[] page = new byte[RecordLayout.SEGMENT_SIZE];
        ByteBuffer b = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
        b.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE).putInt(PageLayout.PAGE_VERSION, PageLayout.VERSION);
        b.putInt(PageLayout.SOURCE_COUNT, 1);
        b.put(PageLayout.SOURCES + PageLayout.SOURCE_NAME, name);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        assertThat(StatusPage.parse(Path.of("x"), page).sources().get(0).name())
                .isEqualTo(new String(name, 0, length, StandardCharsets.UTF_8));
    }
}
