// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.ServerSeat.Need;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.engine.Action;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceTrouble;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
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
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

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
    private final List<ServerSeat> seats = new ArrayList<>();

    /** Why the request that is being sent has not left. */
    private String notSent = "";

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
        ServerSeat seat = new ServerSeat(source, server, name, rawNanos);
        if (source < seats.size()) {
            seats.set(source, seat);
        } else {
            seats.add(seat);
        }
    }

    /** A server that is not to be asked any more: its address is free. */
    void remove(int source) {
        ServerSeat seat = seats.get(source);
        seat.remove();
        transport.disconnect(source);
    }

    /** The servers that are asked, or will be, in ascending order. */
    List<Integer> sources() {
        return seats.stream()
                .filter(seat -> !seat.isRemoved())
                .map(ServerSeat::source)
                .toList();
    }

    ServerConfig server(int source) {
        return seats.get(source).server();
    }

    /** What a person calls a server. */
    String name(int source) {
        return seats.get(source).name();
    }

    /** Where a server is asked, if anywhere. */
    Optional<InetSocketAddress> of(int source) {
        return seats.get(source).address();
    }

    /** The same; of one without a seat of its own, whose it would share. */
    String label(int source) {
        ServerSeat seat = seats.get(source);
        return seat.twin().isEmpty() ? seat.name() : seat.name() + " = " + seat.twin();
    }

    /**
     * Why nobody answers, as far as is known, for people: of how many servers and what, in the order of the servers. Few words,
     * for the status page has room for little.
     */
    String silence() {
        Map<String, Integer> reasons = new LinkedHashMap<>();
        for (ServerSeat seat : seats) {
            if (seat.twin().isEmpty() && !seat.isRemoved()) {
                reasons.merge(seat.silence(), 1, Integer::sum);
            }
        }
        return reasons.entrySet().stream()
                .map(reason -> (sources().size() == 1 ? "" : reason.getValue() + " x ") + reason.getKey())
                .collect(Collectors.joining(", "));
    }

    /**
     * What is wrong with a server's answers, as far as this host and the network on the way show it.
     *
     * @param asAnswered what is wrong by its answers
     */
    SourceTrouble trouble(int source, SourceTrouble asAnswered) {
        return seats.get(source).trouble(asAnswered);
    }

    // --- Look-ups ---

    /**
     * Begins the look-ups that are due and takes the results of those that have ended.
     *
     * @param reports of all servers, in their order; a little old is good enough
     */
    void turn(List<SourceReport> reports, long rawNanos) {
        for (ServerSeat seat : seats) {
            if (seat.isRemoved()
                    || seat.server().clock().isPresent()
                    || seat.server().keyExchange().isPresent()) {
                continue; // a clock of this host; or its key exchange says where it is: see assign
            }
            Need need = seat.need(reports.get(seat.source()));
            // Whoever is of no use and has been of some keeps its place until a look-up.
            if (need != Need.NONE && (need != Need.REFUSED || !seat.isHeard()) && mayTryAnother(seat, rawNanos)) {
                move(seat, seat.known(), rawNanos);
                continue;
            }
            if (seat.lookup().isPresent()) {
                CompletableFuture<List<InetSocketAddress>> future =
                        seat.lookup().get();
                if (future.isDone()) {
                    seat.onLookupEnded();
                    onLookedUp(seat, future, need, rawNanos);
                }
            } else if (need != Need.NONE && seat.isLookupDue(rawNanos)) {
                CompletableFuture<List<InetSocketAddress>> future = lookUp(seat);
                seat.onLookup(future);
                CompletableFuture<Void> woken = future.handle((addresses, failure) -> {
                    transport.wakeup();
                    return null;
                });
                assert woken != null;
            }
        }
    }

    /** The seats of a name share a look-up that is under way. */
    private CompletableFuture<List<InetSocketAddress>> lookUp(ServerSeat seat) {
        return seats.stream()
                .filter(other -> other != seat && other.isOfTheSameNameAs(seat))
                .flatMap(other -> other.lookup().stream())
                .filter(lookup -> !lookup.isDone())
                .findFirst()
                .orElseGet(
                        () -> names.resolve(seat.server().host(), seat.server().port()));
    }

    /** Whether the present address has had its chance, and there is one that has not had its turn. */
    private boolean mayTryAnother(ServerSeat seat, long rawNanos) {
        return seat.isHopeless(rawNanos)
                && seat.known().stream()
                        .anyMatch(address -> !seat.turns().hasTried(address)
                                && mayAsk(address, seat, rawNanos)
                                && taker(address, seat).isEmpty());
    }

    /** Whether an address has refused none of the seats of this name of late, and no other has just left it. */
    private boolean mayAsk(InetSocketAddress address, ServerSeat seat, long rawNanos) {
        return seats.stream()
                .filter(other -> other == seat || other.isOfTheSameNameAs(seat))
                .noneMatch(other -> other.turns().hasRefused(address, rawNanos)
                        || (other != seat && other.turns().hasJustLeft(address, rawNanos)));
    }

    /** The raw clock has jumped: if back, what was to be in an hour is not to be in years. */
    void onDiscontinuity(long rawNanos) {
        seats.forEach(seat -> seat.onDiscontinuity(rawNanos));
    }

    /**
     * A key exchange has said where a server is asked: the keys are good there only.
     *
     * @return whether it is asked at one of these addresses now
     */
    boolean assign(int source, List<InetSocketAddress> addresses, long rawNanos) {
        ServerSeat seat = seats.get(source);
        seat.setKeyTrouble("");
        if (!isAskedAtOneOf(addresses, seat)) {
            move(seat, addresses, rawNanos);
        }
        return isAskedAtOneOf(addresses, seat);
    }

    private static boolean isAskedAtOneOf(List<InetSocketAddress> addresses, ServerSeat seat) {
        return seat.isConnected() && addresses.stream().anyMatch(seat::isAskedAt);
    }

    /** A server that is to be authenticated has no keys, in few words why. */
    void onNoKeys(int source, String reason) {
        seats.get(source).setKeyTrouble(reason);
    }

    private void onLookedUp(
            ServerSeat seat, CompletableFuture<List<InetSocketAddress>> future, Need need, long rawNanos) {
        List<InetSocketAddress> addresses;
        try {
            addresses = future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error error) {
                throw error; // not a name that does not exist, but a virtual machine in trouble
            }
            seat.onLookupFailed(rawNanos);
            return;
        }
        seat.onLookedUp(addresses, need, rawNanos);
        if (need != Need.NONE) {
            move(seat, addresses, rawNanos);
        }
    }

    // --- The choice ---

    /** Moves to the first address that is free and can be had; stays where it is if there is none. */
    private void move(ServerSeat seat, List<InetSocketAddress> addresses, long rawNanos) {
        List<InetSocketAddress> free = addresses.stream()
                .filter(address -> taker(address, seat).isEmpty())
                .toList();
        if (seat.address().isEmpty() && free.isEmpty()) {
            share(seat, addresses);
            return;
        }
        seat.setTwin("");
        String failure = "";
        for (InetSocketAddress candidate : inTurn(seat, free, rawNanos)) {
            seat.turns().onTurn(candidate);
            String reason = connect(seat, candidate);
            if (reason.isEmpty()) {
                seat.begin(candidate, rawNanos);
                listener.onAddress(seat.source(), seat.server(), candidate);
                return;
            }
            LOG.debug("{}: {}", seat.name(), reason);
            failure = failure.isEmpty() ? reason : failure;
        }
        if (!seat.isConnected() && seat.address().isPresent()) {
            failure = connect(seat, seat.address().get());
        }
        if (!failure.isEmpty()) {
            seat.say(failure);
            seat.retryLater(rawNanos);
        }
    }

    /** The addresses to try, but for the present one: first those that have not had their turn, then the longest ago. */
    private List<InetSocketAddress> inTurn(ServerSeat seat, List<InetSocketAddress> free, long rawNanos) {
        seat.turns().retain(free, rawNanos);
        return free.stream()
                .filter(address -> !seat.isAskedAt(address))
                .filter(address -> mayAsk(address, seat, rawNanos))
                .sorted(Comparator.<InetSocketAddress>comparingInt(seat.turns()::turnOf)
                        .thenComparingLong(address -> others(seat, address)))
                .toList();
    }

    /** How many others of the pool have an address of that family. */
    private long others(ServerSeat seat, InetSocketAddress address) {
        return seats.stream()
                .filter(other -> other != seat && other.isOfTheSameNameAs(seat))
                .flatMap(other -> other.address().stream())
                .filter(taken ->
                        taken.getAddress().getClass() == address.getAddress().getClass())
                .count();
    }

    private Optional<ServerSeat> taker(InetSocketAddress address, ServerSeat seat) {
        return seats.stream()
                .filter(other -> other != seat && other.isAskedAt(address))
                .findFirst();
    }

    private void share(ServerSeat seat, List<InetSocketAddress> addresses) {
        InetSocketAddress address = addresses.getFirst();
        Optional<ServerSeat> taker = taker(address, seat);
        if (taker.filter(seat::isOfTheSameNameAs).isPresent()) {
            seat.sayNoMember();
            listener.onNoMember(seat.source());
            return;
        }
        String twin = taker.map(ServerSeat::name).orElse("");
        if (!seat.twin().equals(twin)) {
            seat.setTwin(twin);
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
        ServerSeat seat = seats.get(send.source());
        if (seat.address().isEmpty()) {
            return;
        }
        InetSocketAddress address = seat.address().get();
        String reason = seat.onAsking(rawNanos) ? connect(seat, address) : "";
        if (reason.isEmpty()) {
            reason = trySend(send, network);
            if (!reason.isEmpty() && connect(seat, address).isEmpty()) {
                reason = trySend(send, network);
            }
        }
        seat.onAsked(reason);
    }

    /** Nothing if it has left. */
    private String trySend(Action.Send send, NtpTransport.Listener network) {
        notSent = "";
        transport.send(send.source(), send.requestId(), send.payload(), network);
        return notSent;
    }

    /** A request has not left; told within {@link #send}. */
    void onNotSent(String reason) {
        notSent = reason;
    }

    /** A server has answered well. */
    void onAnswer(int source) {
        seats.get(source).onAnswer();
    }

    /** A server has refused, or has asked for fewer requests: for a while nobody moves there, which would begin with a burst. */
    void onKiss(int source, long rawNanos) {
        seats.get(source).onRefused(rawNanos);
    }

    /** The network says that a request has not arrived. */
    void onUnreachable(int source, String reason) {
        seats.get(source).onUnreachable(reason);
    }

    /** Returns why that is not possible; nothing if it is. */
    private String connect(ServerSeat seat, InetSocketAddress address) {
        try {
            transport.connect(seat.source(), address);
            seat.setConnected(true);
            return "";
        } catch (IOException e) {
            seat.setConnected(false);
            return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
        }
    }
}
