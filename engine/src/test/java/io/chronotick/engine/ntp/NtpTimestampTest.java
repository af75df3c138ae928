// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NtpTimestampTest {
    private static long unixNanos(String instant) {
        Instant i = Instant.parse(instant);
        return i.getEpochSecond() * 1_000_000_000L + i.getNano();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2024-01-01T00:00:00Z",
                "2026-11-22T12:34:56.789012345Z",
                // The last and the first instant of an era (RFC 5905, figure 4).
                "2036-02-07T06:28:15.999999999Z",
                "2036-02-07T06:28:16Z",
                "2036-02-07T06:28:16.000000001Z",
                "2106-02-07T06:28:16Z",
                "2159-12-31T00:00:00Z"
            })
    void shouldComeBackAcrossEras(String instant) {
        long nanos = unixNanos(instant);
        assertThat(NtpTimestamp.ofUnixNanos(nanos).toUnixNanos()).isEqualTo(nanos);
    }

    @Test
    void shouldEncodeTheUnixEpochOfRfc5905() {
        // RFC 5905, figure 4: 1 Jan 1970 is second 2,208,988,800 of era 0.
        assertThat(NtpTimestamp.ofUnixNanos(0).bits()).isEqualTo(2_208_988_800L << 32);
    }

    @Test
    void shouldCarryTheFractionIntoTheSeconds() {
        // 0.9999999999 s is nearer to the next second than to the step below it only above 1 - 2^-33; 999999999 ns is
        // not.
        long bits = NtpTimestamp.ofUnixNanos(1_999_999_999L).bits();
        assertThat(bits >>> 32).isEqualTo(2_208_988_801L);
        assertThat(bits & 0xFFFF_FFFFL).isEqualTo(Math.round(0.999999999 * 0x1p32));
    }

    @Test
    void shouldRoundTripEveryNanosecondTried() {
        Random random = new Random(1);
        long base = unixNanos("2026-01-01T00:00:00Z");
        for (int i = 0; i < 100_000; i++) {
            long nanos = base + random.nextLong(1_000_000_000_000_000L);
            assertThat(NtpTimestamp.ofUnixNanos(nanos).toUnixNanos()).isEqualTo(nanos);
        }
    }
}
