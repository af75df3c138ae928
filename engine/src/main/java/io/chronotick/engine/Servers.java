// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.bound.Intersection;
import io.chronotick.engine.bound.Interval;
import io.chronotick.engine.bound.ServerPool;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.oscillator.HypothesisBank;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The configured servers: each with its association, its seat in the {@link ServerPool}, and what is thought of it. Not
 * thread-safe.
 */
final class Servers {
    // Long because: all that the engine asks of its servers together; what one of them does is in NtpAssociation.

    /** While a server contradicts what it said before, it is asked at least this often, s. */
    private static final double UNDECIDED_POLL = 16;

    /** The others are asked this soon, s, ... */
    private static final double EXTRA_POLL = 2;

    /** ... but not more often than this, ns: a server that contradicts itself for ever must not make us a nuisance to them. */
    private static final long EXTRA_POLL_NANOS = 64_000_000_000L;

    /** A server with all that the engine keeps of it. */
    static final class Server {
        final NtpAssociation protocol;
        private SourceState state = SourceState.UNREACHABLE;
        private Optional<Exchange> newest = Optional.empty();
        private boolean smears;
        private boolean removed;
        /** When it was last asked because another had contradicted itself. */
        private long askedNanos;

        Server(NtpAssociation protocol) {
            this.protocol = protocol;
        }

        String name() {
            return protocol.config().name();
        }

        SourceState state() {
            return state;
        }

        Optional<Exchange> newest() {
            return newest;
        }

        boolean isSelected() {
            return state == SourceState.SELECTED;
        }

        private boolean isLive() {
            return newest.isPresent() && protocol.reach() != 0 && !protocol.isDenied() && !smears && !removed;
        }

        private SourceState idleState() {
            if (protocol.isDenied()) {
                return SourceState.DENIED;
            }
            if (smears && protocol.reach() != 0) {
                return SourceState.SMEARING;
            }
            if (protocol.isUnauthenticated()) {
                return SourceState.UNAUTHENTICATED;
            }
            return protocol.reach() == 0 ? SourceState.UNREACHABLE : SourceState.CANDIDATE;
        }

        private void setState(SourceState now, Notes notes) {
            if (state == now || removed) {
                return;
            }
            SourceState before = state;
            state = now;
            switch (state) {
                case SELECTED -> notes.inform(name() + " selected");
                case FALSETICKER -> notes.warn(name() + " is a falseticker: left out");
                case UNREACHABLE -> notes.warn(name() + " does not answer any more");
                case UNAUTHENTICATED -> notes.warn(name() + " does not authenticate itself any more");
                case SMEARING -> notes.warn(name() + " smears a leap second: left out (leap_smear)");
                default -> notes.debug(name() + ": " + before + " -> " + state);
            }
        }
    }

    /** Statistical uncertainty at the end of a poll, at most, as a part of the largest that is valid. */
    private static final double VALID_PART = 0.5;

    /** No exchange for so many polls: the first at the present interval, the others at the shortest. */
    private static final int SILENT_POLLS = 4;

    private final List<Server> all = new ArrayList<>();
    private final EngineConfig config;
    private final ServerPool pool;
    private Optional<Intersection.Agreement> agreed = Optional.empty();
    private Optional<LeapIndicator> hostLeap = Optional.empty();
    private ServerPool.Doubt doubt = ServerPool.Doubt.TOO_FEW_HEARD;

    /** The newest that is known: infinite before any path is. */
    private Unseen unseen = new Unseen(0, Double.POSITIVE_INFINITY);

    Servers(EngineConfig config) {
        this.config = config;
        this.pool = new ServerPool(config.maxDrift(), config.maxStep(), config.minServers());
    }

    /**
     * Adds a server.
     *
     * @param protocol of its index
     * @return the index: one that is not in use any more, or the next
     */
    int add(IntFunction<NtpAssociation> protocol) {
        int source = pool.addSeat();
        Server server = new Server(protocol.apply(source));
        if (source < all.size()) {
            all.set(source, server);
        } else {
            all.add(server);
        }
        return source;
    }

