// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class KeyExchangeMessageTest {
    private final ByteBuffer out = ByteBuffer.allocate(100_000);

    private KeyExchangeMessageTest record(int type, byte... body) {
        out.putShort((short) type).putShort((short) body.length).put(body);
        return this;
    }

    private KeyExchangeMessageTest number(int type, int value) {
        return record(type, (byte) (value >> 8), (byte) value);
    }

    private KeyExchangeMessageTest good() {
        return number(0x8001, 0).number(0x8004, 15).record(5, new byte[100]);
    }

    private KeyExchangeMessage end() throws KeyExchangeMessage.BadAnswer {
        record(0x8000);
        assertThat(KeyExchangeMessage.isComplete(out.array(), out.position())).isTrue();
        assertThat(KeyExchangeMessage.isComplete(out.array(), out.position() - 1))
                .isFalse();
        return KeyExchangeMessage.parse(out.array(), out.position());
    }

    private void assertRefused(KeyExchangeFailure failure, String message) {
        assertThatThrownBy(this::end)
                .isInstanceOfSatisfying(
                        KeyExchangeMessage.BadAnswer.class,
                        bad -> assertThat(bad.failure()).isEqualTo(failure))
                .hasMessageContaining(message);
    }

    @Test
    void asksForNtpv4AndOneAlgorithm() {
        assertThat(KeyExchangeMessage.request())
                .isEqualTo(HexFormat.of().parseHex("80010002" + "0000" + "80040002" + "000f" + "80000000"));
    }

    @Test
    void readsCookiesHostAndPort() throws KeyExchangeMessage.BadAnswer {
        KeyExchangeMessage answer = good().record(5, new byte[104])
                .record(0x8006, "ntp.example".getBytes(StandardCharsets.US_ASCII))
                .number(0x8007, 11_123)
                .number(3, 7)
                .record(0x4242, (byte) 1) // unknown, and nobody has to understand it
                .end();
        assertThat(answer.cookies()).extracting(cookie -> cookie.length).containsExactly(100, 104);
        assertThat(answer.host()).hasValue("ntp.example");
        assertThat(answer.port()).hasValue(11_123);
        assertThat(answer.warnings()).containsExactly(7);
    }

    @Test
    void aHostIsTheOneThatWasAskedUnlessNamed() throws KeyExchangeMessage.BadAnswer {
        KeyExchangeMessage answer = good().end();
        assertThat(answer.host()).isEmpty();
        assertThat(answer.port()).isEmpty();
    }

    @Test
    void keepsNoMoreCookiesThanItCanUse() throws KeyExchangeMessage.BadAnswer {
        good();
        for (int i = 0; i < 20; i++) {
            record(5, new byte[100]);
        }
        assertThat(end().cookies()).hasSize(NtsClient.COOKIES);
    }

    @Test
    void anErrorIsTold() {
        good().number(0x8002, 1).assertRefused(KeyExchangeFailure.SERVER_ERROR, "bad one (error 1)");
    }

    @Test
    void anotherAlgorithmIsNone() {
        number(0x8001, 0)
                .number(0x8004, 30)
                .record(5, new byte[100])
                .assertRefused(KeyExchangeFailure.NO_COMMON_ALGORITHM, "AES-SIV-CMAC-256");
    }

    @Test
    void noAlgorithmIsNone() {
        number(0x8001, 0)
                .record(0x8004)
                .record(5, new byte[100])
                .assertRefused(KeyExchangeFailure.NO_COMMON_ALGORITHM, "AES-SIV-CMAC-256");
    }

    @Test
    void noProtocolIsNone() {
        record(0x8001).number(0x8004, 15).assertRefused(KeyExchangeFailure.NO_COMMON_ALGORITHM, "NTPv4");
    }

    @Test
    void cookiesHaveToBeThere() {
        number(0x8001, 0).number(0x8004, 15).assertRefused(KeyExchangeFailure.MALFORMED, "no cookies");
    }

    @Test
    void cookiesOfNoOrTooManyBytesAreRefused() {
        good().record(5).assertRefused(KeyExchangeFailure.MALFORMED, "an empty cookie");
        out.clear();
        good().record(5, new byte[769]).assertRefused(KeyExchangeFailure.MALFORMED, "a cookie of 769 bytes");
    }

    @Test
    void theRestIsStrict() {
        good().good().assertRefused(KeyExchangeFailure.MALFORMED, "two lists of protocols");
        out.clear();
        good().record(0x8042).assertRefused(KeyExchangeFailure.MALFORMED, "unknown type 66");
        out.clear();
        good().number(7, 0).assertRefused(KeyExchangeFailure.MALFORMED, "port 0");
        out.clear();
        good().record(7, new byte[3]).assertRefused(KeyExchangeFailure.MALFORMED, "a number of 3 bytes");
        out.clear();
        good().record(6, (byte) '\n').assertRefused(KeyExchangeFailure.MALFORMED, "name that is none");
        out.clear();
        for (int i = 0; i < 65; i++) {
            record(0x4242);
        }
        good().assertRefused(KeyExchangeFailure.MALFORMED, "more than 64 records");
    }

    @Test
    void endsWhereItSaysSo() {
        good().record(0x8000);
        out.put((byte) 0);
        assertThatThrownBy(() -> KeyExchangeMessage.parse(out.array(), out.position()))
                .hasMessageContaining("something after its end");
        assertThatThrownBy(() -> KeyExchangeMessage.parse(out.array(), 20))
                .hasMessageContaining("longer than the answer");
        assertThatThrownBy(() -> KeyExchangeMessage.parse(out.array(), 12)).hasMessageContaining("no end");
    }

    /** Whatever a server sends, there is an answer or a reason. */
    @FuzzTest
    void fuzzRecords(byte[] data) {
        boolean complete = KeyExchangeMessage.isComplete(data, data.length);
        try {
            KeyExchangeMessage answer = KeyExchangeMessage.parse(data, data.length);
            assertThat(complete).isTrue();
            assertThat(answer.cookies()).isNotEmpty().hasSizeLessThanOrEqualTo(NtsClient.COOKIES);
            assertThat(answer.cookies())
                    .allMatch(cookie -> cookie.length > 0 && cookie.length <= NtsClient.MAX_COOKIE_BYTES);
        } catch (KeyExchangeMessage.BadAnswer e) {
            assertThat(e).hasMessageStartingWith("the ");
        }
    }
}
