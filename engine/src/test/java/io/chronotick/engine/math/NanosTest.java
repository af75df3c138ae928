// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NanosTest {
    @Test
    void shouldConvertToSeconds() {
        assertThat(Nanos.toSeconds(1_500_000_000L)).isEqualTo(1.5);
        assertThat(Nanos.toSeconds(-1)).isEqualTo(-1e-9);
    }

    @Test
    void shouldConvertToWholeNanoseconds() {
        assertThat(Nanos.ofSeconds(1.5)).isEqualTo(1_500_000_000L);
        assertThat(Nanos.ofSeconds(-2.6e-9)).isEqualTo(-3);
        assertThat(Nanos.ofSeconds(2.5e-9)).isEqualTo(3);
    }

    @Test
    void shouldEndAtWhatALongHolds() {
        assertThat(Nanos.ofSeconds(Double.POSITIVE_INFINITY)).isEqualTo(Long.MAX_VALUE);
        assertThat(Nanos.ofSeconds(-1e300)).isEqualTo(Long.MIN_VALUE);
        assertThat(Nanos.ofSeconds(Double.NaN)).isZero();
    }
}
