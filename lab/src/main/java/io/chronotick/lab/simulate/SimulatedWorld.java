// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.Action;
import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.EstimatorOptions;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.ClockReading;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.engine.oscillator.CovariateConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One run of a scenario: real NTP packets between a real engine and simulated servers, in true time that nobody but the world
 * knows. The same seed gives the same bits. Not thread-safe.
 */
final class SimulatedWorld {
    // Long because: one event loop with all that may happen in it; the order of the events is the point.

    private static final long SECOND = 1_000_000_000L;

    /** UTC at true time zero, ns since the Unix epoch: any instant will do where there is no leap second. */
    private static final long UTC_AT_ZERO = 1_800_000_000L * SECOND;

    /** 2027-01-01T00:00:00Z: the end of a day that may have a leap second, ns since the Unix epoch. */
    private static final long MIDNIGHT = 1_798_761_600L * SECOND;

    /** So long before and after a leap second, and so often, the published time is looked at, ns. */
    private static final long LEAP_WINDOW_NANOS = SECOND / 5;

    private static final long LEAP_STEP_NANOS = SECOND / 20_000;

    /** As the daemon asks. */
    private static final int BURST = 8;

    static final double TIMEOUT = 2;

    /** Beyond this root distance a server is of no use, s. */
    private static final double MAX_ROOT_DISTANCE = 3;

    /** Reading errors of the virtual clocks, s: an honest server's error stays this far inside its root distance. */
    private static final double ROUNDING = 2e-9;

    /** What a forger who has not seen the request says, s. */
    private static final double FORGED_OFFSET = 5;

    /** Forged packets come within this, most of them much sooner, s. */
    private static final double FORGER_DELAY = 0.05;

    /** Between two readings of the sensor, ns, and what it reads at rest, C. */
    private static final long SENSING_NANOS = 10 * SECOND;

    private static final double ROOM = 25;

    private final Scenario scenario;
    private final SimulatedClock clock;
    private final Set<Ablation> without;
    private final Optional<FilterWeights> learned;
    private final long engineSeed;
    private final BoundWatch watch;
    private final long utcAtZero;
    private final LeapIndicator leap;
    private final long leapNanos;
    private Engine engine;
    private final List<Server> servers = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Readings readings = new Readings();
    private long eventCount;
    private long now;
    private double strayed;
    private double felt = ROOM;
    private Correction published;
    /** Nobody reads: the machine comes round from a stop that it knows of. */
    private boolean waking;
    /** The daemon does not run; this is waiting for it. */
    private boolean stalled;

    private int stallsOver;
    private final List<Runnable> backlog = new ArrayList<>();
    /** Increases when nothing that was asked before is waited for any more. */
    private int generation;

    private double readySeconds = Double.POSITIVE_INFINITY;

