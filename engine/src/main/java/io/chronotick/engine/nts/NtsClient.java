// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import io.chronotick.engine.math.Nanos;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * NTS with one server (RFC 8915, section 5): keys and cookies, when new ones are needed, what makes a request an authenticated
 * one, and whether a reply is. A request without a cookie is never made, and a reply without proof never believed. Time comes in as
 * an argument, CLOCK_MONOTONIC_RAW in ns. Not thread-safe.
 */
public final class NtsClient {
    /** Cookies that are kept in hand (RFC 8915, section 5.7). */
    public static final int COOKIES = 8;

    /**
     * The longest cookie: a request with one and nothing more is then at most 1024 bytes, and so is its
     * reply. Real ones have about 100 bytes.
     */
    public static final int MAX_COOKIE_BYTES = 768;

    /** The longest request: what passes every network unfragmented (IPv6's 1280 bytes) with room to spare. */
    private static final int MAX_PACKET_BYTES = 1024;

    private static final int IDENTIFIER_BYTES = 32;
    private static final int NONCE_BYTES = 16;
    private static final int AUTHENTICATOR_SIZE = ExtensionField.size(4 + NONCE_BYTES + AesSiv.TAG_BYTES);

    /** An exchange that failed, or that its server has not honoured, is repeated after this, s, ... */
    private static final double FIRST_RETRY = 10;

    /** ... each time so much later (RFC 8915, section 4.2: exponentially, from 10 s) ... */
    private static final double RETRY_GROWTH = 1.5;

    /** ... but at least this often, s: an hour is no burden to anybody, and an operator who mends something is not kept waiting for days. */
    private static final double LONGEST_RETRY = 3600;

    /** The same where nothing has left this host, s: it is to start soon once its network is there. */
    private static final double FIRST_LOCAL_RETRY = 2;

    private static final double LONGEST_LOCAL_RETRY = 16;

    /** Before every reading of the clock, and not so far that a difference would overflow. */
    private static final long AT_ONCE = Long.MIN_VALUE / 2;

    /** After so many answers one more placeholder is tried than has got through. */
    private static final int ANSWERS_TO_GROW = 4;

    /** So many requests in a row are hardly lost by chance. */
    private static final int SUSPICIOUS_LOSSES = 2;

    /** What is to be thought of a packet that claims to answer a request. */
    public enum Verdict {
        /** It comes from the server, unchanged, and answers the newest request. */
        AUTHENTIC,
        /** Somebody who saw the request says that the cookie is void (kiss code NTSN). */
        NAK,
        UNAUTHENTIC
    }

    private record Session(NtsKeys keys, AesSiv requests, AesSiv replies) {
        static Session of(NtsKeys keys) {
            return new Session(keys, new AesSiv(keys.clientToServer()), new AesSiv(keys.serverToClient()));
        }
    }

    private final RandomGenerator random;
    private final Deque<byte[]> cookies = new ArrayDeque<>();
    private Optional<Session> session = Optional.empty();
    private byte[] identifier = new byte[0];

    // --- The key exchange ---
    private boolean exchanging;
    private boolean exchangeWanted = true;
    private long nextExchangeNanos = AT_ONCE;
    private double localRetrySeconds = FIRST_LOCAL_RETRY;

    /** Since the newest authenticated reply. */
    private int attempts;

    private double retrySeconds;
    private long exchanges;
    private long lastExchangeNanos;
    private KeyExchangeFailure failure = KeyExchangeFailure.NONE;

    // --- The newest request ---
    private boolean refused;
    private boolean proven;
    private int placeholders;
    private int mostPlaceholders = COOKIES - 1;
    private int answers;
    private int losses;

    /** @param random of nonces and identifiers: nobody may guess them */
    public NtsClient(RandomGenerator random) {
        this.random = random;
    }

    // --- The key exchange ---

    /** Whether keys are to be had now; {@link #onExchangeBegun} says that they are being got. */
    public boolean isExchangeDue(long rawNanos) {
        return wantsExchange() && rawNanos - nextExchangeNanos >= 0;
    }

    /** When the next key exchange is due; the end of time while none is wanted or one is under way. */
    public long nextExchangeNanos() {
        return wantsExchange() ? nextExchangeNanos : Long.MAX_VALUE;
    }

