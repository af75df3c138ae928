// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of one configured server: where it is asked, what was tried, and what is wrong. {@link ServerAddresses} decides by it.
 * Belongs to the network thread. All times are of the raw clock, ns.
 */
final class ServerSeat {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** A name is looked up again after this while its server does not answer, doubling up to the longest until one does, ns. */
    private static final long SILENT_LOOKUP_NANOS = 60_000_000_000L;

    private static final long LONGEST_SILENT_LOOKUP_NANOS = 960_000_000_000L;

    /** A look-up that fails, or leads nowhere, is tried again after this, doubling up to the longest, ns. */
    private static final long FIRST_RETRY_NANOS = 2_000_000_000L;

    private static final long LONGEST_RETRY_NANOS = 16_000_000_000L;

    /** An address that has never answered has so much time to do so before others have their turn, ns. */
    private static final long FIRST_ANSWER_NANOS = 1_000_000_000L;

    /** After so many requests without an answer the next one leaves from a new socket. */
    private static final int SILENT_REQUESTS = 3;

    private static final String NO_MEMBER = "the name leads to no further server";

    private static final String NO_NAME = "the name cannot be looked up";

    /** Why an address is looked for. */
    enum Need {
        NONE,
        /** There is none yet. */
        ADDRESS,
        /** The one at hand cannot be sent to from this host. */
        UNREACHABLE,
        SILENT,
        /** It refuses, or what it says is of no use. */
        REFUSED
    }

    private final int source;
    private final ServerConfig server;
    private final String name;

    /** Of the name, while it is under way. */
    private Optional<CompletableFuture<List<InetSocketAddress>>> lookup = Optional.empty();

    private Optional<InetSocketAddress> address = Optional.empty();

    private final AddressTurns turns = new AddressTurns();

    /** What the name led to last. */
    private List<InetSocketAddress> known = List.of();

    /** Who has the only address of this name, if so. */
    private String twin = "";

    /** What has been said to be wrong with it, on this host; nothing while all is well. */
    private String trouble = "";

    /** Why there are no keys to authenticate it by; nothing while there are. */
    private String keyTrouble = "";

    /** What the network said of the last requests; anybody may have said that, so it is for people only. */
    private String refusal = "";

    private int unanswered;

    /** Whether there is a socket to the address. */
    private boolean connected;

    /** Whether nothing can be sent to it. */
    private boolean stuck;

    /** Whether the present address has ever answered, and when it was asked first. */
    private boolean heard;

    private OptionalLong firstAskedNanos = OptionalLong.empty();

    private final UselessAnswers uselessAnswers = new UselessAnswers();

    private long silentLookupNanos = SILENT_LOOKUP_NANOS;
    private long nextLookupNanos;
    private long retryNanos = FIRST_RETRY_NANOS;

    private boolean removed;

    /** Of a server whose name is to be looked up at once. */
    ServerSeat(int source, ServerConfig server, String name, long rawNanos) {
        this.source = source;
        this.server = server;
        this.name = name;
        this.nextLookupNanos = rawNanos;
    }

    int source() {
        return source;
    }

    ServerConfig server() {
        return server;
    }

    /** What a person calls it. */
    String name() {
        return name;
    }

    /** Whether it is of no concern any more. */
    boolean isRemoved() {
        return removed;
    }

    Optional<InetSocketAddress> address() {
        return address;
    }

    boolean isAskedAt(InetSocketAddress other) {
        return address.equals(Optional.of(other));
    }

    boolean isConnected() {
        return connected;
    }

    void setConnected(boolean connected) {
        this.connected = connected;
    }

    /** Who has the only address of this name; empty if nobody. */
    String twin() {
        return twin;
    }

    Optional<CompletableFuture<List<InetSocketAddress>>> lookup() {
        return lookup;
    }

    /** Which addresses of the name it has tried. */
    AddressTurns turns() {
        return turns;
    }

    List<InetSocketAddress> known() {
        return known;
    }

