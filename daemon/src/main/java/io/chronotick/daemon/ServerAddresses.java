// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.engine.Action;
import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where each server is asked: what its name leads to, which of these addresses is taken, and the socket to it. Belongs to the
 * network thread.
 *
 * <p>An address has one seat: two names of one server are not two votes. The second gets another address of its name if there
 * is one, and else none; a seat without an address votes for every time, so it makes no majority. Of a pool whose name leads to
 * fewer servers than were asked for, those that there are have the votes.
 *
 * <p>A name is looked up while there is no address, and again while its server does not answer, refuses, answers what is of no use, is a
 * falseticker, or cannot be sent to; never while all is well. It then moves to another of the name's addresses. The seats of one name are a
 * pool: each has an address of its own, of both families where there are both, and they share look-ups.
 *
 * <p>An address that has never answered, or that nothing can be sent to, gives way at once to one that has not had its turn (Happy
 * Eyeballs, RFC 8305): so one broken family of addresses costs a second, not a minute. A socket keeps the local address that it was connected with: it is made anew when requests do not
 * leave or are not answered.
 */
final class ServerAddresses {
    // Long because: look-ups, the choice of an address and the sockets are about the same state of a server.

    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** A name is looked up again after this while its server does not answer, doubling up to the longest until one does, ns. */
    private static final long SILENT_LOOKUP_NANOS = 60_000_000_000L;

    private static final long LONGEST_SILENT_LOOKUP_NANOS = 960_000_000_000L;

    /** An address that has never answered has so much time to do so before others have their turn, ns. */
    private static final long FIRST_ANSWER_NANOS = 1_000_000_000L;

    /** After so many answers of no use in a row, or as a falseticker, a server is left for another address of its name. */
    private static final int USELESS_ANSWERS = 4;

    /** Refusals of an answer that its server is to blame for. */
    private static final List<DropReason> USELESS =
            List.of(DropReason.UNSYNCHRONIZED, DropReason.STRATUM, DropReason.NONSENSE);

    /** The same while it refuses; an address that has refused is not gone back to for as long, if there are others. */
    private static final long REFUSED_LOOKUP_NANOS = 3_600_000_000_000L;

    /** A look-up that fails, or leads nowhere, is tried again after this, doubling up to the longest, ns. */
    private static final long FIRST_RETRY_NANOS = 2_000_000_000L;

    private static final long LONGEST_RETRY_NANOS = 16_000_000_000L;

    /** After so many requests without an answer the next one leaves from a new socket. */
    private static final int SILENT_REQUESTS = 3;

    private static final String NO_MEMBER = "the name leads to no further server";

    private static final String NO_NAME = "the name cannot be looked up";

    /** Looks names up without holding the caller up, as {@link io.chronotick.daemon.net.Resolver} does. */
    interface Names {
        CompletableFuture<List<InetSocketAddress>> resolve(String host, int port);
    }

    /** Hears that a server is asked at another address than before: it begins anew there. */
    interface Listener {
        void onAddress(int source, ServerConfig server, InetSocketAddress address);

        /** Hears that a pool's name leads to no server for this one of its places. */
        void onNoMember(int source);
    }

    private final NtpTransport transport;
    private final Names names;
    private final Listener listener;
    private final List<Seat> seats = new ArrayList<>();

    private enum Need {
        NONE,
        /** There is none yet. */
        ADDRESS,
        /** The one at hand cannot be sent to from this host. */
        UNREACHABLE,
        SILENT,
        /** It refuses, or what it says is of no use. */
        REFUSED
    }

    /** One configured server. */
    private static final class Seat {
        final int source;
        final ServerConfig server;
        final String name;
        Optional<CompletableFuture<List<InetSocketAddress>>> lookup = Optional.empty();
        Optional<InetSocketAddress> address = Optional.empty();

        /** Whether there is a socket to it. */
        boolean connected;

        /** Of the name's addresses, those that have had their turn, the latest last. */
        final List<InetSocketAddress> tried = new ArrayList<>();

