// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-SIV-CMAC-256: authenticated encryption that survives a nonce used twice (RFC 5297; AEAD number 15 of IANA's registry). The
 * block cipher is Java's own. Not thread-safe.
 */
public final class AesSiv {
    /** Bytes of a key: one half authenticates, the other encrypts. */
    public static final int KEY_BYTES = 32;

    /** Bytes by which sealed data are longer than plain ones: the synthetic initialization vector stands before them. */
    public static final int TAG_BYTES = 16;

    private static final int BLOCK = 16;

    /** What x^128 is modulo the polynomial of GF(2^128) (RFC 5297, section 2.3). */
    private static final int REDUCTION = 0x87;

    private final Cipher mac;
    private final SecretKeySpec encryption;
    private final Cipher counter;

    /** CMAC's subkeys (RFC 4493, section 2.3): for a last block that is complete, and for one that is padded. */
    private final byte[] completeKey;

    private final byte[] paddedKey;

    /** @param key of {@link #KEY_BYTES} bytes; copied */
    public AesSiv(byte[] key) {
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException("a key of " + KEY_BYTES + " bytes, not " + key.length);
        }
        try {
            mac = Cipher.getInstance("AES/ECB/NoPadding");
            mac.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, 0, BLOCK, "AES"));
            counter = Cipher.getInstance("AES/CTR/NoPadding");
            encryption = new SecretKeySpec(key, BLOCK, BLOCK, "AES");
        } catch (GeneralSecurityException e) {
            throw withoutAes(e);
        }
        completeKey = doubled(encrypt(new byte[BLOCK]));
        paddedKey = doubled(completeKey);
    }

    /**
     * Encrypts.
     *
     * @param associated strings that are authenticated but not encrypted, each by itself; a nonce is the last of them
     * @return tag and ciphertext: {@link #TAG_BYTES} bytes more than {@code plain}
     */
    public byte[] seal(byte[] plain, byte[]... associated) {
        byte[] tag = vector(plain, associated);
        byte[] sealed = Arrays.copyOf(tag, BLOCK + plain.length);
        byte[] encrypted = crypt(tag, plain);
        System.arraycopy(encrypted, 0, sealed, BLOCK, encrypted.length);
        return sealed;
    }

    /** Decrypts what {@link #seal} made with the same key and the same associated strings; of all else there is no plain text. */
    public Optional<byte[]> open(byte[] sealed, byte[]... associated) {
        if (sealed.length < BLOCK) {
            return Optional.empty();
        }
        byte[] tag = Arrays.copyOf(sealed, BLOCK);
        byte[] plain = crypt(tag, Arrays.copyOfRange(sealed, BLOCK, sealed.length));
        // In constant time: how much of a forged tag is right is nobody's business.
        return MessageDigest.isEqual(tag, vector(plain, associated)) ? Optional.of(plain) : Optional.empty();
    }

    /** S2V (RFC 5297, section 2.4). */
    private byte[] vector(byte[] plain, byte[]... associated) {
        byte[] sum = cmac(new byte[BLOCK]);
        for (byte[] string : associated) {
            sum = doubled(sum);
            xor(cmac(string), sum, 0);
        }
        byte[] last;
        if (plain.length >= BLOCK) {
            last = plain.clone();
            xor(sum, last, plain.length - BLOCK);
        } else {
            last = padded(plain, 0);
            xor(doubled(sum), last, 0);
        }
        return cmac(last);
    }

    private byte[] crypt(byte[] tag, byte[] data) {
        byte[] start = tag.clone();
        // Two bits are left out so that counters of 32 and 64 bits cannot overflow (RFC 5297, section 2.5).
        start[8] &= 0x7F;
        start[12] &= 0x7F;
        try {
            counter.init(Cipher.ENCRYPT_MODE, encryption, new IvParameterSpec(start));
            return counter.doFinal(data);
        } catch (GeneralSecurityException e) {
            throw withoutAes(e);
        }
    }

    /** AES-CMAC (RFC 4493, section 2.4). */
    private byte[] cmac(byte[] message) {
        int last = message.length == 0 ? 0 : (message.length - 1) / BLOCK * BLOCK;
        byte[] state = new byte[BLOCK];
        for (int at = 0; at < last; at += BLOCK) {
            for (int i = 0; i < BLOCK; i++) {
                state[i] ^= message[at + i];
            }
            state = encrypt(state);
        }
        boolean isComplete = message.length - last == BLOCK;
        xor(isComplete ? Arrays.copyOfRange(message, last, message.length) : padded(message, last), state, 0);
        xor(isComplete ? completeKey : paddedKey, state, 0);
        return encrypt(state);
    }

    private byte[] encrypt(byte[] block) {
        try {
            return mac.doFinal(block);
        } catch (GeneralSecurityException e) {
            throw withoutAes(e);
        }
    }

    /** A bit one after the data, then zeros to the end of the block. */
    private static byte[] padded(byte[] data, int from) {
        byte[] block = new byte[BLOCK];
        System.arraycopy(data, from, block, 0, data.length - from);
        block[data.length - from] = (byte) 0x80;
        return block;
    }

    /** Times x in GF(2^128). */
    private static byte[] doubled(byte[] block) {
        byte[] result = new byte[BLOCK];
        int carry = 0;
        for (int i = BLOCK - 1; i >= 0; i--) {
            int twice = (block[i] & 0xFF) << 1 | carry;
            result[i] = (byte) twice;
            carry = twice >>> 8;
        }
        result[BLOCK - 1] ^= (byte) (carry * REDUCTION);
        return result;
    }

    private static void xor(byte[] block, byte[] into, int at) {
        for (int i = 0; i < block.length; i++) {
            into[at + i] ^= block[i];
        }
    }

    private static IllegalStateException withoutAes(GeneralSecurityException cause) {
        return new IllegalStateException("this Java has no AES: " + cause.getMessage(), cause);
    }
}
