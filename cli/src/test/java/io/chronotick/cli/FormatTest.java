// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.Format;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {
    @Test
    void shouldShowUnixSecondsWithoutLosingANanosecond() {
        assertThat(Format.unixSeconds(1_763_855_123_123_456_789L)).isEqualTo("1763855123.123456789");
        assertThat(Format.unixSeconds(5)).isEqualTo("0.000000005");
        assertThat(Format.unixSeconds(-500_000_000L)).isEqualTo("-0.500000000");
    }

    @Test
    void shouldShowTheSameDateAsJavaTime() {
        // From 1677 to 2262: all that a long of nanoseconds holds, leap days and centuries among them.
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            long nanos = random.nextLong();
            Instant expected = Instant.ofEpochSecond(0, nanos);
            assertThat(Instant.parse(Format.iso(nanos))).isEqualTo(expected);
        }
        assertThat(Format.iso(951_782_400_000_000_001L)).isEqualTo("2000-02-29T00:00:00.000000001Z");
    }

    @Test
    void shouldChooseTheUnitAndKeepTheSign() {
        assertThat(Format.offset(0.0231)).isEqualTo("+23.100 ms");
        assertThat(Format.offset(-12.5e-6)).isEqualTo("-12.500 µs");
        assertThat(Format.duration(45e-9)).isEqualTo("45 ns");
        assertThat(Format.duration(1.5)).isEqualTo("1.500 s");
        // Never "1000.000 µs".
        assertThat(Format.duration(999.9999e-6)).isEqualTo("1.000 ms");
        assertThat(Format.duration(Double.NaN)).isEqualTo("-");
        assertThat(Format.ppm(12e-6)).isEqualTo("+12.0000 ppm");
        assertThat(Format.age(90_061)).isEqualTo("1 d 1 h 1 min 1 s");
        assertThat(Format.grouped(1_234_567)).isEqualTo("1 234 567");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "2001:db8:0:0:0:0:0:5, 2001:db8::5",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "0:0:0:0:0:0:0:1, ::1",
        "2001:db8:1:2:3:0:0:0, 2001:db8:1:2:3::"
    })
    void shouldShortenAddresses(String given, String shown) {
        assertThat(Format.address(InetAddress.ofLiteral(given))).isEqualTo(shown);
    }
}