    /** A server is not asked any more, nor believed; it votes as long as the others need that. */
    void remove(int source) {
        all.get(source).removed = true;
        all.get(source).state = SourceState.CANDIDATE;
        all.get(source).protocol.end();
        pool.removeSeat(source);
    }

    private int configured() {
        return (int) all.stream().filter(server -> !server.removed).count();
    }

    int size() {
        return all.size();
    }

    Server get(int source) {
        return all.get(source);
    }

    List<Server> all() {
        return all;
    }

    ServerPool pool() {
        return pool;
    }

    /** Another server sits there now. */
    void clear(int source) {
        pool.clear(source);
        all.get(source).smears = false;
        all.get(source).newest = Optional.empty();
    }

    /** The raw clock has jumped: what was said is void, and each is asked {@code count} times. */
    void onDiscontinuity(long rawNanos, int count) {
        pool.clearAll();
        for (Server server : all) {
            server.newest = Optional.empty();
            server.protocol.onDiscontinuity(rawNanos);
            server.protocol.confirm(count, rawNanos);
        }
    }

    /** Whether what a server has just said is no UTC: it smears a leap second, and is not followed in that. */
    boolean isSmeared(int source) {
        Server server = all.get(source);
        server.smears = !config.followsSmear()
                && server.protocol
                        .lastReply()
                        .filter(NtpPacket::mayBeSmeared)
                        .filter(reply -> LeapSecond.mayBeNear(reply.transmit().toUnixNanos()))
                        .isPresent();
        return server.smears;
    }

    /** A server's accepted exchange: it votes by it, and is asked again soon where it contradicts itself. */
    void onExchange(Exchange exchange, long epochNanos, long rawNanos) {
        Server server = all.get(exchange.source());
        server.newest = Optional.of(exchange);
        if (!pool.add(exchange, epochNanos)) {
            askOthers(server, rawNanos);
        }
        if (pool.isContradicted(exchange.source())) {
            server.protocol.askWithin(UNDECIDED_POLL, rawNanos);
        }
    }

    /** One server contradicts itself: is it alone with that? What the others said long ago may be as old as what it said. */
    private void askOthers(Server contradicted, long rawNanos) {
        all.stream().filter(server -> server != contradicted).forEach(server -> ask(server, rawNanos));
    }

    private static void ask(Server server, long rawNanos) {
        if (rawNanos - server.askedNanos >= EXTRA_POLL_NANOS) {
            server.askedNanos = rawNanos;
            server.protocol.askWithin(EXTRA_POLL, rawNanos);
        }
    }

    /**
     * Adapts the poll of a server whose exchange has been made use of. A poll is good enough where waiting so long costs no more than the
     * path itself does: the statistical uncertainty at its end is at most what one exchange is unsure of, by its queues and by the
     * asymmetry (ntpd's and chrony's rule in other words: near the Allan intercept, where the oscillator's wander equals the
     * noise of the measurement), and safely valid; and the hard bound grows meanwhile by no more than the distance to the server, or by the
     * largest uncertainty that is valid if that is more.
     *
     * @param sdAhead standard deviation of the time so many seconds from now, without a further exchange, s
     */
    void adaptPoll(int source, HypothesisBank bank, DoubleUnaryOperator sdAhead) {
        Server server = all.get(source);
        if (!server.isSelected() || !bank.knows(source)) {
            return;
        }
        NtpAssociation protocol = server.protocol;
        double queues = bank.path(source).meanExcess() / 2;
        double exchangeSd = Math.hypot(queues, protocol.config().asymmetry() * bank.base(source));
        double largestSd = Math.min(exchangeSd, VALID_PART * config.maxUncertaintySeconds());
        double distance =
                bank.base(source) + server.newest.map(Exchange::serverError).orElse(0.0);
        double largestGrowth = Math.max(distance, config.maxUncertaintySeconds());
        protocol.adaptPoll(
                seconds -> config.maxDrift() * seconds <= largestGrowth && sdAhead.applyAsDouble(seconds) <= largestSd);
    }