        /** Until when addresses that have refused are left alone, by all of this name. */
        final Map<InetSocketAddress, Long> refusedUntil = new HashMap<>();

        /** Until when addresses that this seat has left are not asked by others of this name: to their servers it is all one client. */
        final Map<InetSocketAddress, Long> leftUntil = new HashMap<>();

        /** Who has the only address of this name, if so. */
        String twin = "";

        /** What has been said to be wrong with it, on this host; nothing while all is well. */
        String trouble = "";

        /** Why there are no keys to authenticate it by; nothing while there are. */
        String keyTrouble = "";

        /** Why the request under way has not left. */
        String notSent = "";

        /** What the network said of the last requests; anybody may have said that, so it is for people only. */
        String refusal = "";

        int unanswered;

        /** What the name led to last. */
        List<InetSocketAddress> known = List.of();

        /** Whether the present address has ever answered, and when it was asked first. */
        boolean heard;

        OptionalLong firstAskedNanos = OptionalLong.empty();

        /** Whether nothing can be sent to it. */
        boolean stuck;

        /** Exchanges that were accepted, when last seen; since then, answers of no use; and since when it is a falseticker. */
        long accepted;

        long useless;
        long uselessBefore;
        long acceptedAsTruechimer;

        long silentLookupNanos = SILENT_LOOKUP_NANOS;
        long nextLookupNanos;
        long retryNanos = FIRST_RETRY_NANOS;

        Seat(int source, ServerConfig server, String name, long rawNanos) {
            this.source = source;
            this.server = server;
            this.name = name;
            this.nextLookupNanos = rawNanos;
        }

        /** Whether it is of no concern any more. */
        boolean removed;

        String name() {
            return name;
        }

        boolean isOfTheSameNameAs(Seat other) {
            return server.name().equals(other.server.name());
        }

        /** Counts what is of no use. */
        void observe(SourceReport report) {
            long all = useless(report);
            if (report.accepted() != accepted) {
                accepted = report.accepted();
                uselessBefore = all;
            }
            useless = all - uselessBefore;
            if (report.state() != SourceState.FALSETICKER) {
                acceptedAsTruechimer = accepted;
            }
        }

        private static long useless(SourceReport report) {
            return report.drops().isEmpty()
                    ? 0
                    : USELESS.stream()
                            .mapToLong(reason -> report.drops().get(reason.ordinal()))
                            .sum();
        }

        private boolean isUseless() {
            return useless >= USELESS_ANSWERS || accepted - acceptedAsTruechimer >= USELESS_ANSWERS;
        }

        Need need(SourceReport report) {
            if (address.isEmpty()) {
                return Need.ADDRESS;
            }
            if (!trouble.isEmpty()) {
                return Need.UNREACHABLE;
            }
            if (report.state() == SourceState.DENIED || report.state() == SourceState.SMEARING || isUseless()) {
                return Need.REFUSED;
            }
            return report.reach() == 0 ? Need.SILENT : Need.NONE;
        }
    }

    ServerAddresses(NtpTransport transport, Names names, Listener listener) {
        this.transport = transport;
        this.names = names;
        this.listener = listener;
    }

    /**
     * A server, whose name is looked up with the next {@link #turn}.
     *
     * @param source 0, 1, ..., or that of one that was removed
     */
    void add(int source, ServerConfig server, String name, long rawNanos) {
        Seat seat = new Seat(source, server, name, rawNanos);
        if (source < seats.size()) {
            seats.set(source, seat);
        } else {
            seats.add(seat);
        }
    }

    /** A server that is not to be asked any more: its address is free. */
    void remove(int source) {
        Seat seat = seats.get(source);
        seat.removed = true;
        seat.address = Optional.empty();
        seat.connected = false;
        transport.disconnect(source);
    }

    /** The servers that are asked, or will be, in ascending order. */
    List<Integer> sources() {
        return seats.stream()
                .filter(seat -> !seat.removed)
                .map(seat -> seat.source)
                .toList();
    }

    ServerConfig server(int source) {
        return seats.get(source).server;
    }

    /** What a person calls a server. */
    String name(int source) {
        return seats.get(source).name();
    }

