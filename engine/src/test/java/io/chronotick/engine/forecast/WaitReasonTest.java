// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WaitReasonTest {
    /** No beginning is that of another, whatever follows. */
    @ParameterizedTest
    @EnumSource
    void shouldBeFoundInItsOwnWords(WaitReason reason) {
        assertThat(WaitReason.of(reason.text())).contains(reason);
        assertThat(WaitReason.of(reason.text("2 of 8, and more"))).contains(reason);
    }

    @Test
    void shouldNotBeFoundInOtherWords() {
        assertThat(WaitReason.of("")).isEmpty();
        assertThat(WaitReason.of("better times")).isEmpty();
    }
}