    private boolean wantsExchange() {
        return !exchanging && (exchangeWanted || !canAsk());
    }

    /** A key exchange begins. It ends with {@link #onKeys} or {@link #onExchangeFailed}. */
    public void onExchangeBegun(long rawNanos) {
        exchanging = true;
        retrySeconds = Math.min(FIRST_RETRY * Math.pow(RETRY_GROWTH, attempts), LONGEST_RETRY);
        attempts++;
        nextExchangeNanos = rawNanos + Nanos.ofSeconds(retrySeconds);
    }

    /** New keys: all that was known is forgotten. */
    public void onKeys(NtsKeys keys, long rawNanos) {
        exchanging = false;
        exchangeWanted = false;
        failure = KeyExchangeFailure.NONE;
        localRetrySeconds = FIRST_LOCAL_RETRY;
        exchanges++;
        lastExchangeNanos = rawNanos;
        session = Optional.of(Session.of(keys));
        refused = false;
        proven = false;
        identifier = new byte[0];
        cookies.clear();
        keys.cookies().forEach(this::keep);
    }

    /** The exchange brought nothing: what keys there are stay in use (RFC 8915, section 5.7), and it is tried again later. */
    public void onExchangeFailed(KeyExchangeFailure reason, long rawNanos) {
        exchanging = false;
        failure = reason;
        if (reason.isLocal()) {
            attempts--;
            retrySeconds = localRetrySeconds;
            localRetrySeconds = Math.min(2 * localRetrySeconds, LONGEST_LOCAL_RETRY);
        }
        nextExchangeNanos = rawNanos + Nanos.ofSeconds(retrySeconds);
    }

    /** The raw clock has jumped. If back: what was to be in a minute is not to be in years. */
    public void onDiscontinuity(long rawNanos) {
        nextExchangeNanos = Math.min(nextExchangeNanos, rawNanos + Nanos.ofSeconds(retrySeconds));
    }

    /** The keys with the cookies that are left, for a restart; empty where there is none. */
    public Optional<NtsKeys> remaining() {
        if (!canAsk()) {
            return Optional.empty();
        }
        return session.map(
                now -> new NtsKeys(now.keys().clientToServer(), now.keys().serverToClient(), List.copyOf(cookies)));
    }

    // --- Requests and replies ---

    /** Whether there is a cookie for a request. */
    public boolean canAsk() {
        return session.isPresent() && !cookies.isEmpty();
    }

    /**
     * Makes a request an authenticated one; uses a cookie up, and asks for as many as are missing.
     *
     * @param header of the packet, 48 bytes
     * @throws java.util.NoSuchElementException unless {@link #canAsk}
     */
    public byte[] protect(byte[] header) {
        Session now = session.orElseThrow();
        byte[] cookie = cookies.removeFirst();
        int cookieSize = ExtensionField.size(cookie.length);
        int fixed = header.length + ExtensionField.size(IDENTIFIER_BYTES) + cookieSize + AUTHENTICATOR_SIZE;
        int missing = COOKIES - 1 - cookies.size();
        int room = (MAX_PACKET_BYTES - fixed) / cookieSize;
        placeholders = Math.min(Math.min(missing, mostPlaceholders), room);
        identifier = randomBytes(IDENTIFIER_BYTES);

        ByteBuffer out = ByteBuffer.allocate(fixed + placeholders * cookieSize);
        out.put(header);
        ExtensionField.put(out, ExtensionField.UNIQUE_IDENTIFIER, identifier);
        ExtensionField.put(out, ExtensionField.COOKIE, cookie);
        for (int i = 0; i < placeholders; i++) {
            ExtensionField.put(out, ExtensionField.COOKIE_PLACEHOLDER, new byte[cookie.length]);
        }
        byte[] nonce = randomBytes(NONCE_BYTES);
        byte[] authenticated = Arrays.copyOf(out.array(), out.position());
        byte[] sealed = now.requests().seal(new byte[0], authenticated, nonce);
        ExtensionField.put(out, ExtensionField.AUTHENTICATOR, new NtsAuthenticator(nonce, sealed).toBody());
        return out.array();
    }