    boolean isOfTheSameNameAs(ServerSeat other) {
        return server.name().equals(other.server.name());
    }

    void remove() {
        removed = true;
        address = Optional.empty();
        connected = false;
    }

    // --- What is wrong with it ---

    /** Counts what is of no use, and says what is missing. */
    Need need(SourceReport report) {
        uselessAnswers.observe(report);
        if (address.isEmpty()) {
            return Need.ADDRESS;
        }
        if (!trouble.isEmpty()) {
            return Need.UNREACHABLE;
        }
        if (report.state() == SourceState.DENIED
                || report.state() == SourceState.SMEARING
                || uselessAnswers.areTooMany()) {
            return Need.REFUSED;
        }
        return report.reach() == 0 ? Need.SILENT : Need.NONE;
    }

    /** Why it does not answer, in few words for people. */
    String silence() {
        if (!keyTrouble.isEmpty()) {
            return keyTrouble;
        }
        if (!trouble.isEmpty()) {
            return switch (trouble) {
                case NO_NAME -> Silence.NAME_NOT_FOUND.words();
                case NO_MEMBER -> "no further server in the pool";
                default -> trouble.replaceFirst(".*: ", "");
            };
        }
        if (!refusal.isEmpty()) {
            return refusal;
        }
        if (address.isEmpty() && server.keyExchange().isPresent()) {
            return "key exchange under way";
        }
        if (server.clock().isPresent()) {
            return "clock being read";
        }
        return address.isEmpty() ? "name being looked up" : Silence.NO_ANSWER.words();
    }

    /**
     * What is wrong with its answers, as far as this host and the network on the way show it.
     *
     * @param asAnswered what is wrong by its answers
     */
    SourceTrouble trouble(SourceTrouble asAnswered) {
        if (!twin.isEmpty()) {
            return SourceTrouble.SAME_AS_ANOTHER;
        }
        if (!trouble.isEmpty()) {
            return switch (trouble) {
                case NO_NAME -> SourceTrouble.NAME_NOT_FOUND;
                case NO_MEMBER -> SourceTrouble.NO_FURTHER_SERVER;
                default -> trouble(trouble).orElse(SourceTrouble.NOT_SENT);
            };
        }
        // What the network says anybody may have said: it explains silence and nothing else.
        return asAnswered == SourceTrouble.NO_ANSWER ? trouble(refusal).orElse(asAnswered) : asAnswered;
    }

    private static Optional<SourceTrouble> trouble(String said) {
        return Silence.in(said).flatMap(silence -> switch (silence) {
            case NETWORK_UNREACHABLE -> Optional.of(SourceTrouble.NETWORK_UNREACHABLE);
            case NO_ROUTE -> Optional.of(SourceTrouble.NO_ROUTE);
            case REFUSED -> Optional.of(SourceTrouble.CONNECTION_REFUSED);
            case NAME_NOT_FOUND, NO_ANSWER, CLOCK_NOT_READ -> Optional.empty();
        });
    }

    /** Once for each time that all was well before. */
    void say(String newTrouble) {
        if (trouble.isEmpty()) {
            LOG.warn("{}: {}; trying until it works", name, newTrouble);
        } else {
            LOG.debug("{}: {}", name, newTrouble);
        }
        trouble = newTrouble;
    }

    /** The pool has fewer servers than were asked for. */
    void sayNoMember() {
        say(NO_MEMBER);
    }

    /** In few words why there are no keys to authenticate it by; nothing if there are. */
    void setKeyTrouble(String reason) {
        keyTrouble = reason;
    }

    /** The network says that a request has not arrived. */
    void onUnreachable(String reason) {
        refusal = reason;
    }

    // --- Look-ups ---

    boolean isLookupDue(long rawNanos) {
        return rawNanos - nextLookupNanos >= 0;
    }

    void onLookup(CompletableFuture<List<InetSocketAddress>> future) {
        lookup = Optional.of(future);
    }

