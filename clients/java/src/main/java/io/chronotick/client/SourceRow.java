// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the daemon knows of one server, as of the page's writing. Offsets are positive when the server is ahead.
 *
 * @param name as configured
 * @param stratum 0..255; 0 if it has not answered
 * @param reach the last eight requests, newest in bit 0; a set bit was answered
 * @param state what the selection makes of it
 * @param kernelStamps whether receive times are the kernel's; else taken by the daemon itself
 * @param leap leap indicator, 0..3
 * @param pollSeconds polling interval, s
 * @param ageSeconds time since the newest accepted exchange, s; NaN if none
 * @param offset server minus published time, s
 * @param sd standard deviation of that offset, s
 * @param delay round-trip delay, s
 * @param jitter mean excess of the delay over its base, s
 * @param rootDistance bound on the server's own error as seen from here, s
 * @param sent requests
 * @param accepted exchanges
 * @param drops datagrams not used, in the order of {@link #DROP_REASONS}
 * @param nts how its authentication is doing; empty for a server that is not to be authenticated
 * @param address where it is asked; empty while that is not known
 * @param interleaved whether its newest good reply was interleaved (RFC 9769)
 * @param trouble what is wrong with its answers, or why there are none; empty where nothing is known
 * @param unanswered requests not answered since the newest answer, or since it is asked at this address; 255 stands for more, too
 */
public record SourceRow(
        String name,
        int stratum,
        int reach,
        State state,
        boolean kernelStamps,
        int leap,
        double pollSeconds,
        double ageSeconds,
        double offset,
        double sd,
        double delay,
        double jitter,
        double rootDistance,
        long sent,
        long accepted,
        List<Long> drops,
        Optional<NtsStatus> nts,
        Optional<InetSocketAddress> address,
        boolean interleaved,
        Optional<Trouble> trouble,
        int unanswered) {

    /** What the drops are counted by. */
    public static final List<String> DROP_REASONS = List.of(
            "malformed",
            "wrong mode",
            "bogus origin",
            "duplicate",
            "late",
            "unsynchronized",
            "stratum",
            "kiss",
            "nonsense",
            "unauthenticated");

    public SourceRow {
        drops = List.copyOf(drops);
    }

    /** What the selection makes of a server. */
    public enum State {
        /** No reply in the last eight requests, or none yet. */
        UNREACHABLE(0),
        /** Replies, but is not usable (yet). */
        CANDIDATE(1),
        /** A truechimer whose exchanges feed the clock model. */
        SELECTED(2),
        /** Contradicts the majority. */
        FALSETICKER(3),
        /** Required to authenticate and has not. */
        UNAUTHENTICATED(4),
        /** Asked not to be asked again. */
        DENIED(5),
        /** Smears a leap second, and is left out for it. */
        SMEARING(6);

        private static final State[] ALL = values();

        private final int code;

        State(int code) {
            this.code = code;
        }

        /** The number that stands for it on the page. */
        public int code() {
            return code;
        }

        /** What a number on the page stands for; null if this version does not know it. */
        static @Nullable State ofCode(int code) {
            for (State state : ALL) {
                if (state.code == code) {
                    return state;
                }
            }
            return null;
        }
    }

    /** What is wrong with a server's answers, or why there are none. */
    public enum Trouble {
        /** Its name cannot be looked up. */
        NAME_NOT_FOUND(1),
        /** It is one of a pool, whose name leads to fewer servers than were asked for. */
        NO_FURTHER_SERVER(2),
        /** Its only address is asked by another name already. */
        SAME_AS_ANOTHER(3),
        /** The daemon's host has no route to its network. */
        NETWORK_UNREACHABLE(4),
        /** The daemon's host, or a router on the way, has no route to it. */
        NO_ROUTE(5),
        /** Requests do not leave the daemon's host for another reason. */
        NOT_SENT(6),
        /** Its host says that nobody listens on that port. */
        CONNECTION_REFUSED(7),
        /** Requests have left and are not answered. */
        NO_ANSWER(8),
        /** It refuses to serve (kiss code DENY or RSTR). */
        DENIED(9),
        /** It has asked for fewer requests (kiss code RATE), and is sent fewer since. */
        RATE_LIMITED(10),
        /** It answers with another kiss code. */
        KISS(11),
        /** It is not synchronized: leap indicator 3 or stratum 16. */
        UNSYNCHRONIZED(12),
        /** Its stratum is outside the configured range. */
        STRATUM(13),
        /** Its root distance is too large. */
        ROOT_DISTANCE(14),
        /** Its receive or transmit time stamp is zero. */
        NO_TIME(15),
        /** Its time stamps contradict each other, or the round trip. */
        CONTRADICTORY_STAMPS(16),
        /** It smears a leap second: its time is not UTC meanwhile, and is left out. */
        SMEARING(17),
        /** A clock of the daemon's host that cannot be read, or says that it is not right. */
        CLOCK_UNREADABLE(18);

        private static final Trouble[] ALL = values();

        private final int code;

        Trouble(int code) {
            this.code = code;
        }

        /** The number that stands for it on the page, where 0 is none. */
        public int code() {
            return code;
        }

        /** What a number on the page stands for; none for 0, and for one of a newer version. */
        static Optional<Trouble> ofCode(int code) {
            for (Trouble trouble : ALL) {
                if (trouble.code == code) {
                    return Optional.of(trouble);
                }
            }
            return Optional.empty();
        }
    }
}
