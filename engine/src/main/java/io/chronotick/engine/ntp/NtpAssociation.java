// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.nts.NtsClient;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoublePredicate;
import java.util.random.RandomGenerator;

/**
 * The protocol with one server: which replies to believe, what to count; when to ask is up to its {@link PollSchedule}. Knows nothing
 * of the clock model. Not thread-safe.
 */
public final class NtpAssociation {
    // Long because: one request and what may be wrong with its answer; each check needs the request's state.

    /** A reply's origin is looked for among this many requests given up, to tell late from forged. */
    private static final int REMEMBERED_REQUESTS = 4;

    /** One lost packet is none of the server's faults, nor are two. */
    private static final int MANY_UNANSWERED = 3;

    /** Largest root distance of a server that is of any use, s (RFC 5905, MAXDISP is 16; chrony's maxdistance 3). */
    public static final double MAX_ROOT_DISTANCE = 3;

    /** Most that a round trip may come out negative, s, and as a part of the time at the server: clock reading errors. */
    private static final double NEGATIVE_DELAY = 2e-6;

    private static final double NEGATIVE_DELAY_RATE = 1e-4;

    /** Kiss code of a server that cannot read our cookie, or does not believe the request (RFC 8915, section 5.7). */
    private static final String NTS_NAK = "NTSN";

    private final int index;
    private final SourceConfig config;
    private final RandomGenerator random;
    private final PollSchedule schedule;
    private final Optional<NtsClient> nts;
    private final Optional<InterleavedMode> interleaved;
    private final long[] drops = new long[DropReason.values().length];
    private final long[] expiredCookies = new long[REMEMBERED_REQUESTS];
    private int nextExpired;
    private long answeredCookie;

    private boolean pending;
    private long cookie;
    private long requestId;
    private long transmittedNanos;
    private boolean transmitted;
    private StampKind transmitStamp = StampKind.USER;
    private long timeoutNanos;

    private int reach;
    private long unanswered;

    /** What was wrong with the newest answer. */
    private SourceTrouble refusal = SourceTrouble.NONE;

    private boolean ended;
    private long sent;
    private long accepted;
    private long lastAcceptedNanos;
    private Optional<NtpPacket> lastReply = Optional.empty();
    private StampKind lastStamp = StampKind.USER;

    public NtpAssociation(int index, SourceConfig config, RandomGenerator random) {
        this.index = index;
        this.config = config;
        this.random = random;
        this.schedule = new PollSchedule(config.burstCount(), random);
        this.nts = config.nts() ? Optional.of(new NtsClient(random)) : Optional.empty();
        this.interleaved = config.interleaved() ? Optional.of(new InterleavedMode()) : Optional.empty();
    }

    public SourceConfig config() {
        return config;
    }

    /** Its keys and cookies; empty where it is not to be authenticated. */
    public Optional<NtsClient> nts() {
        return nts;
    }

    /** Whether it does not prove that it is the server, as it has to. */
    public boolean isUnauthenticated() {
        return nts.isPresent() && reach == 0 && !nts.get().isProven();
    }

    public int reach() {
        return reach;
    }

    /** Whether the server is asked: its address is known, and it has not refused. */
    public boolean isAsking() {
        return schedule.isAsking();
    }

    /** Whether the server has refused to serve us and has not answered otherwise since. */
    public boolean isDenied() {
        return schedule.isDenied();
    }

    /** The same, or whether it has asked for fewer requests (RATE) and has not got over it. */
    public boolean isAskedForLess() {
        return schedule.isDenied() || schedule.isSlowed();
    }

    long accepted() {
        return accepted;
    }

    /** It is not asked any more. */
    public void end() {
        schedule.end();
        pending = false;
        ended = true;
    }

    /** See {@link PollSchedule#begin}. */
    public void begin(double shortest, double longest, double burst, long rawNanos) {
        schedule.begin(shortest, longest, burst, rawNanos);
        pending = false;
        reach = 0;
        unanswered = 0;
        refusal = SourceTrouble.NONE;
        interleaved.ifPresent(InterleavedMode::forget);
    }

    /** See {@link PollSchedule#adapt}. */
    public void adaptPoll(DoublePredicate isGoodEnough) {
        schedule.adapt(isGoodEnough);
    }

    /** See {@link PollSchedule#shorten}. */
    public void shortenPoll(long rawNanos) {
        schedule.shorten(rawNanos);
    }

    /** See {@link PollSchedule#shortenFully}. */
    public void shortenPollFully(long rawNanos) {
        schedule.shortenFully(rawNanos);
    }

