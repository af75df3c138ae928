// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtensionFieldTest {
    @Test
    void readsWhatWasWritten() {
        ByteBuffer out = ByteBuffer.allocate(8 + 16 + 24);
        out.putLong(-1);
        ExtensionField.put(out, ExtensionField.COOKIE, new byte[] {1, 2, 3});
        ExtensionField.put(out, ExtensionField.UNIQUE_IDENTIFIER, new byte[17]);
        assertThat(out.hasRemaining()).isFalse();
        List<ExtensionField> fields =
                ExtensionField.parse(out.array(), 8, out.capacity()).orElseThrow();
        assertThat(fields).extracting(ExtensionField::type).containsExactly(0x0204, 0x0104);
        assertThat(fields).extracting(ExtensionField::start).containsExactly(8, 24);
        assertThat(fields.get(0).body()).containsExactly(1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(fields.get(1).body()).hasSize(20);
    }

    @Test
    void refusesLengthsThatCannotBe() {
        for (int length = 0; length <= 0xFFFF; length++) {
            byte[] packet = new byte[64];
            ByteBuffer.wrap(packet).putShort((short) 0x0104).putShort((short) length);
            ByteBuffer.wrap(packet).putShort(32, (short) 0x0104).putShort(34, (short) 32);
            // 32: two fields; 64: one; 48 leaves 16 bytes of zeros, whose length is none.
            assertThat(ExtensionField.parse(packet, 0, 64).isPresent())
                    .as("%d bytes", length)
                    .isEqualTo(length == 32 || length == 64);
        }
    }

    @Test
    void everyCutIsSeen() {
        byte[] packet = new byte[36];
        ByteBuffer.wrap(packet).putShort((short) 0x0104).putShort((short) 36);
        for (int length = 1; length < 36; length++) {
            assertThat(ExtensionField.parse(packet, 0, length)).isEmpty();
        }
        assertThat(ExtensionField.parse(packet, 0, 36).orElseThrow()).hasSize(1);
        assertThat(ExtensionField.parse(packet, 0, 0).orElseThrow()).isEmpty();
    }

    @Test
    void theAuthenticatorsPaddingIsZero() {
        byte[] body = new NtsAuthenticator(new byte[] {1, 2, 3, 4, 5}, filled(18)).toBody();
        assertThat(body).hasSize(4 + 8 + 20);
        NtsAuthenticator read = NtsAuthenticator.parse(body).orElseThrow();
        assertThat(read.nonce()).containsExactly(1, 2, 3, 4, 5);
        assertThat(read.ciphertext()).isEqualTo(filled(18));
        for (int padding : new int[] {9, 10, 11, 30, 31}) {
            body[padding] = 1;
            assertThat(NtsAuthenticator.parse(body)).isEmpty();
            body[padding] = 0;
        }
        assertThat(NtsAuthenticator.parse(Arrays.copyOf(body, body.length + 8))).isPresent();
        assertThat(NtsAuthenticator.parse(Arrays.copyOf(body, body.length - 4))).isEmpty();
        assertThat(NtsAuthenticator.parse(new NtsAuthenticator(new byte[0], filled(16)).toBody()))
                .isEmpty();
        assertThat(NtsAuthenticator.parse(new NtsAuthenticator(new byte[1], filled(15)).toBody()))
                .isEmpty();
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 7);
        return bytes;
    }

    /** Whatever arrives, there is an answer; fields fill the bytes exactly, and none of it proves anything. */
    @FuzzTest
    void fuzzFields(byte[] data) {
        Optional<List<ExtensionField>> fields = ExtensionField.parse(data, 0, data.length);
        fields.ifPresent(all -> {
            ByteBuffer out = ByteBuffer.allocate(data.length);
            all.forEach(field -> ExtensionField.put(out, field.type(), field.body()));
            assertThat(out.array()).isEqualTo(data);
        });
        NtsAuthenticator.parse(data)
                .ifPresent(seal ->
                        assertThat(Arrays.copyOf(seal.toBody(), data.length)).isEqualTo(data));
        NtsClient client = new NtsClient(new Random(1));
        client.onKeys(new NtsServer(2, 100).exchange(), 0);
        byte[] request = client.protect(new byte[48]);
        byte[] reply = Arrays.copyOf(request, 84 + data.length);
        System.arraycopy(data, 0, reply, 84, data.length);
        assertThat(client.judge(reply, reply.length, 48, false)).isEqualTo(NtsClient.Verdict.UNAUTHENTIC);
        assertThat(client.judge(data, data.length, Math.min(48, data.length), true))
                .isEqualTo(NtsClient.Verdict.UNAUTHENTIC);
    }
}