    /** The clock is another one: all polls back to their shortest. */
    void shortenPolls(long rawNanos) {
        all.forEach(server -> server.protocol.shortenPollFully(rawNanos));
    }

    /** UTC has stepped and the raw clock has not. */
    void moveUtc(long nanos) {
        pool.moveUtc(nanos);
        all.forEach(server -> server.newest = server.newest.map(exchange -> exchange.withUtcMoved(nanos)));
    }

    /** What has come is enough to be ready and to stay so until the next polls: bursts may end before they have to. */
    void endBursts() {
        all.forEach(server -> server.protocol.endBurst());
    }

    /** Nothing that was measured before these exchanges binds any more, unless servers contradict themselves: then they settle it. */
    void keepOnly(List<Exchange> exchanges, long epochNanos) {
        for (int i = 0; i < all.size(); i++) {
            if (pool.isContradicted(i)) {
                return;
            }
        }
        pool.clearAll();
        exchanges.forEach(exchange -> pool.add(exchange, epochNanos));
    }

    /**
     * Finds where the truth can be, and the servers that agree with that.
     *
     * @param past where it is by what was known before, which breaks the tie where no point has enough votes, or several have
     */
    void judge(long rawNanos, Supplier<Optional<Interval>> past, Notes notes) {
        boolean isKnown = agreed.isPresent() && agreed.get().interval().isFinite();
        if ((agreed.isPresent() && !isKnown) || doubt == ServerPool.Doubt.MOVED) {
            // The first to answer may be the liar; and so may be those that have moved, or those that have not.
            all.forEach(server -> server.setState(server.idleState(), notes));
            return;
        }
        Optional<Interval> reference = isKnown && !agreed.get().isDivided()
                ? agreed.map(Intersection.Agreement::interval)
                : past.get().or(() -> pool.hull(rawNanos));
        for (int i = 0; i < all.size(); i++) {
            Server server = all.get(i);
            SourceState state = server.idleState();
            if (server.isLive() && reference.isPresent()) {
                // By what it says now: a seat that contradicts itself votes for what it said before, too.
                boolean agrees = pool.newestVote(i, rawNanos).intersects(reference.get());
                state = agrees ? SourceState.SELECTED : SourceState.FALSETICKER;
            }
            if (server.isSelected() && state != SourceState.SELECTED) {
                all.forEach(other -> other.protocol.shortenPoll(rawNanos));
            }
            server.setState(state, notes);
        }
    }

    /**
     * Whether those that agree and are authenticated are enough of all to be right by themselves, whatever the others say. What comes
     * from a server that is to be authenticated is, or it has not come.
     */
    boolean areAuthenticated() {
        long authenticated = all.stream()
                .filter(server ->
                        server.isSelected() && server.protocol.config().nts())
                .count();
        return authenticated > 0 && authenticated >= configured() - Intersection.tolerated(configured());
    }

    /** Counts the votes. */
    ServerPool.Doubt vote(long rawNanos) {
        pool.change(rawNanos);
        agreed = pool.agreement(rawNanos);
        doubt = pool.doubt(rawNanos);
        if (doubt == ServerPool.Doubt.NONE) {
            agreed.ifPresent(votes -> pool.remember(votes, rawNanos));
        } else if (doubt == ServerPool.Doubt.MOVED) {
            all.forEach(server -> ask(server, rawNanos));
        }
        return doubt;
    }

    /** Where the truth can be by the newest vote, s from the epoch. */
    Optional<Intersection.Agreement> agreed() {
        return agreed;
    }

