// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExchangeTest {
    private static final long EPOCH = 1_800_000_000_000_000_000L;

    /** The server is 5 us ahead of raw + epoch; 20 us there, 10 us at the server, 30 us back. */
    private final Exchange exchange = new Exchange(0, 1000, EPOCH + 26_000, EPOCH + 36_000, 61_000, 0.002, 0.001, 1e-6);

    @Test
    void shouldShowTheOffsetWithTheQueueOfEachDirection() {
        assertThat(exchange.forwardOffset(EPOCH)).isEqualTo(25_000 * 1e-9);
        assertThat(exchange.returnOffset(EPOCH)).isEqualTo(-25_000 * 1e-9);
    }

    @Test
    void shouldTakeTheTimeAtTheServerOffTheRoundTrip() {
        assertThat(exchange.delay()).isEqualTo(50_000 * 1e-9);
        assertThat(exchange.middle()).isEqualTo(31_000);
    }

    @Test
    void shouldAddUpWhatTheServerMayBeWrongBy() {
        assertThat(exchange.serverError()).isEqualTo(0.001 + 0.001 + 1e-6);
    }
}
