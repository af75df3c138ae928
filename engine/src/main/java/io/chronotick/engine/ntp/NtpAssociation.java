// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.math.Nanos;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The protocol with one server: when to ask, which replies to believe, what to count. Knows nothing of the clock model. Not
 * thread-safe.
 */
public final class NtpAssociation {
    /** A reply's origin is looked for among this many requests given up, to tell late from forged. */
    private static final int REMEMBERED_REQUESTS = 4;

    /** Largest root distance of a server that is of any use, s (RFC 5905, MAXDISP is 16; chrony's maxdistance 3). */
    public static final double MAX_ROOT_DISTANCE = 3;

    /** Most that a round trip may come out negative, s, and as a part of the time at the server: clock reading errors. */
    private static final double NEGATIVE_DELAY = 2e-6;

    private static final double NEGATIVE_DELAY_RATE = 1e-4;

    /** While a server does not answer it is asked at intervals that double from this, s, to its normal poll. */
    private static final double FIRST_RETRY = 2;

    /** A RATE kiss doubles the poll up to this, s (RFC 5905: MAXPOLL, 2^17 s; chrony ends at 2^10 for it). */
    private static final double SLOWEST_POLL = 1024;

    /**
     * The poll is halved again after so many answers since the last RATE kiss, a number that each kiss doubles from the least
     * to the most: a server whose limit lies between two polls is bothered ever less often.
     */
    private static final int LEAST_RECOVERY = 16;

    private static final int MOST_RECOVERY = 1024;

    /**
     * A server that has sent DENY or RSTR is left alone for this, s, doubling with each further one to the longest. RFC 5905,
     * section 7.4, has a client stop for good; but servers change their minds, and an on-path attacker who can forge one kiss
     * must not have silenced a server for ever. A packet an hour, then a packet a day, is no burden to anybody.
     */
    private static final double FIRST_DENIAL = 3600;

    private static final double LONGEST_DENIAL = 86_400;

    /** Polls are spread by this part at random, so that clients do not fall into step. */
    private static final double POLL_SPREAD = 0.02;

    private final int index;
    private final SourceConfig config;
    private final RandomGenerator random;
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

    private boolean started;
    private boolean denied;
    private double denialSeconds = FIRST_DENIAL;
    private int recovery = LEAST_RECOVERY;
    private int answersSinceRate;
    private long nextPollNanos;
    private double configuredPollSeconds = 1;
    private double pollSeconds = 1;
    private double burstSeconds = 1;
    private double retrySeconds = FIRST_RETRY;
    private int burstLeft;
    private int reach;
    private long sent;
    private long accepted;
    private long lastAcceptedNanos;
    private Optional<NtpPacket> lastReply = Optional.empty();
    private StampKind lastStamp = StampKind.USER;

    public NtpAssociation(int index, SourceConfig config, RandomGenerator random) {
        this.index = index;
        this.config = config;
        this.random = random;
    }

    public SourceConfig config() {
        return config;
    }

    public int reach() {
        return reach;
    }

    /** Whether the server has refused to serve us and has not answered otherwise since. */
    public boolean isDenied() {
        return denied;
    }

    /** Whether the server has asked for a slower poll than the configured one. */
    private boolean isSlowed() {
        return pollSeconds > configuredPollSeconds;
    }

    long accepted() {
        return accepted;
    }

    /** Asks at once, with a burst, then at the poll interval. */
    public void begin(double poll, double burst, long rawNanos) {
        configuredPollSeconds = poll;
        burstSeconds = burst;
        started = true;
        pending = false;
        denied = false;
        denialSeconds = FIRST_DENIAL;
        recovery = LEAST_RECOVERY;
        answersSinceRate = 0;
        reach = 0;
        retrySeconds = FIRST_RETRY;
        pollSeconds = poll;
        burstLeft = config.burstCount();
        nextPollNanos = rawNanos;
    }

    /**
     * Asks {@code count} times in quick succession, to settle a contradiction; a burst under way goes on. Not a server that
     * has asked for less.
     */
    public void confirm(int count, long rawNanos) {
        if (denied || isSlowed()) {
            return;
        }
        burstLeft = Math.max(burstLeft, count);
        nextPollNanos = Math.min(nextPollNanos, rawNanos + Nanos.ofSeconds(burstSeconds));
    }

    /** Asks at the latest after {@code seconds}; not while a request is under way, and not one who has refused or slowed us. */
    public void askWithin(double seconds, long rawNanos) {
        if (denied || isSlowed()) {
            return;
        }
        nextPollNanos = Math.min(nextPollNanos, rawNanos + Nanos.ofSeconds(seconds));
    }

    /** An exchange measured elsewhere: the source answers, at the interval of its newest two exchanges. */
    public void onRecorded(Exchange exchange) {
        if (accepted > 0) {
            pollSeconds = Math.max(exchange.t4() - lastAcceptedNanos, 1) / Nanos.PER_SECOND;
        }
        reach = 0xFF;
        accepted++;
        lastAcceptedNanos = exchange.t4();
    }

    public long nextTimerNanos() {
        if (!started) {
            return Long.MAX_VALUE;
        }
        return pending ? timeoutNanos : nextPollNanos;
    }

