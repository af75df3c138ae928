// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a server answers to a key exchange (RFC 8915, section 4), taken out of its records; and the one question there is.
 * Immutable.
 *
 * @param cookies at most {@link NtsClient#COOKIES}
 * @param host the NTP server that the cookies are for; empty: the one at the address that was asked
 * @param port its UDP port; empty: 123
 * @param warnings codes of warnings
 */
@SuppressWarnings("ArrayRecordComponent") // cookies, never compared or hashed
public record KeyExchangeMessage(
        List<byte[]> cookies, Optional<String> host, OptionalInt port, List<Integer> warnings) {
    /** Most bytes of an answer; real ones have about 900. */
    public static final int MAX_BYTES = 16_384;

    private static final int MAX_RECORDS = 64;

    private static final int END = 0;
    private static final int NEXT_PROTOCOL = 1;
    private static final int ERROR = 2;
    private static final int WARNING = 3;
    private static final int AEAD = 4;
    private static final int COOKIE = 5;
    private static final int SERVER = 6;
    private static final int PORT = 7;
    private static final int CRITICAL = 0x8000;
    private static final int HEAD = 4;

    private static final int NTPV4 = 0;
    private static final int AES_SIV_CMAC_256 = 15;
    private static final int LONGEST_NAME = 255;

    public KeyExchangeMessage {
        cookies = List.copyOf(cookies);
        warnings = List.copyOf(warnings);
    }

    /** An answer that is of no use. */
    public static final class BadAnswer extends Exception {
        private static final long serialVersionUID = 1;

        private final KeyExchangeFailure failure;

        BadAnswer(KeyExchangeFailure failure, String message) {
            super(message);
            this.failure = failure;
        }

        public KeyExchangeFailure failure() {
            return failure;
        }
    }

    /** The request: NTPv4 with AES-SIV-CMAC-256, and nothing else. */
    public static byte[] request() {
        ByteBuffer out = ByteBuffer.allocate(3 * HEAD + 4);
        putRecord(out, CRITICAL | NEXT_PROTOCOL, NTPV4);
        putRecord(out, CRITICAL | AEAD, AES_SIV_CMAC_256);
        out.putShort((short) (CRITICAL | END)).putShort((short) 0);
        return out.array();
    }

    private static void putRecord(ByteBuffer out, int type, int value) {
        out.putShort((short) type).putShort((short) 2).putShort((short) value);
    }

    /** Whether the first {@code length} bytes hold all records, the last of them included. */
    public static boolean isComplete(byte[] bytes, int length) {
        int at = 0;
        while (length - at >= HEAD) {
            int type = unsigned(bytes, at) & ~CRITICAL;
            at += HEAD + unsigned(bytes, at + 2);
            if (type == END) {
                return at <= length;
            }
        }
        return false;
    }

    /**
     * Reads a complete answer.
     *
     * @throws BadAnswer if it is an error, has nothing in common with what was asked, or breaks the rules
     */
    public static KeyExchangeMessage parse(byte[] bytes, int length) throws BadAnswer {
        Answer answer = new Answer();
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length);
        for (int records = 0; !answer.ended; records++) {
            if (records == MAX_RECORDS) {
                throw malformed("more than " + MAX_RECORDS + " records");
            }
            if (in.remaining() < HEAD) {
                throw malformed("no end");
            }
            int head = in.getShort() & 0xFFFF;
            int size = in.getShort() & 0xFFFF;
            if (size > in.remaining()) {
                throw malformed("a record longer than the answer");
            }
            byte[] body = new byte[size];
            in.get(body);
            answer.take(head & ~CRITICAL, (head & CRITICAL) != 0, body);
        }
        if (in.hasRemaining()) {
            throw malformed("something after its end");
        }
        return answer.result();
    }

    private static final class Answer {
        private final List<byte[]> cookies = new ArrayList<>();
        private final List<Integer> warnings = new ArrayList<>();
        private Optional<byte[]> protocols = Optional.empty();
        private Optional<byte[]> algorithms = Optional.empty();
        private Optional<String> host = Optional.empty();
        private OptionalInt port = OptionalInt.empty();
        private boolean ended;

        void take(int type, boolean critical, byte[] body) throws BadAnswer {
            switch (type) {
                case END -> {
                    require(body.length == 0, "an end with a body");
                    ended = true;
                }
                case NEXT_PROTOCOL -> {
                    require(protocols.isEmpty(), "two lists of protocols");
                    protocols = Optional.of(body);
                }
                case AEAD -> {
                    require(algorithms.isEmpty(), "two lists of algorithms");
                    algorithms = Optional.of(body);
                }
                case ERROR -> throw new BadAnswer(KeyExchangeFailure.SERVER_ERROR, error(number(body)));
                case WARNING -> warnings.add(number(body));
                case COOKIE -> takeCookie(body);
                case SERVER -> {
                    require(host.isEmpty(), "two servers");
                    host = Optional.of(name(body));
                }
                case PORT -> {
                    require(port.isEmpty() && number(body) != 0, "two ports, or port 0");
                    port = OptionalInt.of(number(body));
                }
                // Others may be there as long as nobody has to understand them.
                default -> require(!critical, "a critical record of the unknown type " + type);
            }
        }

        private void takeCookie(byte[] body) throws BadAnswer {
            require(body.length > 0, "an empty cookie");
            require(body.length <= NtsClient.MAX_COOKIE_BYTES, "a cookie of " + body.length + " bytes");
            if (cookies.size() < NtsClient.COOKIES) {
                cookies.add(body);
            }
        }

        KeyExchangeMessage result() throws BadAnswer {
            requireOnly(protocols, NTPV4, "NTPv4");
            requireOnly(algorithms, AES_SIV_CMAC_256, "AES-SIV-CMAC-256");
            require(!cookies.isEmpty(), "no cookies");
            return new KeyExchangeMessage(cookies, host, port, warnings);
        }

        private static void requireOnly(Optional<byte[]> list, int expected, String name) throws BadAnswer {
            if (list.isEmpty() || list.get().length != 2 || unsigned(list.get(), 0) != expected) {
                throw new BadAnswer(KeyExchangeFailure.NO_COMMON_ALGORITHM, "the server does not offer " + name);
            }
        }
    }

    private static String error(int code) {
        return switch (code) {
            case 0 -> "the server does not know a record of ours (error 0)";
            case 1 -> "the server calls the request a bad one (error 1)";
            case 2 -> "the server has an internal error (error 2)";
            default -> "the server answers with error " + code;
        };
    }

    private static int number(byte[] body) throws BadAnswer {
        require(body.length == 2, "a number of " + body.length + " bytes");
        return unsigned(body, 0);
    }

    /** A host name or an address, of letters that do no harm in a log. */
    private static String name(byte[] body) throws BadAnswer {
        String name = new String(body, StandardCharsets.US_ASCII);
        require(
                !name.isEmpty() && name.length() <= LONGEST_NAME && name.matches("[A-Za-z0-9._:%-]+"),
                "a server's name that is none");
        return name;
    }

    private static void require(boolean holds, String otherwise) throws BadAnswer {
        if (!holds) {
            throw malformed(otherwise);
        }
    }

    private static BadAnswer malformed(String what) {
        return new BadAnswer(KeyExchangeFailure.MALFORMED, "the answer breaks RFC 8915: " + what);
    }

    private static int unsigned(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
    }
}
