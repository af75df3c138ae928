// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The body of the NTS Authenticator and Encrypted Extension Fields extension field (RFC 8915, section 5.6): nonce and ciphertext,
 * each with its length before and zeros after it to whole words. Immutable.
 */
@SuppressWarnings("ArrayRecordComponent") // a part of a packet, never compared or hashed
record NtsAuthenticator(byte[] nonce, byte[] ciphertext) {
    /** Bytes of the two lengths. */
    private static final int HEAD = 4;

    /** Reads a body. Strictly: what no key vouches for, the padding, has to be zero. */
    static Optional<NtsAuthenticator> parse(byte[] body) {
        if (body.length < HEAD) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(body);
        int nonceLength = in.getShort() & 0xFFFF;
        int ciphertextLength = in.getShort() & 0xFFFF;
        int ciphertextStart = HEAD + ExtensionField.wholeWords(nonceLength);
        if (nonceLength == 0
                || ciphertextLength < AesSiv.TAG_BYTES
                || ciphertextStart + ExtensionField.wholeWords(ciphertextLength) > body.length
                || !isZero(body, HEAD + nonceLength, ciphertextStart)
                || !isZero(body, ciphertextStart + ciphertextLength, body.length)) {
            return Optional.empty();
        }
        return Optional.of(new NtsAuthenticator(
                Arrays.copyOfRange(body, HEAD, HEAD + nonceLength),
                Arrays.copyOfRange(body, ciphertextStart, ciphertextStart + ciphertextLength)));
    }

    byte[] toBody() {
        int ciphertextStart = HEAD + ExtensionField.wholeWords(nonce.length);
        ByteBuffer out = ByteBuffer.allocate(ciphertextStart + ExtensionField.wholeWords(ciphertext.length));
        out.putShort((short) nonce.length);
        out.putShort((short) ciphertext.length);
        out.put(nonce);
        out.put(ciphertextStart, ciphertext);
        return out.array();
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