    /** Where a server is asked, if anywhere. */
    Optional<InetSocketAddress> of(int source) {
        return seats.get(source).address;
    }

    /** The same; of one without a seat of its own, whose it would share. */
    String label(int source) {
        Seat seat = seats.get(source);
        return seat.twin.isEmpty() ? seat.name() : seat.name() + " = " + seat.twin;
    }

    /**
     * Why nobody answers, as far as is known, for people: of how many servers and what, in the order of the servers. Few words,
     * for the status page has room for little.
     */
    String silence() {
        Map<String, Integer> reasons = new LinkedHashMap<>();
        for (Seat seat : seats) {
            if (seat.twin.isEmpty() && !seat.removed) {
                reasons.merge(silence(seat), 1, Integer::sum);
            }
        }
        return reasons.entrySet().stream()
                .map(reason -> (sources().size() == 1 ? "" : reason.getValue() + " x ") + reason.getKey())
                .collect(Collectors.joining(", "));
    }

    private static String silence(Seat seat) {
        if (!seat.keyTrouble.isEmpty()) {
            return seat.keyTrouble;
        }
        if (!seat.trouble.isEmpty()) {
            return seat.trouble.equals(NO_NAME)
                    ? Silence.NAME_NOT_FOUND.words()
                    : seat.trouble.equals(NO_MEMBER)
                            ? "no further server in the pool"
                            : seat.trouble.replaceFirst(".*: ", "");
        }
        if (!seat.refusal.isEmpty()) {
            return seat.refusal;
        }
        if (seat.address.isEmpty() && seat.server.keyExchange().isPresent()) {
            return "key exchange under way";
        }
        if (seat.server.clock().isPresent()) {
            return "clock being read";
        }
        return seat.address.isEmpty() ? "name being looked up" : Silence.NO_ANSWER.words();
    }

    /**
     * What is wrong with a server's answers, as far as this host and the network on the way show it.
     *
     * @param asAnswered what is wrong by its answers
     */
    SourceTrouble trouble(int source, SourceTrouble asAnswered) {
        Seat seat = seats.get(source);
        if (!seat.twin.isEmpty()) {
            return SourceTrouble.SAME_AS_ANOTHER;
        }
        if (!seat.trouble.isEmpty()) {
            return switch (seat.trouble) {
                case NO_NAME -> SourceTrouble.NAME_NOT_FOUND;
                case NO_MEMBER -> SourceTrouble.NO_FURTHER_SERVER;
                default -> trouble(seat.trouble).orElse(SourceTrouble.NOT_SENT);
            };
        }
        // What the network says anybody may have said: it explains silence and nothing else.
        return asAnswered == SourceTrouble.NO_ANSWER ? trouble(seat.refusal).orElse(asAnswered) : asAnswered;
    }

    private static Optional<SourceTrouble> trouble(String said) {
        return Silence.in(said).flatMap(silence -> switch (silence) {
            case NETWORK_UNREACHABLE -> Optional.of(SourceTrouble.NETWORK_UNREACHABLE);
            case NO_ROUTE -> Optional.of(SourceTrouble.NO_ROUTE);
            case REFUSED -> Optional.of(SourceTrouble.CONNECTION_REFUSED);
            case NAME_NOT_FOUND, NO_ANSWER -> Optional.empty();
        });
    }

    // --- Look-ups ---