    /** See {@link PollSchedule#confirm}. */
    public void confirm(int count, long rawNanos) {
        schedule.confirm(count, rawNanos);
    }

    /** See {@link PollSchedule#endBurst}. */
    public void endBurst() {
        schedule.endBurst();
    }

    /** See {@link PollSchedule#askWithin}. */
    public void askWithin(double seconds, long rawNanos) {
        schedule.askWithin(seconds, rawNanos);
    }

    /** An exchange measured elsewhere: the source answers, at the interval of its newest two exchanges. */
    public void onRecorded(Exchange exchange) {
        if (accepted > 0) {
            schedule.follow(Math.max(exchange.t4() - lastAcceptedNanos, 1) / Nanos.PER_SECOND);
        }
        reach = 0xFF;
        accepted++;
        lastAcceptedNanos = exchange.t4();
    }

    public long nextTimerNanos() {
        if (pending) {
            return timeoutNanos;
        }
        return nts.isEmpty() || ended
                ? schedule.nextNanos()
                : Math.min(
                        nts.get().canAsk() ? schedule.nextNanos() : Long.MAX_VALUE,
                        nts.get().nextExchangeNanos());
    }

    /** Whether new keys are to be had now. A request under way may bring cookies and is waited for. */
    public boolean isKeyExchangeDue(long rawNanos) {
        return !pending && !ended && nts.isPresent() && nts.get().isExchangeDue(rawNanos);
    }

    /**
     * The packet of the request that is due now, if any; the caller owns the array.
     *
     * @param newRequestId by which {@link #onTransmitted} will know it
     */
    public Optional<byte[]> onTimer(long rawNanos, long newRequestId) {
        if (pending && rawNanos - timeoutNanos >= 0) {
            if (transmitted) {
                unanswered++;
            } else {
                schedule.onNotSent();
            }
            expire();
            nts.ifPresent(NtsClient::onSilence);
            schedule.onSilence(rawNanos, reach == 0);
        }
        if (pending || !schedule.isDue(rawNanos) || !mayAsk()) {
            return Optional.empty();
        }
        do {
            cookie = random.nextLong();
        } while (cookie == 0 || cookie == answeredCookie);
        pending = true;
        transmitted = false;
        transmittedNanos = rawNanos;
        transmitStamp = StampKind.USER;
        requestId = newRequestId;
        timeoutNanos = rawNanos + Nanos.ofSeconds(config.timeoutSeconds());
        reach = (reach << 1) & 0xFF;
        sent++;
        byte[] request = (interleaved.isPresent()
                        ? interleaved.get().request(cookie, isInterleavedWanted(), random)
                        : NtpPacket.request(new NtpTimestamp(cookie)))
                .toBytes();
        schedule.onRequest(rawNanos);
        return Optional.of(nts.isPresent() ? nts.get().protect(request) : request);
    }

    /** In a burst it counts that an exchange is known at once. */
    private boolean isInterleavedWanted() {
        return !schedule.isBurst() && schedule.pollSeconds() <= InterleavedMode.LONGEST_POLL;
    }

    /** Without a cookie an authenticated server is not asked at all. */
    private boolean mayAsk() {
        return nts.isEmpty() || nts.get().canAsk();
    }

    public void onTransmitted(long id, long rawNanos, StampKind kind) {
        if (pending && id == requestId && (!transmitted || kind == StampKind.KERNEL)) {
            transmitted = true;
            transmittedNanos = rawNanos;
            transmitStamp = kind;
        }
    }

    /** The raw clock has jumped. An exchange under way spans the jump: its reply, should it still come, is late. */
    public void onDiscontinuity(long rawNanos) {
        schedule.onDiscontinuity(rawNanos, pending);
        nts.ifPresent(keys -> keys.onDiscontinuity(rawNanos));
        if (pending) {
            expire();
            nts.ifPresent(NtsClient::onSilence);
        }
        interleaved.ifPresent(InterleavedMode::forget);
    }

    private void expire() {
        pending = false;
        expired(cookie);
        if (interleavedCookie() != 0) {
            expired(interleavedCookie());
        }
    }

    private void expired(long origin) {
        expiredCookies[nextExpired] = origin;
        nextExpired = (nextExpired + 1) % expiredCookies.length;
    }

    private long interleavedCookie() {
        return interleaved.map(InterleavedMode::cookie).orElse(0L);
    }

