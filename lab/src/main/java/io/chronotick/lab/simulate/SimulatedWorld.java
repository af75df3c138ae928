// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.Ablation;
import io.chronotick.engine.Action;
import io.chronotick.engine.Correction;
import io.chronotick.engine.CovariateConfig;
import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.FilterWeights;
import io.chronotick.engine.LeapIndicator;
import io.chronotick.engine.NtpPacket;
import io.chronotick.engine.NtpTimestamp;
import io.chronotick.engine.SourceConfig;
import io.chronotick.engine.SourceReport;
import io.chronotick.engine.StampKind;
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
    private static final long SECOND = 1_000_000_000L;

    /** UTC at true time zero, ns since the Unix epoch: any instant will do. */
    private static final long UTC_AT_ZERO = 1_800_000_000L * SECOND;

    /** What a server takes to answer, ns. */
    private static final long TURNAROUND = 20_000;

    /** As the daemon asks. */
    private static final int BURST = 8;

    private static final double TIMEOUT = 2;

    private static final int PRECISION_EXPONENT = -29;

    /** Between two readings of the sensor, ns, and what it reads at rest, C. */
    private static final long SENSING_NANOS = 10 * SECOND;

    private static final double ROOM = 25;

    private final Scenario scenario;
    private final SimulatedClock clock;
    private final Engine engine;
    private final List<Server> servers = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Readings readings = new Readings();
    private long eventCount;
    private long now;
    private double strayed;
    private double felt = ROOM;
    private Correction published;
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

        Server(ServerSpec spec, Random forward, Random back, Random luck) {
            this.spec = spec;
            this.forward = new Direction(forward);
            this.back = new Direction(back);
            this.luck = luck;
            this.state = spec.initial();
        }
    }

    /** @param learned weights of the learned filter, if it shall speak beside the bank */
    SimulatedWorld(Scenario scenario, long seed, Set<Ablation> without, Optional<FilterWeights> learned) {
        this.scenario = scenario;
        // Nearby seeds make unlike streams here, unlike in Random itself, whose sequence is the same on every Java.
        SplittableRandom seeds = new SplittableRandom(seed);
        clock = new SimulatedClock(scenario.clock(), new Random(seeds.nextLong()));
        boolean sensor = scenario.clock().sensor().isPresent();
        List<CovariateConfig> covariates = sensor ? List.of(CovariateConfig.TEMPERATURE) : List.of();
        engine = new Engine(EngineConfig.DEFAULT.withCovariates(covariates), new Random(seeds.nextLong()), without);
        learned.ifPresent(weights -> engine.useLearnedFilter(weights, true));
        published = Correction.nothingKnown(raw());
        for (ServerSpec spec : scenario.servers()) {
            Server server = new Server(
                    spec, new Random(seeds.nextLong()), new Random(seeds.nextLong()), new Random(seeds.nextLong()));
            int index = engine.addSource(new SourceConfig(spec.name(), BURST, TIMEOUT, 1, 15));
            servers.add(server);
            engine.onAddressChanged(index, spec.poll(), spec.burst(), raw());
            for (ServerSpec.Change change : spec.changes()) {
                at(SimulatedClock.nanos(change.at()), false, () -> change(index, server, change));
            }
        }
        scenario.clock().sensor().ifPresent(spec -> {
            Random noise = new Random(seeds.nextLong());
            at(SECOND, false, () -> feel(spec, noise));
        });
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
            long timer = Math.max(clock.trueNanos(engine.nextTimerNanos()), now);
            long event = events.isEmpty() ? Long.MAX_VALUE : events.peek().trueNanos();
            now = Math.min(Math.min(timer, event), Math.min(nextReading, clock.segmentEnd()));
            while (!events.isEmpty() && events.peek().trueNanos() <= now) {
                events.remove().run().run();
            }
            if (engine.nextTimerNanos() <= raw()) {
                engine.onTimer(raw(), this::perform);
            }
            if (now == nextReading) {
                read();
                nextReading += SECOND;
            }
            if (now == clock.segmentEnd()) {
                clock.advance();
                stand();
                nextReading = Math.max(nextReading, (now + SECOND - 1) / SECOND * SECOND);
            }
        }
    }

    private void read() {
        readings.add(now * 1e-9, published, raw(), UTC_AT_ZERO + now);
        if (Double.isInfinite(readySeconds) && engine.isWarmupComplete()) {
            readySeconds = now * 1e-9;
        }
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
                    engine.onDiscontinuity("suspended", raw(), this::perform);
                } else {
                    passed.forEach(event -> event.run().run());
                }
            }
        }
    }

    Readings readings() {
        return readings;
    }

    /** First whole second at which the warm-up was over, s; infinite if it never was. */
    double readySeconds() {
        return readySeconds;
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
            published = publish.correction();
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
            engine.onAddressChanged(index, server.spec.poll(), server.spec.burst(), raw());
        }
    }

    private void request(Action.Send send) {
        Server server = servers.get(send.source());
        int address = server.address;
        double delay = server.forward.delay(server.state.forward(), now * 1e-9);
        if (!isPassable() || Double.isNaN(delay)) {
            return;
        }
        NtpPacket request =
                NtpPacket.parse(send.payload(), send.payload().length).orElseThrow();
        at(now + SimulatedClock.nanos(delay), false, () -> {
            if (server.address == address && !server.state.down()) {
                answer(send.source(), server, request);
            }
        });
    }

    private void answer(int index, Server server, NtpPacket request) {
        ServerSpec.State state = server.state;
        long arrived = now;
        long left = now + TURNAROUND;
        double delay = server.back.delay(state.back(), left * 1e-9);
        boolean twice = server.luck.nextDouble() < state.duplicates();
        if (!isPassable() || Double.isNaN(delay)) {
            return;
        }
        NtpTimestamp received = serverTime(server, arrived);
        byte[] reply = new NtpPacket(
                        LeapIndicator.NONE,
                        4,
                        NtpPacket.MODE_SERVER,
                        state.stratum(),
                        4,
                        PRECISION_EXPONENT,
                        state.rootDelay(),
                        state.rootDispersion(),
                        0,
                        received,
                        request.transmit(),
                        received,
                        serverTime(server, left))
                .toBytes();
        int address = server.address;
        for (int copy = 0; copy < (twice ? 2 : 1); copy++) {
            at(left + SimulatedClock.nanos(delay) + copy, true, () -> {
                if (server.address == address) {
                    engine.onDatagram(index, reply, reply.length, raw(), StampKind.KERNEL, this::perform);
                }
            });
        }
    }

    private static NtpTimestamp serverTime(Server server, long trueNanos) {
        double error = server.state.offset() + server.state.drift() * (trueNanos * 1e-9 - server.stateSince);
        return NtpTimestamp.ofUnixNanos(UTC_AT_ZERO + trueNanos + SimulatedClock.nanos(error));
    }

    private boolean isPassable() {
        return scenario.outages().stream().noneMatch(outage -> outage.contains(now * 1e-9));
    }

    private void at(long trueNanos, boolean isReply, Runnable run) {
        events.add(new Event(trueNanos, eventCount++, isReply, run));
    }
}