    /**
     * Begins the look-ups that are due and takes the results of those that have ended.
     *
     * @param reports of all servers, in their order; a little old is good enough
     */
    void turn(List<SourceReport> reports, long rawNanos) {
        for (Seat seat : seats) {
            if (seat.removed
                    || seat.server.clock().isPresent()
                    || seat.server.keyExchange().isPresent()) {
                continue; // a clock of this host; or its key exchange says where it is: see assign
            }
            seat.observe(reports.get(seat.source));
            Need need = seat.need(reports.get(seat.source));
            // Whoever is of no use and has been of some keeps its place until a look-up.
            if (need != Need.NONE && (need != Need.REFUSED || !seat.heard) && mayTryAnother(seat, rawNanos)) {
                move(seat, seat.known, rawNanos);
                continue;
            }
            if (seat.lookup.isPresent()) {
                CompletableFuture<List<InetSocketAddress>> future = seat.lookup.get();
                if (future.isDone()) {
                    seat.lookup = Optional.empty();
                    onLookedUp(seat, future, need, rawNanos);
                }
            } else if (need != Need.NONE && rawNanos - seat.nextLookupNanos >= 0) {
                CompletableFuture<List<InetSocketAddress>> future = lookUp(seat);
                seat.lookup = Optional.of(future);
                CompletableFuture<Void> woken = future.handle((addresses, failure) -> {
                    transport.wakeup();
                    return null;
                });
                assert woken != null;
            }
        }
    }

    /** The seats of a name share a look-up that is under way. */
    private CompletableFuture<List<InetSocketAddress>> lookUp(Seat seat) {
        return seats.stream()
                .filter(other -> other != seat && other.isOfTheSameNameAs(seat))
                .flatMap(other -> other.lookup.stream())
                .filter(lookup -> !lookup.isDone())
                .findFirst()
                .orElseGet(() -> names.resolve(seat.server.host(), seat.server.port()));
    }

    /** Whether the present address has had its chance, and there is one that has not had its turn. */
    private boolean mayTryAnother(Seat seat, long rawNanos) {
        boolean isMute = !seat.heard
                && seat.firstAskedNanos.isPresent()
                && rawNanos - seat.firstAskedNanos.getAsLong() >= FIRST_ANSWER_NANOS;
        return seat.address.isPresent()
                && (seat.stuck || isMute)
                && seat.known.stream()
                        .anyMatch(address -> !seat.tried.contains(address)
                                && mayAsk(address, seat, rawNanos)
                                && taker(address, seat).isEmpty());
    }

    /** Whether an address has refused none of the seats of this name of late, and no other has just left it. */
    private boolean mayAsk(InetSocketAddress address, Seat seat, long rawNanos) {
        return seats.stream()
                .filter(other -> other == seat || other.isOfTheSameNameAs(seat))
                .noneMatch(other -> isStill(other.refusedUntil.get(address), rawNanos)
                        || (other != seat && isStill(other.leftUntil.get(address), rawNanos)));
    }

    private static boolean isStill(@Nullable Long until, long rawNanos) {
        return until != null && rawNanos - until < 0;
    }

    /** The raw clock has jumped: if back, what was to be in an hour is not to be in years. */
    void onDiscontinuity(long rawNanos) {
        long latest = rawNanos + REFUSED_LOOKUP_NANOS;
        for (Seat seat : seats) {
            seat.nextLookupNanos = Math.min(seat.nextLookupNanos, latest);
            seat.refusedUntil.replaceAll((address, until) -> Math.min(until, latest));
            seat.leftUntil.clear();
            seat.firstAskedNanos = OptionalLong.empty();
        }
    }

    /**
     * A key exchange has said where a server is asked: the keys are good there only.
     *
     * @return whether it is asked at one of these addresses now
     */
    boolean assign(int source, List<InetSocketAddress> addresses, long rawNanos) {
        Seat seat = seats.get(source);
        seat.keyTrouble = "";
        if (!seat.connected || !addresses.contains(seat.address.orElse(null))) {
            move(seat, addresses, rawNanos);
        }
        return seat.connected && addresses.contains(seat.address.orElse(null));
    }

    /** A server that is to be authenticated has no keys, in few words why. */
    void onNoKeys(int source, String reason) {
        seats.get(source).keyTrouble = reason;
    }