    /**
     * The packet of the request that is due now, if any; the caller owns the array.
     *
     * @param newRequestId by which {@link #onTransmitted} will know it
     */
    public Optional<byte[]> onTimer(long rawNanos, long newRequestId) {
        if (pending && rawNanos - timeoutNanos >= 0) {
            giveUp(rawNanos);
        }
        if (!started || pending || rawNanos - nextPollNanos < 0) {
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
        return Optional.of(NtpPacket.request(new NtpTimestamp(cookie)).toBytes());
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
        if (pending) {
            expire();
            scheduleNext(rawNanos);
        }
        // It may have jumped back: what was to be soon is not to be in years.
        double longest = denied ? LONGEST_DENIAL : pollSeconds * (1 + POLL_SPREAD);
        nextPollNanos = Math.min(nextPollNanos, rawNanos + Nanos.ofSeconds(longest));
    }

    private void expire() {
        pending = false;
        expiredCookies[nextExpired] = cookie;
        nextExpired = (nextExpired + 1) % expiredCookies.length;
    }

    private void giveUp(long rawNanos) {
        expire();
        if (denied) {
            // The denial is over, and now it is silent: no reason to hurry.
            schedule(rawNanos, Math.max(pollSeconds, SLOWEST_POLL));
        } else if (reach == 0 && !isSlowed()) {
            schedule(rawNanos, Math.min(retrySeconds, Math.max(pollSeconds, FIRST_RETRY)));
            retrySeconds = Math.min(2 * retrySeconds, SLOWEST_POLL);
        } else {
            scheduleNext(rawNanos);
        }
    }

    private void scheduleNext(long rawNanos) {
        if (burstLeft > 0) {
            nextPollNanos = rawNanos + Nanos.ofSeconds(burstSeconds);
        } else {
            schedule(rawNanos, pollSeconds);
        }
    }

    private void schedule(long rawNanos, double seconds) {
        double spread = 1 + POLL_SPREAD * (2 * random.nextDouble() - 1);
        nextPollNanos = rawNanos + Nanos.ofSeconds(seconds * spread);
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
        if (!pending || origin != cookie) {
            return drop(whyNotAwaited(origin));
        }
        if (rawNanos - timeoutNanos > 0) {
            // The timer has not come round yet, as after a stop of the process; it is what gives the request up.
            return drop(DropReason.LATE);
        }
        // From here on the packet comes from who saw our request: it uses the request up, whatever it says.
        pending = false;
        answeredCookie = cookie;
        if (packet.stratum() == 0) {
            onKiss(packet, rawNanos);
            return drop(DropReason.KISS);
        }
        reach |= 1;
        denied = false;
        denialSeconds = FIRST_DENIAL;
        retrySeconds = FIRST_RETRY;
        recoverFromRate();
        burstLeft = Math.max(burstLeft - 1, 0);
        scheduleNext(transmittedNanos);
        lastReply = parsed;
        if (packet.leap() == LeapIndicator.UNSYNCHRONIZED || packet.stratum() >= 16) {
            return drop(DropReason.UNSYNCHRONIZED);
        }
        if (packet.stratum() < config.minStratum() || packet.stratum() > config.maxStratum()) {
            return drop(DropReason.STRATUM);
        }
        Exchange exchange = new Exchange(
                index,
                transmittedNanos,
                packet.receive().toUnixNanos(),
                packet.transmit().toUnixNanos(),
                rawNanos,
                packet.rootDelay(),
                packet.rootDispersion(),
                Math.scalb(1.0, Math.min(Math.max(packet.precisionExponent(), -32), 0)));
        if (isNonsense(packet, exchange)) {
            return drop(DropReason.NONSENSE);
        }
        accepted++;
        lastAcceptedNanos = rawNanos;
        lastStamp = transmitStamp == StampKind.KERNEL && kind == StampKind.KERNEL ? StampKind.KERNEL : StampKind.USER;
        return Optional.of(exchange);
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

    private static boolean isNonsense(NtpPacket packet, Exchange exchange) {
        double atServer = Nanos.toSeconds(exchange.t3() - exchange.t2());
        double turnaround = Nanos.toSeconds(exchange.t4() - exchange.t1());
        return packet.receive().isZero()
                || packet.transmit().isZero()
                || atServer < 0
                || atServer > turnaround + NEGATIVE_DELAY + NEGATIVE_DELAY_RATE * atServer
                || turnaround < 0
                || packet.rootDelay() / 2 + packet.rootDispersion() > MAX_ROOT_DISTANCE;
    }

    private void recoverFromRate() {
        if (isSlowed() && ++answersSinceRate >= recovery) {
            answersSinceRate = 0;
            pollSeconds = Math.max(pollSeconds / 2, configuredPollSeconds);
        }
    }

    private void onKiss(NtpPacket packet, long rawNanos) {
        burstLeft = 0;
        switch (packet.kissCode()) {
            case "DENY", "RSTR" -> {
                denied = true;
                schedule(rawNanos, Math.max(pollSeconds, denialSeconds));
                denialSeconds = Math.min(2 * denialSeconds, LONGEST_DENIAL);
            }
            case "RATE" -> {
                denied = false;
                recovery = Math.min(2 * recovery, MOST_RECOVERY);
                answersSinceRate = 0;
                pollSeconds = Math.min(2 * pollSeconds, Math.max(SLOWEST_POLL, configuredPollSeconds));
                schedule(rawNanos, pollSeconds);
            }
            // Other codes ask for nothing (RFC 5905, section 7.4): as if there had been no answer.
            default -> schedule(rawNanos, denied ? Math.max(pollSeconds, SLOWEST_POLL) : pollSeconds);
        }
    }

    private Optional<Exchange> drop(DropReason reason) {
        drops[reason.ordinal()]++;
        return Optional.empty();
    }

    /** Datagrams dropped so far, indexed by {@link DropReason#ordinal}. */
    public List<Long> drops() {
        return Arrays.stream(drops).boxed().toList();
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
        return pollSeconds;
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
                pollSeconds,
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
                drops());
    }
}