    /** Checks a datagram (RFC 5905, section 9.2 and TEST 1 to 7); an exchange only if nothing speaks against it. */
    public Optional<Exchange> onDatagram(byte[] payload, int length, long rawNanos, StampKind kind) {
        Optional<NtpPacket> parsed = NtpPacket.parse(payload, length);
        if (parsed.isEmpty()) {
            return drop(DropReason.MALFORMED);
        }
        NtpPacket packet = parsed.get();
        if (packet.mode() != NtpPacket.MODE_SERVER) {
            return drop(DropReason.WRONG_MODE);
        }
        long origin = packet.origin().bits();
        boolean isInterleaved = origin != 0 && origin == interleavedCookie();
        if (!pending || (origin != cookie && !isInterleaved)) {
            return drop(whyNotAwaited(origin));
        }
        if (rawNanos - timeoutNanos > 0) {
            // The timer has not come round yet, as after a stop of the process; it is what gives the request up.
            return drop(DropReason.LATE);
        }
        if (nts.isPresent()) {
            boolean isNak = packet.stratum() == 0 && packet.kissCode().equals(NTS_NAK);
            NtsClient.Verdict verdict = nts.get().judge(payload, length, NtpPacket.HEADER_SIZE, isNak);
            if (verdict != NtsClient.Verdict.AUTHENTIC) {
                // Whoever saw the request can send that: the server's own reply is waited for all the same.
                return drop(verdict == NtsClient.Verdict.NAK ? DropReason.KISS : DropReason.UNAUTHENTICATED);
            }
        }
        // From here on the packet comes from who saw our request: it uses the request up, whatever it says.
        pending = false;
        answeredCookie = origin;
        unanswered = 0;
        if (packet.stratum() == 0) {
            schedule.onKiss(packet.kissCode(), rawNanos);
            return refuse(DropReason.KISS, kiss(packet.kissCode()));
        }
        schedule.onAnswer(transmittedNanos, reach == 0);
        reach |= 1;
        lastReply = parsed;
        if (packet.leap() == LeapIndicator.UNSYNCHRONIZED || packet.stratum() >= 16) {
            return refuse(DropReason.UNSYNCHRONIZED, SourceTrouble.UNSYNCHRONIZED);
        }
        if (packet.stratum() < config.minStratum() || packet.stratum() > config.maxStratum()) {
            return refuse(DropReason.STRATUM, SourceTrouble.STRATUM);
        }
        Optional<Exchange> exchange = isInterleaved
                ? interleaved.orElseThrow().completed().map(before -> completed(before, packet))
                : Optional.of(exchange(transmittedNanos, packet.receive(), packet, rawNanos));
        refusal = exchange.map(measured -> nonsense(packet, measured)).orElse(SourceTrouble.NONE);
        if (refusal != SourceTrouble.NONE) {
            interleaved.ifPresent(InterleavedMode::forget);
            return drop(DropReason.NONSENSE);
        }
        if (exchange.isPresent()) {
            accepted++;
            lastAcceptedNanos = rawNanos;
            lastStamp = isInterleaved
                    ? interleaved.orElseThrow().completed().orElseThrow().stamps()
                    : StampKind.ofBoth(transmitStamp, kind);
        }
        interleaved.ifPresent(
                mode -> mode.onReply(transmittedNanos, transmitStamp, packet.receive(), rawNanos, kind, isInterleaved));
        return exchange;
    }

    /**
     * A clock of this host was read for a request: nobody else can have answered, and there is no packet to be checked.
     *
     * @param id of the request
     */
    public Optional<Exchange> onReading(long id, ClockReading reading, long rawNanos) {
        if (!pending || id != requestId || rawNanos - timeoutNanos > 0) {
            return drop(DropReason.LATE);
        }
        pending = false;
        unanswered = 0;
        schedule.onAnswer(rawNanos, reach == 0);
        reach |= 1;
        NtpPacket reply = reading.reply();
        lastReply = Optional.of(reply);
        Exchange exchange = reading.exchange(index);
        refusal = nonsense(reply, exchange);
        if (refusal != SourceTrouble.NONE) {
            return drop(DropReason.NONSENSE);
        }
        accepted++;
        lastAcceptedNanos = rawNanos;
        lastStamp = StampKind.DEVICE;
        return Optional.of(exchange);
    }

    private Exchange completed(InterleavedMode.Completed before, NtpPacket packet) {
        return exchange(before.t1(), before.serverReceive(), packet, before.t4());
    }

    private Exchange exchange(long t1, NtpTimestamp serverReceive, NtpPacket packet, long t4) {
        return new Exchange(
                index,
                t1,
                serverReceive.toUnixNanos(),
                packet.transmit().toUnixNanos(),
                t4,
                packet.rootDelay(),
                packet.rootDispersion(),
                Math.scalb(1.0, Math.min(Math.max(packet.precisionExponent(), -32), 0)));
    }

