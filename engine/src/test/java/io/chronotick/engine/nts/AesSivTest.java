// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AesSivTest {
    /** RFC 5297, A.1. */
    @Test
    void sealsAsTheDeterministicExample() {
        byte[] key = hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        byte[] associated = hex("101112131415161718191a1b1c1d1e1f 2021222324252627");
        byte[] plain = hex("112233445566778899aabbccddee");
        byte[] sealed = hex("85632d07c6e8f37f950acd320a2ecc93 40c02b9690c4dc04daef7f6afe5c");
        assertThat(new AesSiv(key).seal(plain, associated)).isEqualTo(sealed);
        assertThat(new AesSiv(key).open(sealed, associated)).hasValue(plain);
    }

    /** RFC 5297, A.2: two associated strings and a nonce, each a string of its own, and more than a block of data. */
    @Test
    void sealsAsTheExampleWithANonce() {
        byte[] key = hex("7f7e7d7c7b7a79787776757473727170 404142434445464748494a4b4c4d4e4f");
        byte[] first = hex("00112233445566778899aabbccddeeff deaddadadeaddadaffeeddccbbaa9988 7766554433221100");
        byte[] second = hex("102030405060708090a0");
        byte[] nonce = hex("09f911029d74e35bd84156c5635688c0");
        byte[] plain = "this is some plaintext to encrypt using SIV-AES".getBytes(StandardCharsets.US_ASCII);
        byte[] sealed = hex("7bdb6e3b432667eb06f4d14bff2fbd0f cb900f2fddbe404326601965c889bf17 dba77ceb094fa663"
                + "b7a3f748ba8af829 ea64ad544a272e9c485b62a3fd5c0d");
        assertThat(new AesSiv(key).seal(plain, first, second, nonce)).isEqualTo(sealed);
        assertThat(new AesSiv(key).open(sealed, first, second, nonce)).hasValue(plain);
    }

    /** Lengths about those of a block, in data and in what is associated. */
    @Test
    void opensWhatItSealedAndNothingElse() {
        Random random = new Random(1);
        for (int length = 0; length <= 50; length++) {
            byte[] key = bytes(random, AesSiv.KEY_BYTES);
            byte[] plain = bytes(random, length);
            byte[] associated = bytes(random, 50 - length);
            byte[] nonce = bytes(random, 16);
            AesSiv siv = new AesSiv(key);
            byte[] sealed = siv.seal(plain, associated, nonce);
            assertThat(sealed).hasSize(length + AesSiv.TAG_BYTES);
            assertThat(siv.open(sealed, associated, nonce)).hasValue(plain);
            for (byte[] part : new byte[][] {sealed, associated, nonce}) {
                for (int bit = 0; bit < 8 * part.length; bit++) {
                    flip(part, bit);
                    assertThat(siv.open(sealed, associated, nonce)).isEmpty();
                    flip(part, bit);
                }
            }
            assertThat(siv.open(Arrays.copyOf(sealed, sealed.length + 1), associated, nonce))
                    .isEmpty();
            assertThat(siv.open(Arrays.copyOf(sealed, sealed.length - 1), associated, nonce))
                    .isEmpty();
            assertThat(siv.open(sealed, nonce, associated)).isEmpty();
            assertThat(siv.open(sealed, associated)).isEmpty();
            key[0]++;
            assertThat(new AesSiv(key).open(sealed, associated, nonce)).isEmpty();
        }
    }

    @Test
    void takesNoOtherKey() {
        assertThatThrownBy(() -> new AesSiv(new byte[16])).hasMessage("a key of 32 bytes, not 16");
    }

    private static void flip(byte[] bytes, int bit) {
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }
}
