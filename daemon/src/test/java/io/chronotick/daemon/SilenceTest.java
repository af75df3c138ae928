// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.time.Libc;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SilenceTest {
    @ParameterizedTest
    @EnumSource
    void shouldBeFoundInItsOwnWords(Silence silence) {
        assertThat(Silence.in("an answer: 2 x " + silence.words())).contains(silence);
    }

    /** Error numbers of Linux. */
    @ParameterizedTest
    @CsvSource({"101, NETWORK_UNREACHABLE", "111, REFUSED", "113, NO_ROUTE"})
    void shouldBeFoundInWhatTheKernelSays(int errno, Silence silence) {
        assertThat(Silence.in(Libc.errnoText(errno))).contains(silence);
    }
}
