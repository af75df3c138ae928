// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.MeasuredExchange;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.nts.KeyExchangeFailure;
import io.chronotick.engine.nts.NtsServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.LongToDoubleFunction;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A clock, a network and servers in virtual time round a real {@link Engine}: hours pass in milliseconds, and every run with
 * the same seed is the same.
 */
public final class VirtualWorld {
    public static final long SECOND = 1_000_000_000L;
    static final long UTC_AT_ZERO = 1_800_000_000L * SECOND;

    private static final long KEY_EXCHANGE_NANOS = 50_000_000;

    /** One server and the way to it. */
    public static final class VirtualServer {
        public double baseSeconds = 0.001;
        public double jitterSeconds = 0.0005;
        public double lossProbability = 0.05;
        public double lieSeconds = 0;
        public double lieDrift = 0;
        public double asymmetrySeconds = 0;
        public boolean down;
        /** It answers one request of so many. */
        public int answersOneOf = 1;
        /** Added to the way there until {@link #slowUntil}: a server that is only just awake. */
        public double slowSeconds;

        public long slowUntil;
        public int stratum = 2;
        public LeapIndicator leap = LeapIndicator.NONE;
        /** Whether it follows the leap seconds of {@link #leapSecond}. */
        public boolean steps = true;

        /** What it is ahead of UTC by while it smears a leap second, s, as a function of the raw clock. */
        public LongToDoubleFunction smear = r -> 0;

        /** Whether its reference says so. */
        public boolean tellsSmear;

        public int kiss;
        public double rootDelay = 0.0001;
        public double rootDispersion = 0.0001;
        public int requests;
        /** What authenticates it; none: it cannot. */
        public @Nullable NtsServer nts;

        public int keyExchanges;

        /** What it tells too early of the departure of a reply in that reply, s; not in the one after (RFC 9769), if it is asked so. */
        public double earlyStampSeconds;

        /** When the replies to what was received then have left, as NTP time stamps. */
        private final Map<NtpTimestamp, NtpTimestamp> departures = new HashMap<>();

        /** When each request left, CLOCK_MONOTONIC_RAW, ns. */
        public final List<Long> askedNanos = new ArrayList<>();
    }

    private record Event(long rawNanos, long order, Runnable run) {}

