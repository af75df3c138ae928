// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** The server's side of NTS, for tests: hands out keys and cookies, checks requests as RFC 8915 has it, seals replies. */
public final class NtsServer {
    private final Random random;
    private final int cookieBytes;
    private final Set<String> open = new HashSet<>();
    private byte[] clientToServer = new byte[0];
    private byte[] serverToClient = new byte[0];

    /** Requests so far: cookies and placeholders in each. */
    public final List<Integer> asked = new ArrayList<>();

    public NtsServer(long seed, int cookieBytes) {
        this.random = new Random(seed);
        this.cookieBytes = cookieBytes;
    }

    /** A key exchange: what was before is void. */
    public NtsKeys exchange() {
        forget();
        clientToServer = bytes(AesSiv.KEY_BYTES);
        serverToClient = bytes(AesSiv.KEY_BYTES);
        List<byte[]> cookies = new ArrayList<>();
        for (int i = 0; i < NtsClient.COOKIES; i++) {
            cookies.add(cookie());
        }
        return new NtsKeys(clientToServer, serverToClient, cookies);
    }

    /** Its own keys are lost: it can read no cookie. */
    public void forget() {
        open.clear();
    }

    private byte[] cookie() {
        byte[] cookie = bytes(cookieBytes);
        open.add(Arrays.toString(cookie));
        return cookie;
    }

    /** The reply, or a NAK where the request cannot be believed. */
    public byte[] answer(byte[] request, byte[] header) {
        List<ExtensionField> fields =
                ExtensionField.parse(request, header.length, request.length).orElseThrow();
        byte[] identifier = only(fields, ExtensionField.UNIQUE_IDENTIFIER);
        if (identifier.length != 32) {
            throw new AssertionError("an identifier of " + identifier.length + " bytes");
        }
        byte[] cookie = Arrays.copyOf(only(fields, ExtensionField.COOKIE), cookieBytes);
        ExtensionField last = fields.get(fields.size() - 1);
        NtsAuthenticator seal = NtsAuthenticator.parse(last.body()).orElseThrow();
        byte[] authenticated = Arrays.copyOf(request, last.start());
        int wanted = 1
                + (int) fields.stream()
                        .filter(field -> field.type() == ExtensionField.COOKIE_PLACEHOLDER)
                        .peek(field -> {
                            if (field.body().length != only(fields, ExtensionField.COOKIE).length) {
                                throw new AssertionError("a placeholder of another length than the cookie");
                            }
                        })
                        .count();
        asked.add(wanted);
        boolean isKnown = open.remove(Arrays.toString(cookie));
        if (!isKnown
                || new AesSiv(clientToServer)
                        .open(seal.ciphertext(), authenticated, seal.nonce())
                        .isEmpty()) {
            return nak(header, identifier);
        }
        ByteBuffer plain = ByteBuffer.allocate(wanted * ExtensionField.size(cookieBytes));
        for (int i = 0; i < wanted; i++) {
            ExtensionField.put(plain, ExtensionField.COOKIE, cookie());
        }
        byte[] reply = sealed(header, identifier, plain.array());
        if (reply.length > request.length) {
            throw new AssertionError("a reply longer than its request: an amplifier");
        }
        return reply;
    }

    /** A reply that proves to come from here, whatever it holds. */
    byte[] sealed(byte[] header, byte[] identifier, byte[] plain) {
        ByteBuffer out = ByteBuffer.allocate(2048);
        out.put(header);
        ExtensionField.put(out, ExtensionField.UNIQUE_IDENTIFIER, identifier);
        byte[] nonce = bytes(16);
        byte[] ciphertext = new AesSiv(serverToClient).seal(plain, Arrays.copyOf(out.array(), out.position()), nonce);
        ExtensionField.put(out, ExtensionField.AUTHENTICATOR, new NtsAuthenticator(nonce, ciphertext).toBody());
        return Arrays.copyOf(out.array(), out.position());
    }

    /** Stratum 0, code NTSN, the identifier, and nothing that would prove anything. */
    public static byte[] nak(byte[] header, byte[] identifier) {
        ByteBuffer out = ByteBuffer.allocate(header.length + ExtensionField.size(identifier.length));
        out.put(header);
        out.put(1, (byte) 0);
        out.put(12, new byte[] {'N', 'T', 'S', 'N'});
        ExtensionField.put(out, ExtensionField.UNIQUE_IDENTIFIER, identifier);
        return out.array();
    }

    /** The identifier of a request. */
    public static byte[] identifier(byte[] request) {
        return only(ExtensionField.parse(request, 48, request.length).orElseThrow(), ExtensionField.UNIQUE_IDENTIFIER);
    }

    static Optional<byte[]> cookieOf(byte[] request) {
        return ExtensionField.parse(request, 48, request.length).map(fields -> only(fields, ExtensionField.COOKIE));
    }

    private static byte[] only(List<ExtensionField> fields, int type) {
        List<ExtensionField> found =
                fields.stream().filter(field -> field.type() == type).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " fields of type " + type);
        }
        return found.get(0).body();
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