    /** Something that happens at a true time; what was planned first happens first. */
    private record Event(long trueNanos, long order, boolean isReply, Runnable run) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(trueNanos, other.trueNanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private static final class Server {
        final ServerSpec spec;
        final Direction forward;
        final Direction back;
        final Random luck;
        ServerSpec.State state;
        double stateSince;
        /** Increases with every move: a reply from the old address is not taken for one from the new. */
        int address;

        long answers;
        byte[] lastReply = new byte[0];

        Server(ServerSpec spec, Random forward, Random back, Random luck) {
            this.spec = spec;
            this.forward = new Direction(forward);
            this.back = new Direction(back);
            this.luck = luck;
            this.state = spec.initial();
        }

        double seconds(long trueNanos) {
            return trueNanos * 1e-9 - stateSince;
        }

        double error(long trueNanos) {
            return state.offset() + state.drift() * seconds(trueNanos);
        }
    }

    /** A request on its way: who it is for, when it left, how long it takes. */
    private record Asked(
            int source, int address, int generation, long trueNanos, long rawNanos, double delay, NtpPacket packet) {}

    /** @param learned weights of the learned filter, if it shall speak beside the bank */
    SimulatedWorld(Scenario scenario, long seed, Set<Ablation> without, Optional<FilterWeights> learned) {
        this(scenario, seed, without, learned, new BoundWatch(scenario.maxUncertainty(), scenario.maxDrift()));
    }

    /** With a watch that looks for something else, too. */
    SimulatedWorld(
            Scenario scenario, long seed, Set<Ablation> without, Optional<FilterWeights> learned, BoundWatch watch) {
        this.scenario = scenario;
        this.without = without;
        this.learned = learned;
        this.watch = watch;
        // Nearby seeds make unlike streams here, unlike in Random itself, whose sequence is the same on every Java.
        SplittableRandom seeds = new SplittableRandom(seed);
        leap = scenario.leap().map(Scenario.Leap::kind).orElse(LeapIndicator.NONE);
        leapNanos = scenario.leap()
                .map(planned -> SimulatedClock.nanos(planned.at()))
                .orElse(Long.MAX_VALUE);
        utcAtZero = scenario.leap().isEmpty()
                ? UTC_AT_ZERO
                // A deleted second is the last of the day, an inserted one comes after it.
                : MIDNIGHT - leapNanos - (leap == LeapIndicator.DELETE ? SECOND : 0);
        clock = new SimulatedClock(scenario.clock(), new Random(seeds.nextLong()));
        engineSeed = seeds.nextLong();
        for (ServerSpec spec : scenario.servers()) {
            Server server = new Server(
                    spec, new Random(seeds.nextLong()), new Random(seeds.nextLong()), new Random(seeds.nextLong()));
            int index = servers.size();
            servers.add(server);
            watch.addSeat(spec.poll());
            for (ServerSpec.Change change : spec.changes()) {
                at(SimulatedClock.nanos(change.at()), false, () -> change(index, server, change));
            }
        }
        scenario.clock().sensor().ifPresent(spec -> {
            Random noise = new Random(seeds.nextLong());
            at(SECOND, false, () -> feel(spec, noise));
        });
        if (scenario.leap().isPresent()) {
            for (long past = -LEAP_WINDOW_NANOS; past <= LEAP_WINDOW_NANOS; past += LEAP_STEP_NANOS) {
                at(Math.max(leapNanos + past, 0), false, this::look);
            }
        }
        for (Scenario.Stall stall : scenario.stalls()) {
            at(SimulatedClock.nanos(stall.at()), false, () -> {
                stalled = true;
                watch.excuseUntil(stall.at() + stall.length() + 1);
            });
            at(SimulatedClock.nanos(stall.at() + stall.length()), false, () -> resume(stall.restart()));
        }
        engine = newEngine();
        published = Correction.nothingKnown(raw());
    }

    private Engine newEngine() {
        boolean sensor = scenario.clock().sensor().isPresent();
        EngineConfig config = EngineConfig.DEFAULT.toBuilder()
                .maxUncertaintySeconds(scenario.maxUncertainty())
                .maxDrift(scenario.maxDrift())
                .covariates(sensor ? List.of(CovariateConfig.TEMPERATURE) : List.of())
                .build();
        EstimatorOptions options = new EstimatorOptions(without, learned, true);
        Engine made = new Engine(config, new Random(engineSeed + generation), options);
        for (Server server : servers) {
            ServerSpec spec = server.spec;
            double share = spec.isClock() ? SystematicUncertainty.READING_SHARE : SystematicUncertainty.DEFAULT_SHARE;
            int index = made.addSource(new SourceConfig(spec.name(), BURST, TIMEOUT, 1, 15, share));
            made.onAddressChanged(index, spec.poll(), spec.burst(), raw());
        }
        return made;
    }

    /** The daemon runs again, or another one does. */
    private void resume(boolean restart) {
        stalled = false;
        if (restart) {
            backlog.clear();
            generation++;
            engine = newEngine();
            published = Correction.nothingKnown(raw());
            watch.forgetAll(now * 1e-9);
        } else {
            // Either may come first.
            if (stallsOver++ % 2 == 0) {
                engine.onTimer(raw(), this::perform);
            }
            List<Runnable> waiting = List.copyOf(backlog);
            backlog.clear();
            waiting.forEach(Runnable::run);
        }
    }

    private void toDaemon(Runnable call) {
        if (stalled) {
            backlog.add(call);
        } else {
            call.run();
        }
    }

    /** Reads the sensor of the temperature, as the daemon does, and plans the next time. */
    private void feel(ClockSpec.Sensor spec, Random noise) {
        double seconds = now * 1e-9;
        strayed += spec.wander() * Math.sqrt(SENSING_NANOS * 1e-9) * noise.nextGaussian();
        if (seconds < spec.stuckAt()) {
            double heat = scenario.clock().felt(spec, seconds);
            double value = ROOM + heat + strayed + spec.noise() * noise.nextGaussian();
            felt = spec.step() > 0 ? spec.step() * Math.rint(value / spec.step()) : value;
        }
        engine.onCovariate(0, felt, raw());
        at(now + SENSING_NANOS, false, () -> feel(spec, noise));
    }

    /** Runs to the end of the scenario. */
    void run() {
        long end = SimulatedClock.nanos(scenario.duration());
        engine.onTimer(raw(), this::perform);
        long nextReading = SECOND;
        while (now < end) {
            long timer = stalled ? Long.MAX_VALUE : Math.max(clock.trueNanos(engine.nextTimerNanos()), now);
            long event = events.isEmpty() ? Long.MAX_VALUE : events.peek().trueNanos();
            now = Math.min(Math.min(timer, event), Math.min(nextReading, clock.segmentEnd()));
            while (!events.isEmpty() && events.peek().trueNanos() <= now) {
                events.remove().run().run();
            }
            if (!stalled && engine.nextTimerNanos() <= raw()) {
                engine.onTimer(raw(), this::perform);
            }
            if (now == nextReading) {
                read();
                nextReading += SECOND;
            }
            if (now == clock.segmentEnd()) {
                clock.advance();
                for (ClockSpec.Jump jump : scenario.clock().jumps()) {
                    if (jump.noticed() && SimulatedClock.nanos(jump.at()) == now) {
                        notice("the clock has jumped");
                    }
                }
                stand();
                nextReading = Math.max(nextReading, (now + SECOND - 1) / SECOND * SECOND);
            }
        }
    }

    private void read() {
        readings.add(now * 1e-9, published, raw(), utcNanos(now));
        look();
        watch.count(published, raw(), now * 1e-9, utcNanos(now));
        if (Double.isInfinite(readySeconds) && engine.isWarmupComplete()) {
            readySeconds = now * 1e-9;
        }
    }

    private void look() {
        watch.look(published, raw(), now * 1e-9, utcNanos(now));
    }

    /** Nothing runs here while the machine stands still. */
    private void stand() {
        for (ClockSpec.Stop stop : scenario.clock().stops()) {
            if (SimulatedClock.nanos(stop.at()) == now) {
                long until = now + SimulatedClock.nanos(stop.length());
                clock.standStill(until);
                List<Event> passed = new ArrayList<>();
                while (!events.isEmpty() && events.peek().trueNanos() < until) {
                    now = Math.max(now, events.peek().trueNanos());
                    Event event = events.remove();
                    if (event.isReply()) {
                        passed.add(event);
                    } else {
                        event.run().run();
                    }
                }
                now = until;
                if (stop.noticed()) {
                    notice("suspended");
                }
                // The network card has kept them.
                passed.forEach(event -> event.run().run());
            }
        }
    }

    /** The daemon is told that what it knew of the raw clock does not hold any more. */
    private void notice(String discontinuity) {
        waking = true;
        engine.onDiscontinuity(discontinuity, raw(), this::perform);
        waking = false;
        generation++;
        watch.forgetAll(now * 1e-9);
        look();
    }

    Readings readings() {
        return readings;
    }

    /** First whole second at which the warm-up was over, s; infinite if it never was. */
    double readySeconds() {
        return readySeconds;
    }

    /** What readers were told, against the truth. */
    Findings findings() {
        return watch.findings(readings.validBounds());
    }

    /** What the engine thinks of the servers in the end. */
    List<SourceReport> sources() {
        return engine.sources(raw());
    }

    private long raw() {
        return clock.rawNanos(now);
    }

    private void perform(Action action) {
        if (action instanceof Action.Publish publish) {
            if (!waking) {
                look();
            }
            published = publish.correction();
            look();
        } else if (action instanceof Action.Send send) {
            engine.onTransmitted(send.source(), send.requestId(), raw(), StampKind.KERNEL);
            request(send);
        }
    }

    // --- The network and the servers ---

    private void change(int index, Server server, ServerSpec.Change change) {
        server.state = change.state();
        server.stateSince = change.at();
        if (change.moved()) {
            server.address++;
            server.lastReply = new byte[0];
            watch.forget(index);
            toDaemon(() -> engine.onAddressChanged(index, server.spec.poll(), server.spec.burst(), raw()));
        }
    }

    private void request(Action.Send send) {
        Server server = servers.get(send.source());
        if (server.spec.isClock()) {
            readClock(send, server);
            return;
        }
        disturb(send.source(), server);
        double delay = server.forward.delay(server.state.forward().after(server.seconds(now)), now * 1e-9);
        if (!isPassable() || Double.isNaN(delay)) {
            return;
        }
        NtpPacket packet =
                NtpPacket.parse(send.payload(), send.payload().length).orElseThrow();
        Asked asked = new Asked(send.source(), server.address, generation, now, raw(), delay, packet);
        at(now + SimulatedClock.nanos(delay), false, () -> {
            if (server.address == asked.address() && !server.state.down()) {
                answer(asked, server);
            }
        });
    }

    /** A clock of the host is read: no network, and nobody beside it who could disturb. */
    private void readClock(Action.Send send, Server server) {
        ServerSpec.State state = server.state;
        if (state.down()) {
            return;
        }
        long before = raw();
        int asked = generation;
        at(now + readingNanos(server.forward, state.forward(), server), false, () -> {
            double most = state.rootDelay() / 2 + state.rootDispersion();
            boolean honest = state.conduct().honest();
            double error = server.error(now) + lie(server);
            double kept = honest ? Math.min(Math.max(error, ROUNDING - most), most - ROUNDING) : error;
            long utc = utcNanos(now) + SimulatedClock.nanos(kept);
            if (!honest) {
                watch.lied(send.source(), raw());
            }
            at(now + readingNanos(server.back, state.back(), server), true, () -> {
                ClockReading reading = new ClockReading(before, utc, raw(), most, 1, Optional.empty());
                if (asked == generation) {
                    watch.answered(
                            new Exchange(send.source(), before, utc, utc, reading.afterNanos(), 0, most, 1e-9), honest);
                }
                toDaemon(() -> engine.onReading(send.source(), send.requestId(), reading, raw(), this::perform));
            });
        });
    }

    private long readingNanos(Direction direction, DirectionSpec spec, Server server) {
        return SimulatedClock.nanos(direction.delay(spec.after(server.seconds(now)), now * 1e-9));
    }

    /** What people do who have not seen the request. */
    private void disturb(int index, Server server) {
        ServerSpec.Conduct conduct = server.state.conduct();
        if (conduct.unreachable() > 0 && server.luck.nextDouble() < conduct.unreachable()) {
            at(now + SimulatedClock.nanos(FORGER_DELAY * Math.pow(server.luck.nextDouble(), 4)), false, () -> {
                toDaemon(() -> engine.onUnreachable(index, "connection refused", raw(), this::perform));
            });
        }
        if (conduct.forged() > 0 && server.luck.nextDouble() < conduct.forged()) {
            NtpTimestamp guessed = new NtpTimestamp(server.luck.nextLong());
            long sent = now + SimulatedClock.nanos(FORGER_DELAY * Math.pow(server.luck.nextDouble(), 4));
            NtpTimestamp wrong = utc(sent, FORGED_OFFSET);
            byte[] forged = packet(server.state, server.state.stratum(), 0, guessed, wrong, wrong);
            byte[] replayed = server.lastReply;
            at(sent, true, () -> deliver(index, forged));
            at(sent, true, () -> deliver(index, replayed));
        }
    }

    private void answer(Asked asked, Server server) {
        ServerSpec.State state = server.state;
        long arrived = now;
        long left = now + SimulatedClock.nanos(state.turnaround());
        double delay = server.back.delay(state.back().after(server.seconds(left)), left * 1e-9);
        boolean twice = server.luck.nextDouble() < state.duplicates();
        if (!isPassable() || Double.isNaN(delay)) {
            return;
        }
        ServerSpec.Conduct conduct = state.conduct();
        double lie = lie(server);
        double receiveError = server.error(arrived) + lie - conduct.hide() * asked.delay();
        double transmitError = server.error(left) + lie + conduct.hide() * delay;
        double rootDistance = stated(state.rootDelay()) / 2 + stated(state.rootDispersion());
        if (conduct.honest()) {
            double most = rootDistance + Math.scalb(1.0, state.precisionExponent()) - ROUNDING;
            receiveError = Math.min(Math.max(receiveError, -most), most);
            transmitError = Math.min(Math.max(transmitError, -most), most);
        }
        receiveError += leapError(state, arrived);
        transmitError += leapError(state, left);
        NtpTimestamp origin = asked.packet().transmit();
        NtpTimestamp received = utc(arrived, receiveError);
        NtpTimestamp sent = utc(left, transmitError);
        byte[] reply = conduct.kiss()
                .map(code -> packet(state, 0, kissCode(code), origin, received, sent))
                .orElseGet(() -> packet(state, state.stratum(), 0, origin, received, sent));
        server.lastReply = reply;
        if (!conduct.honest()) {
            watch.lied(asked.source(), raw());
        }
        boolean usable = conduct.kiss().isEmpty()
                && state.stratum() < 16
                && rootDistance <= MAX_ROOT_DISTANCE
                && sent.toUnixNanos() >= received.toUnixNanos();
        for (int copy = 0; copy < (twice ? 2 : 1); copy++) {
            boolean first = copy == 0;
            at(left + SimulatedClock.nanos(delay) + copy, true, () -> {
                if (server.address == asked.address()) {
                    if (usable && first && asked.generation() == generation) {
                        notice(asked, received, sent, state);
                    }
                    deliver(asked.source(), reply);
                }
            });
        }
    }

    /** A reply arrives that a client uses if it is in time. */
    private void notice(Asked asked, NtpTimestamp received, NtpTimestamp sent, ServerSpec.State state) {
        Exchange exchange = new Exchange(
                asked.source(),
                asked.rawNanos(),
                received.toUnixNanos(),
                sent.toUnixNanos(),
                raw(),
                stated(state.rootDelay()),
                stated(state.rootDispersion()),
                Math.scalb(1.0, state.precisionExponent()));
        boolean spansLeap = asked.trueNanos() < leapNanos && now >= leapNanos;
        if ((exchange.t4() - exchange.t1()) * 1e-9 >= TIMEOUT || exchange.delay() < 0 || spansLeap) {
            return;
        }
        boolean honest = state.conduct().honest();
        // What the four stamps say: t3 - e <= UTC at T4, UTC at T1 <= t2 + e.
        if (honest
                && ((exchange.t3() - utcNanos(now)) * 1e-9 > exchange.serverError()
                        || (utcNanos(asked.trueNanos()) - exchange.t2()) * 1e-9 > exchange.serverError())) {
            throw new IllegalStateException("server " + asked.source() + " is said to be honest and is not");
        }
        watch.answered(exchange, honest);
    }

    private void deliver(int index, byte[] datagram) {
        long stamp = raw();
        toDaemon(() -> engine.onDatagram(index, datagram, datagram.length, stamp, StampKind.KERNEL, this::perform));
    }

    /** What an answer is off by beyond the server's clock, s. */
    private double lie(Server server) {
        ServerSpec.Conduct conduct = server.state.conduct();
        double lie = server.answers++ % 2 == 0 ? conduct.alternate() : -conduct.alternate();
        if (conduct.scatter() > 0) {
            lie += conduct.scatter() * (2 * server.luck.nextDouble() - 1);
        }
        if (conduct.aim() != 0 && BoundWatch.isValid(published, raw())) {
            double told = (published.utcNanosAt(raw()) - utcNanos(now)) * 1e-9;
            lie += told + conduct.aim() * published.maxErrorAt(raw());
        }
        return lie;
    }

    private byte[] packet(
            ServerSpec.State state,
            int stratum,
            int referenceId,
            NtpTimestamp origin,
            NtpTimestamp received,
            NtpTimestamp sent) {
        return new NtpPacket(
                        stratum == 16 ? LeapIndicator.UNSYNCHRONIZED : announced(state),
                        4,
                        NtpPacket.MODE_SERVER,
                        stratum,
                        4,
                        state.precisionExponent(),
                        state.rootDelay(),
                        state.rootDispersion(),
                        referenceId,
                        received,
                        origin,
                        received,
                        sent)
                .toBytes();
    }

    private static int kissCode(String code) {
        int bits = 0;
        for (int i = 0; i < 4; i++) {
            bits = bits << 8 | code.charAt(i);
        }
        return bits;
    }

    /** As packets have it, in units of 2^-16 s. */
    private static double stated(double seconds) {
        return Math.rint(seconds * 65_536) / 65_536;
    }

    private NtpTimestamp utc(long trueNanos, double error) {
        return NtpTimestamp.ofUnixNanos(utcNanos(trueNanos) + SimulatedClock.nanos(error));
    }

    /** True POSIX time, ns. */
    private long utcNanos(long trueNanos) {
        return utcAtZero + trueNanos + (trueNanos < leapNanos ? 0 : leap.stepNanos());
    }

    /** What a server announces. */
    private LeapIndicator announced(ServerSpec.State state) {
        return now < leapNanos ? state.conduct().leap().orElse(leap) : LeapIndicator.NONE;
    }

    /** What a server is off by that has taken another leap second than the true one, s. */
    private double leapError(ServerSpec.State state, long trueNanos) {
        long taken = state.conduct().leap().orElse(leap).stepNanos();
        return trueNanos < leapNanos ? 0 : (taken - leap.stepNanos()) * 1e-9;
    }

    private boolean isPassable() {
        return scenario.outages().stream().noneMatch(outage -> outage.contains(now * 1e-9));
    }

    private void at(long trueNanos, boolean isReply, Runnable run) {
        events.add(new Event(trueNanos, eventCount++, isReply, run));
    }
}