    public final List<VirtualServer> servers = new ArrayList<>();
    public final List<String> notes = new ArrayList<>();
    public final List<MeasuredExchange> measured = new ArrayList<>();
    public final List<ExchangeReport> reports = new ArrayList<>();
    public final Engine engine;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            (a, b) -> a.rawNanos == b.rawNanos ? Long.compare(a.order, b.order) : Long.compare(a.rawNanos, b.rawNanos));
    private long order;
    private long raw;
    /** What answers the questions to learned forecasters. */
    public VirtualModel model = (forecaster, askedNanos, context) -> new double[0];

    /** How long it takes, s; from {@link #modelStuck} on it never answers. */
    public double modelSeconds = 0.05;

    public boolean modelStuck;

    /** A learned model; one that throws has failed. */
    public interface VirtualModel {
        double[] forecast(Forecast.Forecaster forecaster, long askedNanos, double[] context);
    }

    private @Nullable Correction correction;
    /** UTC, ns since the Unix epoch, as a function of the raw clock. */
    public LongUnaryOperator truth;

    public VirtualWorld(EngineConfig config, double driftPpm, long seed) {
        this(config, EstimatorOptions.DEFAULT, driftPpm, seed);
    }

    public VirtualWorld(EngineConfig config, EstimatorOptions options, double driftPpm, long seed) {
        this.random = new Random(seed);
        this.engine = new Engine(config, new Random(seed + 1), options);
        this.truth = r -> UTC_AT_ZERO + r + Math.round(r * driftPpm * 1e-6);
    }

    /** What UTC has been stepped by, ns, when the raw clock reads {@code r}. */
    private LongUnaryOperator stepped = r -> 0;

    /**
     * There is a leap second when the raw clock reads {@code leapNanos}: as POSIX time has it, UTC steps by {@code stepNanos}. All
     * servers announce it until then; call it before anything is run.
     *
     * @param midnightNanos the end of the day, before which it is
     */
    public void leapSecond(long leapNanos, long midnightNanos, LeapIndicator kind) {
        LongUnaryOperator straight = truth;
        long before = kind == LeapIndicator.DELETE ? SECOND : 0;
        long moved = midnightNanos - before - straight.applyAsLong(leapNanos);
        stepped = r -> r < leapNanos ? 0 : kind.stepNanos();
        truth = r -> straight.applyAsLong(r) + moved + stepped.applyAsLong(r);
        servers.forEach(server -> server.leap = kind);
        at(leapNanos, () -> servers.forEach(server -> server.leap = LeapIndicator.NONE));
    }

    /** From now on the raw clock's frequency is a random walk, by {@code step} s/s each second; as a crystal's is. */
    public void wander(double step, int seconds, long seed) {
        Random steps = new Random(seed);
        double[] phase = new double[seconds + 2];
        double frequency = 0;
        for (int i = 1; i < phase.length; i++) {
            phase[i] = phase[i - 1] + frequency;
            frequency += step * steps.nextGaussian();
        }
        LongUnaryOperator straight = truth;
        truth = r -> {
            int second = (int) (r / SECOND);
            double part = (r % SECOND) / (double) SECOND;
            double walked = phase[second] + part * (phase[second + 1] - phase[second]);
            return straight.applyAsLong(r) + Math.round(walked * SECOND);
        };
    }

    public VirtualServer addServer(double pollSeconds) {
        return addServer(pollSeconds, 1);
    }

    public VirtualServer addServer(double pollSeconds, double burstSeconds) {
        return addServer(pollSeconds, pollSeconds, burstSeconds, null);
    }

    /** A server whose poll adapts. */
    public VirtualServer addServer(double shortestPoll, double longestPoll, double burstSeconds) {
        return addServer(shortestPoll, longestPoll, burstSeconds, null);
    }

    /** A server that is to be authenticated. */
    public VirtualServer addServer(double pollSeconds, NtsServer nts) {
        return addServer(pollSeconds, pollSeconds, 1, nts);
    }

    /** A server that is asked in interleaved mode, and knows it. */
    public VirtualServer addInterleavedServer(double pollSeconds) {
        return addServer(pollSeconds, pollSeconds, 1, null, true);
    }

    private VirtualServer addServer(
            double shortestPoll, double longestPoll, double burstSeconds, @Nullable NtsServer nts) {
        return addServer(shortestPoll, longestPoll, burstSeconds, nts, false);
    }

    private VirtualServer addServer(
            double shortestPoll,
            double longestPoll,
            double burstSeconds,
            @Nullable NtsServer nts,
            boolean interleaved) {
        VirtualServer server = new VirtualServer();
        server.nts = nts;
        servers.add(server);
        int index = engine.addSource(new SourceConfig(
                "server" + servers.size(),
                8,
                1.0,
                1,
                15,
                SystematicUncertainty.DEFAULT_SHARE,
                nts != null,
                interleaved));
        engine.onAddressChanged(index, shortestPoll, longestPoll, burstSeconds, raw);
        return server;
    }

    public long rawNanos() {
        return raw;
    }

    public Correction correction() {
        if (correction == null) {
            throw new IllegalStateException("nothing published yet");
        }
        return correction;
    }

    boolean hasPublished() {
        return correction != null;
    }

    public long error() {
        return correction().utcNanosAt(raw) - truth.applyAsLong(raw);
    }

    /** Runs until the raw clock reads {@code end}, calling {@code observer} at every whole second. */
    public void runUntil(long end, BiConsumer<VirtualWorld, Correction> observer) {
        long nextSecond = (raw / SECOND + 1) * SECOND;
        while (true) {
            long timer = Math.max(engine.nextTimerNanos(), raw);
            long event = events.isEmpty() ? Long.MAX_VALUE : events.peek().rawNanos;
            long next = Math.min(Math.min(timer, event), Math.min(nextSecond, end));
            raw = next;
            if (next == nextSecond) {
                nextSecond += SECOND;
                if (correction != null) {
                    observer.accept(this, correction);
                }
            }
            if (next == end) {
                return;
            }
            while (!events.isEmpty() && events.peek().rawNanos <= raw) {
                events.poll().run.run();
            }
            if (timer <= raw) {
                engine.onTimer(raw, this::perform);
            }
        }
    }

    public void runUntil(long end) {
        runUntil(end, (world, c) -> {});
    }

    /** A datagram, whatever it holds, reaches the engine now. */
    public void inject(int source, byte[] payload) {
        engine.onDatagram(source, payload, payload.length, raw, StampKind.USER, this::perform);
    }

    public void perform(Action action) {
        if (action instanceof Action.Publish publish) {
            correction = publish.correction();
        } else if (action instanceof Action.Note note) {
            notes.add(note.severity() + " " + note.text());
        } else if (action instanceof Action.Measured one) {
            measured.add(one.measured());
        } else if (action instanceof Action.Explain explain) {
            reports.add(explain.report());
        } else if (action instanceof Action.Send send) {
            carry(send);
        } else if (action instanceof Action.ExchangeKeys exchange) {
            exchangeKeys(exchange.source());
        } else if (action instanceof Action.Infer infer) {
            infer(infer);
        }
    }

    private void exchangeKeys(int source) {
        VirtualServer server = servers.get(source);
        server.keyExchanges++;
        at(raw + KEY_EXCHANGE_NANOS, () -> {
            NtsServer nts = server.nts;
            if (server.down || nts == null) {
                engine.onKeyExchangeFailed(source, KeyExchangeFailure.REFUSED, raw);
            } else {
                engine.onKeys(source, nts.exchange(), raw);
            }
        });
    }

    private void infer(Action.Infer infer) {
        if (modelStuck) {
            return;
        }
        long answered = raw + nanos(modelSeconds);
        try {
            double[] quantiles = model.forecast(infer.forecaster(), raw, infer.context());
            at(answered, () -> engine.onForecast(infer.forecaster(), infer.requestId(), quantiles, raw, this::perform));
        } catch (IllegalStateException e) {
            String reason = String.valueOf(e.getMessage());
            at(
                    answered,
                    () -> engine.onForecastFailed(infer.forecaster(), infer.requestId(), reason, raw, this::perform));
        }
    }

    private void carry(Action.Send send) {
        VirtualServer server = servers.get(send.source());
        server.requests++;
        server.askedNanos.add(raw);
        engine.onTransmitted(send.source(), send.requestId(), raw, StampKind.USER);
        if (server.down || server.requests % server.answersOneOf != 0 || random.nextDouble() < server.lossProbability) {
            return;
        }
        double slow = raw < server.slowUntil ? server.slowSeconds * (0.5 + random.nextDouble()) : 0;
        long arrival =
                raw + nanos(server.baseSeconds + server.asymmetrySeconds + exponential(server.jitterSeconds) + slow);
        long departure = arrival + 20_000 + nanos(server.earlyStampSeconds);
        long back = departure + nanos(server.baseSeconds - server.asymmetrySeconds + exponential(server.jitterSeconds));
        NtpPacket request =
                NtpPacket.parse(send.payload(), send.payload().length).orElseThrow();
        byte[] header = reply(server, request, arrival, departure).toBytes();
        NtsServer nts = server.nts;
        byte[] reply = nts == null ? header : nts.answer(send.payload(), header);
        at(back, () -> engine.onDatagram(send.source(), reply, reply.length, back, StampKind.USER, this::perform));
    }

    private NtpPacket reply(VirtualServer server, NtpPacket request, long arrival, long departure) {
        long lie = nanos(server.lieSeconds + server.lieDrift * departure * 1e-9);
        NtpTimestamp receive = NtpTimestamp.ofUnixNanos(utc(server, arrival) + lie);
        NtpTimestamp left = NtpTimestamp.ofUnixNanos(utc(server, departure) + lie);
        NtpTimestamp before = server.departures.remove(request.origin());
        NtpTimestamp early = NtpTimestamp.ofUnixNanos(utc(server, departure) + lie - nanos(server.earlyStampSeconds));
        NtpTimestamp transmit = before == null ? early : before;
        server.departures.put(receive, left);
        return new NtpPacket(
                server.leap,
                4,
                NtpPacket.MODE_SERVER,
                server.kiss != 0 ? 0 : server.stratum,
                4,
                -29,
                server.rootDelay,
                server.rootDispersion,
                server.tellsSmear ? smearReference(server.smear.applyAsDouble(departure)) : server.kiss,
                receive,
                before == null ? request.transmit() : request.receive(),
                receive,
                transmit);
    }

    private long utc(VirtualServer server, long rawNanos) {
        return truth.applyAsLong(rawNanos)
                - (server.steps ? 0 : stepped.applyAsLong(rawNanos))
                + nanos(server.smear.applyAsDouble(rawNanos));
    }

    /** As ntpd writes it: 254, and seconds with 22 bits of fraction. */
    private static int smearReference(double seconds) {
        return seconds == 0 ? 0x0A000001 : 254 << 24 | ((int) Math.round(seconds * (1 << 22)) & 0xFFFFFF);
    }

    void at(long rawNanos, Runnable run) {
        events.add(new Event(rawNanos, order++, run));
    }

    private double exponential(double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * SECOND);
    }
}