    private DropReason whyNotAwaited(long origin) {
        if (origin != 0 && origin == answeredCookie) {
            return DropReason.DUPLICATE;
        }
        for (long expired : expiredCookies) {
            if (origin != 0 && origin == expired) {
                return DropReason.LATE;
            }
        }
        return DropReason.BOGUS_ORIGIN;
    }

    private static SourceTrouble kiss(String code) {
        return switch (code) {
            case "DENY", "RSTR" -> SourceTrouble.DENIED;
            case "RATE" -> SourceTrouble.RATE_LIMITED;
            default -> SourceTrouble.KISS;
        };
    }

    private static SourceTrouble nonsense(NtpPacket packet, Exchange exchange) {
        if (packet.receive().isZero() || packet.transmit().isZero()) {
            return SourceTrouble.NO_TIME;
        }
        if (packet.rootDelay() / 2 + packet.rootDispersion() > MAX_ROOT_DISTANCE) {
            return SourceTrouble.ROOT_DISTANCE;
        }
        double atServer = Nanos.toSeconds(exchange.t3() - exchange.t2());
        double turnaround = Nanos.toSeconds(exchange.t4() - exchange.t1());
        boolean isPossible = atServer >= 0
                && atServer <= turnaround + NEGATIVE_DELAY + NEGATIVE_DELAY_RATE * atServer
                && turnaround >= 0;
        return isPossible ? SourceTrouble.NONE : SourceTrouble.CONTRADICTORY_STAMPS;
    }

    private Optional<Exchange> refuse(DropReason reason, SourceTrouble trouble) {
        refusal = trouble;
        interleaved.ifPresent(InterleavedMode::forget);
        return drop(reason);
    }

    private Optional<Exchange> drop(DropReason reason) {
        drops[reason.ordinal()]++;
        return Optional.empty();
    }

    /** Datagrams dropped so far, indexed by {@link DropReason#ordinal}. */
    public List<Long> drops() {
        return Arrays.stream(drops).boxed().toList();
    }

    /** What is wrong with the server's answers, as far as the protocol shows. */
    public SourceTrouble trouble() {
        if (schedule.isDenied()) {
            return SourceTrouble.DENIED;
        }
        if (unanswered >= MANY_UNANSWERED || (unanswered > 0 && reach == 0)) {
            return SourceTrouble.NO_ANSWER;
        }
        return refusal == SourceTrouble.NONE && schedule.isSlowed() ? SourceTrouble.RATE_LIMITED : refusal;
    }

    /** The newest reply that answered a request of ours. */
    public Optional<NtpPacket> lastReply() {
        return lastReply;
    }

    /** The exchange that was accepted last, with what its reply said of the server. */
    public MeasuredExchange measured(Exchange newest) {
        return new MeasuredExchange(
                newest,
                lastReply.map(NtpPacket::stratum).orElse(0),
                lastReply.map(NtpPacket::leap).orElse(LeapIndicator.UNSYNCHRONIZED),
                lastStamp);
    }

    public double pollSeconds() {
        return schedule.pollSeconds();
    }

    /** See {@link PollSchedule#leastSeconds}. */
    public double leastPollSeconds() {
        return schedule.leastSeconds();
    }

    /** What the newest accepted exchange was stamped with. */
    public StampKind stamps() {
        return lastStamp;
    }

    public SourceReport report(SourceState state, double offset, double sd, double delay, double jitter) {
        double rootDelay = lastReply.map(NtpPacket::rootDelay).orElse(0.0);
        double rootDispersion = lastReply.map(NtpPacket::rootDispersion).orElse(0.0);
        return new SourceReport(
                config.name(),
                state,
                lastReply.map(NtpPacket::stratum).orElse(0),
                reach,
                schedule.pollSeconds(),
                offset,
                sd,
                delay,
                jitter,
                (rootDelay + Math.max(delay, 0)) / 2 + rootDispersion,
                rootDelay,
                rootDispersion,
                lastReply.map(NtpPacket::leap).orElse(LeapIndicator.UNSYNCHRONIZED),
                lastStamp,
                sent,
                accepted,
                lastAcceptedNanos,
                drops(),
                nts.map(NtsClient::report),
                state == SourceState.SMEARING ? SourceTrouble.SMEARING : trouble(),
                interleaved.filter(InterleavedMode::answersSo).isPresent(),
                unanswered);
    }
}
