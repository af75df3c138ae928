// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An extension field of an NTP packet (RFC 7822): two bytes of type, two of length, a body of whole words. Immutable.
 *
 * @param type see the constants
 * @param start where the field begins, its type included, in the bytes it was read from
 * @param body the bytes after type and length, padding included; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a part of a packet, never compared or hashed
record ExtensionField(int type, int start, byte[] body) {
    /** What makes request and reply belong together (RFC 8915, section 5.3). */
    static final int UNIQUE_IDENTIFIER = 0x0104;

    static final int COOKIE = 0x0204;

    /** As long as a cookie, and asks for one more (section 5.5). */
    static final int COOKIE_PLACEHOLDER = 0x0304;

    /** Authenticates all that stands before it, and holds what is encrypted (section 5.6). */
    static final int AUTHENTICATOR = 0x0404;

    /** Bytes of type and length. */
    static final int HEAD = 4;

    private static final int WORD = 4;

    /** The shortest field, type and length included (RFC 7822, section 3). */
    private static final int SHORTEST = 16;

    /**
     * Reads fields that fill {@code bytes[from..to)} exactly. Empty unless every length is that of whole words, at least 16
     * bytes, and within the rest.
     */
    static Optional<List<ExtensionField>> parse(byte[] bytes, int from, int to) {
        List<ExtensionField> fields = new ArrayList<>();
        int at = from;
        while (at < to) {
            if (to - at < SHORTEST) {
                return Optional.empty();
            }
            int type = unsigned(bytes, at);
            int length = unsigned(bytes, at + 2);
            if (length < SHORTEST || length % WORD != 0 || length > to - at) {
                return Optional.empty();
            }
            fields.add(new ExtensionField(type, at, Arrays.copyOfRange(bytes, at + HEAD, at + length)));
            at += length;
        }
        return Optional.of(fields);
    }

    /** Bytes that a field with so long a body takes. */
    static int size(int bodyLength) {
        return Math.max(SHORTEST, HEAD + wholeWords(bodyLength));
    }

    /** Writes a field, its body padded with zeros to whole words. */
    static void put(ByteBuffer out, int type, byte[] body) {
        int size = size(body.length);
        out.putShort((short) type);
        out.putShort((short) size);
        out.put(body);
        out.put(new byte[size - HEAD - body.length]);
    }

    static int wholeWords(int length) {
        return (length + WORD - 1) / WORD * WORD;
    }

    private static int unsigned(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
    }
}