    void onLookupEnded() {
        lookup = Optional.empty();
    }

    void onLookupFailed(long rawNanos) {
        if (address.isEmpty()) {
            say(NO_NAME);
        }
        retryLater(rawNanos);
    }

    void retryLater(long rawNanos) {
        nextLookupNanos = rawNanos + retryNanos;
        retryNanos = Math.min(2 * retryNanos, LONGEST_RETRY_NANOS);
    }

    /** The name leads to these; when it is looked up again depends on what is missing. */
    void onLookedUp(List<InetSocketAddress> addresses, Need need, long rawNanos) {
        known = addresses;
        long pauseNanos = switch (need) {
            case NONE -> SILENT_LOOKUP_NANOS; // it has come back meanwhile
            case REFUSED -> AddressTurns.REFUSED_NANOS;
            case ADDRESS, UNREACHABLE, SILENT -> silentLookupNanos;
        };
        nextLookupNanos = rawNanos + pauseNanos;
        if (need == Need.SILENT) {
            silentLookupNanos = Math.min(2 * silentLookupNanos, LONGEST_SILENT_LOOKUP_NANOS);
        }
        if (need == Need.REFUSED) {
            onRefused(rawNanos);
        }
    }

    // --- Addresses ---

    /** Whether the present address has had its chance. */
    boolean isHopeless(long rawNanos) {
        boolean isMute =
                !heard && firstAskedNanos.isPresent() && rawNanos - firstAskedNanos.getAsLong() >= FIRST_ANSWER_NANOS;
        return address.isPresent() && (stuck || isMute);
    }

    /** Whether the present address has ever answered. */
    boolean isHeard() {
        return heard;
    }

    /** From now on it is asked at that address. */
    void begin(InetSocketAddress next, long rawNanos) {
        address.ifPresent(left -> turns.onLeft(left, rawNanos));
        address = Optional.of(next);
        twin = "";
        trouble = "";
        stuck = false;
        if (heard) {
            heard = false;
            silentLookupNanos = SILENT_LOOKUP_NANOS;
        }
        firstAskedNanos = OptionalLong.empty();
        unanswered = 0;
        uselessAnswers.begin();
        retryNanos = FIRST_RETRY_NANOS;
        nextLookupNanos = rawNanos + silentLookupNanos;
    }

    /** Another server has the only address of this name, or no longer does (empty). */
    void setTwin(String other) {
        twin = other;
    }

    /** The raw clock has jumped: if back, what was to be in an hour is not to be in years. */
    void onDiscontinuity(long rawNanos) {
        nextLookupNanos = Math.min(nextLookupNanos, rawNanos + AddressTurns.REFUSED_NANOS);
        turns.onDiscontinuity(rawNanos);
        firstAskedNanos = OptionalLong.empty();
    }

    // --- Requests and answers ---

    /** A request is about to leave; returns whether it is to leave from a new socket. */
    boolean onAsking(long rawNanos) {
        if (firstAskedNanos.isEmpty()) {
            firstAskedNanos = OptionalLong.of(rawNanos);
        }
        boolean isNew = !connected || unanswered >= SILENT_REQUESTS;
        unanswered = isNew ? 1 : unanswered + 1;
        return isNew;
    }

    /** A request has left, or not: then why. */
    void onAsked(String reason) {
        stuck = !reason.isEmpty();
        if (stuck) {
            say("requests do not leave this host: " + reason);
        } else if (!trouble.isEmpty()) {
            trouble = "";
            LOG.info("{}: requests leave again", name);
        }
    }

    /** It has answered well. */
    void onAnswer() {
        unanswered = 0;
        refusal = "";
        if (!heard) {
            heard = true;
            turns.onAnswer(address);
        }
    }

    /** Its address has refused, or asks for fewer requests: for a while nobody moves there, which would begin with a burst. */
    void onRefused(long rawNanos) {
        address.ifPresent(refusing -> turns.onRefused(refusing, rawNanos));
    }
}