    /**
     * Judges the first {@code length} bytes of {@code packet}, and takes the cookies out of an authentic one. Each request has
     * one authentic reply: a second copy is none.
     *
     * @param headerSize where the extension fields begin
     * @param isNtsNak whether its header is that of a kiss-o'-death with the code NTSN
     */
    public Verdict judge(byte[] packet, int length, int headerSize, boolean isNtsNak) {
        Verdict verdict = verdict(packet, length, headerSize, isNtsNak);
        if (verdict != Verdict.AUTHENTIC) {
            proven = false;
            refused |= verdict == Verdict.NAK;
            return verdict;
        }
        identifier = new byte[0];
        refused = false;
        exchangeWanted = false;
        proven = true;
        attempts = 0;
        nextExchangeNanos = AT_ONCE;
        losses = 0;
        if (++answers >= ANSWERS_TO_GROW) {
            answers = 0;
            mostPlaceholders = Math.min(mostPlaceholders + 1, COOKIES - 1);
        }
        return verdict;
    }

    private Verdict verdict(byte[] packet, int length, int headerSize, boolean isNtsNak) {
        Optional<List<ExtensionField>> parsed = ExtensionField.parse(packet, headerSize, length);
        if (parsed.isEmpty() || !answersNewestRequest(parsed.get())) {
            return Verdict.UNAUTHENTIC;
        }
        List<ExtensionField> fields = parsed.get();
        ExtensionField last = fields.get(fields.size() - 1);
        if (count(fields, ExtensionField.AUTHENTICATOR) == 0) {
            return isNtsNak ? Verdict.NAK : Verdict.UNAUTHENTIC;
        }
        // Nothing may stand behind the authenticator: nobody would vouch for it.
        if (session.isEmpty()
                || count(fields, ExtensionField.AUTHENTICATOR) > 1
                || last.type() != ExtensionField.AUTHENTICATOR) {
            return Verdict.UNAUTHENTIC;
        }
        byte[] authenticated = Arrays.copyOf(packet, last.start());
        AesSiv replies = session.get().replies();
        Optional<List<ExtensionField>> encrypted = NtsAuthenticator.parse(last.body())
                .flatMap(seal -> replies.open(seal.ciphertext(), authenticated, seal.nonce()))
                .flatMap(plain -> ExtensionField.parse(plain, 0, plain.length));
        encrypted.ifPresent(inside -> inside.stream()
                .filter(field -> field.type() == ExtensionField.COOKIE)
                .forEach(field -> keep(field.body())));
        return encrypted.isPresent() ? Verdict.AUTHENTIC : Verdict.UNAUTHENTIC;
    }

    private boolean answersNewestRequest(List<ExtensionField> fields) {
        return identifier.length > 0
                && count(fields, ExtensionField.UNIQUE_IDENTIFIER) == 1
                && fields.stream()
                        .filter(field -> field.type() == ExtensionField.UNIQUE_IDENTIFIER)
                        .allMatch(field -> MessageDigest.isEqual(field.body(), identifier));
    }

    private static long count(List<ExtensionField> fields, int type) {
        return fields.stream().filter(field -> field.type() == type).count();
    }

    private void keep(byte[] cookie) {
        if (cookies.size() < COOKIES && cookie.length > 0 && cookie.length <= MAX_COOKIE_BYTES) {
            cookies.addLast(cookie);
        }
    }

    /** The newest request got no authentic reply in time. */
    public void onSilence() {
        identifier = new byte[0];
        // The server itself may have said that the cookies are void: it has had the time to say otherwise.
        exchangeWanted |= refused;
        if (++losses % SUSPICIOUS_LOSSES == 0 && placeholders > 0) {
            // Perhaps they are too large for something on the way.
            mostPlaceholders = placeholders / 2;
        }
    }

    private byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    // --- For people ---

    /** Whether the newest that came was authentic, however long ago. */
    public boolean isProven() {
        return proven;
    }

    public NtsReport report() {
        return new NtsReport(state(), cookies.size(), exchanges, lastExchangeNanos, failure);
    }

    private NtsReport.State state() {
        if (proven && losses < COOKIES) {
            return NtsReport.State.AUTHENTICATED;
        }
        if (canAsk()) {
            return NtsReport.State.UNPROVEN;
        }
        return failure == KeyExchangeFailure.NONE ? NtsReport.State.EXCHANGING : NtsReport.State.FAILED;
    }
}