    private void onLookedUp(Seat seat, CompletableFuture<List<InetSocketAddress>> future, Need need, long rawNanos) {
        List<InetSocketAddress> addresses;
        try {
            addresses = future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error error) {
                throw error; // not a name that does not exist, but a virtual machine in trouble
            }
            if (seat.address.isEmpty()) {
                say(seat, NO_NAME);
            }
            retryLater(seat, rawNanos);
            return;
        }
        seat.known = addresses;
        if (need == Need.NONE) {
            seat.nextLookupNanos = rawNanos + SILENT_LOOKUP_NANOS;
            return; // it has come back meanwhile
        }
        seat.nextLookupNanos = rawNanos + (need == Need.REFUSED ? REFUSED_LOOKUP_NANOS : seat.silentLookupNanos);
        if (need == Need.SILENT) {
            seat.silentLookupNanos = Math.min(2 * seat.silentLookupNanos, LONGEST_SILENT_LOOKUP_NANOS);
        }
        if (need == Need.REFUSED) {
            seat.address.ifPresent(refusing -> seat.refusedUntil.put(refusing, rawNanos + REFUSED_LOOKUP_NANOS));
        }
        move(seat, addresses, rawNanos);
    }

    private static void retryLater(Seat seat, long rawNanos) {
        seat.nextLookupNanos = rawNanos + seat.retryNanos;
        seat.retryNanos = Math.min(2 * seat.retryNanos, LONGEST_RETRY_NANOS);
    }

    // --- The choice ---

    /** Moves to the first address that is free and can be had; stays where it is if there is none. */
    private void move(Seat seat, List<InetSocketAddress> addresses, long rawNanos) {
        List<InetSocketAddress> free = addresses.stream()
                .filter(address -> taker(address, seat).isEmpty())
                .toList();
        if (seat.address.isEmpty() && free.isEmpty()) {
            share(seat, addresses);
            return;
        }
        seat.twin = "";
        String failure = "";
        for (InetSocketAddress candidate : inTurn(seat, free, rawNanos)) {
            seat.tried.remove(candidate);
            seat.tried.add(candidate);
            String reason = connect(seat, candidate);
            if (reason.isEmpty()) {
                begin(seat, candidate, rawNanos);
                listener.onAddress(seat.source, seat.server, candidate);
                return;
            }
            LOG.debug("{}: {}", seat.name(), reason);
            failure = failure.isEmpty() ? reason : failure;
        }
        if (!seat.connected && seat.address.isPresent()) {
            failure = connect(seat, seat.address.get());
        }
        if (!failure.isEmpty()) {
            say(seat, failure);
            retryLater(seat, rawNanos);
        }
    }

    private static void begin(Seat seat, InetSocketAddress address, long rawNanos) {
        seat.address.ifPresent(left -> seat.leftUntil.put(left, rawNanos + SILENT_LOOKUP_NANOS));
        seat.address = Optional.of(address);
        seat.trouble = "";
        seat.stuck = false;
        if (seat.heard) {
            seat.heard = false;
            seat.silentLookupNanos = SILENT_LOOKUP_NANOS;
        }
        seat.firstAskedNanos = OptionalLong.empty();
        seat.unanswered = 0;
        seat.uselessBefore += seat.useless;
        seat.useless = 0;
        seat.acceptedAsTruechimer = seat.accepted;
        seat.retryNanos = FIRST_RETRY_NANOS;
        seat.nextLookupNanos = rawNanos + seat.silentLookupNanos;
    }

    /** The addresses to try, but for the present one: first those that have not had their turn, then the longest ago. */
    private List<InetSocketAddress> inTurn(Seat seat, List<InetSocketAddress> free, long rawNanos) {
        seat.tried.retainAll(free);
        seat.refusedUntil.values().removeIf(until -> rawNanos - until >= 0);
        seat.leftUntil.values().removeIf(until -> rawNanos - until >= 0);
        return free.stream()
                .filter(address -> !seat.address.equals(Optional.of(address)))
                .filter(address -> mayAsk(address, seat, rawNanos))
                .sorted(Comparator.<InetSocketAddress>comparingInt(seat.tried::indexOf)
                        .thenComparingLong(address -> others(seat, address)))
                .toList();
    }

    /** How many others of the pool have an address of that family. */
    private long others(Seat seat, InetSocketAddress address) {
        return seats.stream()
                .filter(other -> other != seat && other.isOfTheSameNameAs(seat))
                .flatMap(other -> other.address.stream())
                .filter(taken ->
                        taken.getAddress().getClass() == address.getAddress().getClass())
                .count();
    }

    private Optional<Seat> taker(InetSocketAddress address, Seat seat) {
        return seats.stream()
                .filter(other -> other != seat && other.address.equals(Optional.of(address)))
                .findFirst();
    }

    private void share(Seat seat, List<InetSocketAddress> addresses) {
        InetSocketAddress address = addresses.getFirst();
        Optional<Seat> taker = taker(address, seat);
        if (taker.filter(seat::isOfTheSameNameAs).isPresent()) {
            say(seat, NO_MEMBER);
            listener.onNoMember(seat.source);
            return;
        }
        String twin = taker.map(Seat::name).orElse("");
        if (!seat.twin.equals(twin)) {
            seat.twin = twin;
            LOG.warn(
                    "{} is {} port {}, which is asked as {} already: one server, one vote; name another one instead",
                    seat.name(),
                    address.getAddress().getHostAddress(),
                    address.getPort(),
                    twin);
        }
    }

    // --- The sockets ---

    /**
     * Sends a request, from a new socket where the present one seems to be of no use any more: this host may have another
     * address by now, or another way out.
     */
    void send(Action.Send send, long rawNanos, NtpTransport.Listener network) {
        Seat seat = seats.get(send.source());
        if (seat.address.isEmpty()) {
            return;
        }
        InetSocketAddress address = seat.address.get();
        if (seat.firstAskedNanos.isEmpty()) {
            seat.firstAskedNanos = OptionalLong.of(rawNanos);
        }
        String reason = "";
        if (!seat.connected || seat.unanswered >= SILENT_REQUESTS) {
            seat.unanswered = 0;
            reason = connect(seat, address);
        }
        if (reason.isEmpty()) {
            reason = trySend(seat, send, network);
            if (!reason.isEmpty() && connect(seat, address).isEmpty()) {
                reason = trySend(seat, send, network);
            }
        }
        seat.unanswered++;
        seat.stuck = !reason.isEmpty();
        if (!reason.isEmpty()) {
            say(seat, "requests do not leave this host: " + reason);
        } else if (!seat.trouble.isEmpty()) {
            seat.trouble = "";
            LOG.info("{}: requests leave again", seat.name());
        }
    }

    /** Nothing if it has left. */
    private String trySend(Seat seat, Action.Send send, NtpTransport.Listener network) {
        seat.notSent = "";
        transport.send(send.source(), send.requestId(), send.payload(), network);
        return seat.notSent;
    }

    /** A request has not left; told within {@link #send}. */
    void onNotSent(int source, String reason) {
        seats.get(source).notSent = reason;
    }

    /** A server has answered well. */
    void onAnswer(int source) {
        Seat seat = seats.get(source);
        seat.unanswered = 0;
        seat.refusal = "";
        if (!seat.heard) {
            seat.heard = true;
            seat.tried.clear();
            seat.address.ifPresent(seat.tried::add);
        }
    }

    /** A server has refused, or has asked for fewer requests: for a while nobody moves there, which would begin with a burst. */
    void onKiss(int source, long rawNanos) {
        Seat seat = seats.get(source);
        seat.address.ifPresent(address -> seat.refusedUntil.put(address, rawNanos + REFUSED_LOOKUP_NANOS));
    }

    /** The network says that a request has not arrived. */
    void onUnreachable(int source, String reason) {
        seats.get(source).refusal = reason;
    }

    /** Returns why that is not possible; nothing if it is. */
    private String connect(Seat seat, InetSocketAddress address) {
        try {
            transport.connect(seat.source, address);
            seat.connected = true;
            return "";
        } catch (IOException e) {
            seat.connected = false;
            return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
        }
    }

    /** Once for each time that all was well before. */
    private static void say(Seat seat, String trouble) {
        if (seat.trouble.isEmpty()) {
            LOG.warn("{}: {}; trying until it works", seat.name(), trouble);
        } else {
            LOG.debug("{}: {}", seat.name(), trouble);
        }
        seat.trouble = trouble;
    }
}