    /** The servers whose estimates make up the published time: those selected, or at worst all that are known. */
    List<Integer> speakers(HypothesisBank bank) {
        List<Integer> selected = new ArrayList<>();
        List<Integer> known = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (bank.knows(i)) {
                known.add(i);
                if (all.get(i).isSelected()) {
                    selected.add(i);
                }
            }
        }
        return selected.isEmpty() ? known : selected;
    }

    /**
     * What the bank's own deviation of the servers' mean lacks.
     *
     * @param shapeVariance variance by what the shapes of their queues leave open, s^2
     * @param systematicSd standard deviation by what no exchange shows, s
     */
    record Unseen(double shapeVariance, double systematicSd) {}

    /** Of those who speak; while no path is known, what it was when one was. */
    Unseen unseen(HypothesisBank bank) {
        List<Integer> speakers = speakers(bank);
        if (speakers.isEmpty()) {
            return unseen;
        }
        List<HypothesisBank.Part> parts = bank.parts(speakers);
        List<SystematicUncertainty.Member> members = new ArrayList<>();
        double shapes = 0;
        for (int i = 0; i < parts.size(); i++) {
            HypothesisBank.Part part = parts.get(i);
            NtpAssociation protocol = all.get(speakers.get(i)).protocol;
            members.add(new SystematicUncertainty.Member(
                    part.weight(), part.base(), protocol.config().asymmetry(), part.difference(), protocol.stamps()));
            shapes += part.weight() * part.weight() * part.shapeVariance();
        }
        unseen = new Unseen(shapes, SystematicUncertainty.of(members));
        return unseen;
    }

    /** Whether a server that has fed the bank is not believed any more. */
    boolean haveTainted(HypothesisBank bank) {
        for (int i = 0; i < all.size(); i++) {
            if (bank.knows(i) && all.get(i).state == SourceState.FALSETICKER) {
                return true;
            }
        }
        return false;
    }

    /** The newest exchange of a selected server. */
    Optional<Exchange> newestExchange() {
        return all.stream()
                .filter(Server::isSelected)
                .flatMap(server -> server.newest.stream())
                .max((a, b) -> Long.compare(a.t4(), b.t4()));
    }

    /** The shortest interval at which one is asked, s. */
    double shortestPoll() {
        return all.stream()
                .filter(server -> server.protocol.isAsking())
                .mapToDouble(server -> server.protocol.pollSeconds())
                .min()
                .orElse(1);
    }

    /** So long nothing need come from any server without anything being wrong, s. */
    double patience() {
        double polls = all.stream()
                .map(server -> server.protocol)
                .filter(NtpAssociation::isAsking)
                .mapToDouble(protocol -> protocol.pollSeconds() + (SILENT_POLLS - 1) * protocol.leastPollSeconds())
                .min()
                .orElse(SILENT_POLLS);
        return polls + longestTimeout();
    }

    private double longestTimeout() {
        return all.stream()
                .mapToDouble(server -> server.protocol.config().timeoutSeconds())
                .max()
                .orElse(1);
    }

    /** The host itself announces this leap second, or knows of none: which is an announcement only after one of another kind. */
    void onHostLeap(Optional<LeapIndicator> announced) {
        hostLeap = announced.or(() -> hostLeap.map(before -> LeapIndicator.NONE));
    }

    /**
     * The leap second that most selected servers announce, with a vote of the host's where it announces one, or that they announce none;
     * empty while so few are selected that all of them may be wrong, or none has a majority.
     */
    Optional<LeapIndicator> announcedLeap() {
        int[] votes = new int[LeapIndicator.values().length];
        int voters = 0;
        if (hostLeap.isPresent()) {
            votes[hostLeap.get().ordinal()]++;
            voters++;
        }
        for (Server server : all) {
            Optional<LeapIndicator> said = server.protocol.lastReply().map(NtpPacket::leap);
            if (server.isSelected() && said.isPresent() && said.get() != LeapIndicator.UNSYNCHRONIZED) {
                votes[said.get().ordinal()]++;
                voters++;
            }
        }
        if (voters > Intersection.tolerated(configured())) {
            for (LeapIndicator leap : LeapIndicator.values()) {
                if (2 * votes[leap.ordinal()] > voters) {
                    return Optional.of(leap);
                }
            }
        }
        return Optional.empty();
    }
}
