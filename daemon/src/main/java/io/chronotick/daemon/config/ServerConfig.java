// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.daemon.nts.KeyExchange;
import java.math.BigDecimal;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * One NTP server, or one clock of this host, as the operator named it. Immutable.
 *
 * @param host host name or address literal, without brackets; empty of a clock of this host
 * @param port UDP port, 1..65535
 * @param minpoll log2 of the seconds between exchanges, instead of the common measurement interval; where there is none, log2 of
 *     the shortest interval
 * @param maxpoll log2 of the longest interval, s
 * @param allowFastPolling whether the operator may poll this server faster than {@link #POLITE_POLL_SECONDS} although
 *     it is a public one
 * @param asymmetry standard deviation of half the difference of the two ways to it, as a share of the delay one way, instead of the
 *     common one; 0 where they are known to be equal
 * @param keyExchange where keys to authenticate it are had (NTS, RFC 8915); empty: it is not authenticated
 * @param clock the clock of this host; empty: a server on the network
 */
public record ServerConfig(
        String host,
        int port,
        OptionalInt minpoll,
        OptionalInt maxpoll,
        boolean allowFastPolling,
        OptionalDouble asymmetry,
        Optional<KeyExchange> keyExchange,
        Optional<LocalClockConfig> clock) {
    /** Where NTP listens (RFC 5905, section 7.2). */
    public static final int DEFAULT_PORT = 123;

    /**
     * The least interval between exchanges with somebody else's server, s: what ntpd and chrony begin with (minpoll 6), and what
     * operators of public servers ask for (RFC 8633, section 3.4).
     */
    public static final double POLITE_POLL_SECONDS = 64;

    /** The longest interval, s, where none is configured: where ntpd and chrony end, too (maxpoll 10). */
    private static final double LONGEST_POLL_SECONDS = 1024;

    /** The same on the loopback and private networks: a request there costs nobody anything. */
    private static final double SHORTEST_OWN_POLL_SECONDS = 16;

    private static final double LONGEST_OWN_POLL_SECONDS = 64;

    /**
     * Interval between exchanges in normal operation: fixed, or adapted between two.
     *
     * @param shortestSeconds s, > 0
     * @param longestSeconds s, not below the shortest
     */
    public record Poll(double shortestSeconds, double longestSeconds) {
        /** As a person would say it: "64 s", "64 to 1024 s". */
        @Override
        public String toString() {
            String longest = plain(longestSeconds) + " s";
            return shortestSeconds == longestSeconds ? longest : plain(shortestSeconds) + " to " + longest;
        }

        private static String plain(double seconds) {
            return BigDecimal.valueOf(seconds).stripTrailingZeros().toPlainString();
        }
    }

    /** The least interval between the requests of a burst to somebody else's server, s: NTP servers that limit rates drop what is faster. */
    public static final double POLITE_BURST_SECONDS = 2;

    /** The intervals of a clock of this host, s: to read it costs no network anything. */
    private static final double SHORTEST_CLOCK_POLL_SECONDS = 1;

    private static final double LONGEST_CLOCK_POLL_SECONDS = 16;

    /** A server on the network. */
    public ServerConfig(
            String host,
            int port,
            OptionalInt minpoll,
            OptionalInt maxpoll,
            boolean allowFastPolling,
            OptionalDouble asymmetry,
            Optional<KeyExchange> keyExchange) {
        this(host, port, minpoll, maxpoll, allowFastPolling, asymmetry, keyExchange, Optional.empty());
    }

    /** A clock of this host. */
    static ServerConfig of(LocalClockConfig clock, OptionalInt minpoll, OptionalInt maxpoll) {
        return new ServerConfig(
                "",
                DEFAULT_PORT,
                minpoll,
                maxpoll,
                false,
                OptionalDouble.empty(),
                Optional.empty(),
                Optional.of(clock));
    }

    /** Whether it is the system clock. */
    boolean isSystemClock() {
        return clock.filter(own -> own.kind() == LocalClockConfig.Kind.SYSTEM).isPresent();
    }

    /** The same with its clock described more closely. */
    public ServerConfig with(LocalClockConfig closer) {
        return of(closer, minpoll, maxpoll);
    }

    /** A server at an address, with all else at its default. */
    public static ServerConfig of(String host, int port) {
        return new ServerConfig(
                host, port, OptionalInt.empty(), OptionalInt.empty(), false, OptionalDouble.empty(), Optional.empty());
    }

    /** What a person calls it: host, or host:port where the port is not the usual one; or the device of a clock of this host. */
    public String name() {
        if (clock.isPresent()) {
            return clock.get().name();
        }
        if (port == DEFAULT_PORT) {
            return host;
        }
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /**
     * The interval between exchanges in normal operation.
     *
     * @param measurementInterval the common interval of the configuration, s; empty: it adapts
     * @param resolved the address the host name led to: it decides whose server this is
     */
    public Poll poll(OptionalDouble measurementInterval, InetAddress resolved) {
        Poll poll = configuredPoll(measurementInterval, resolved);
        return mayHurry(resolved)
                ? poll
                : new Poll(
                        Math.max(poll.shortestSeconds, POLITE_POLL_SECONDS),
                        Math.max(poll.longestSeconds, POLITE_POLL_SECONDS));
    }

    /** The same as it is configured, whoever's server it is. */
    public Poll configuredPoll(OptionalDouble measurementInterval, InetAddress resolved) {
        boolean own = mayHurry(resolved);
        return limited(
                measurementInterval,
                own ? SHORTEST_OWN_POLL_SECONDS : POLITE_POLL_SECONDS,
                own ? LONGEST_OWN_POLL_SECONDS : LONGEST_POLL_SECONDS);
    }

    /** The interval between readings of a clock of this host, which the common interval does not concern. */
    public Poll clockPoll() {
        return limited(OptionalDouble.empty(), SHORTEST_CLOCK_POLL_SECONDS, LONGEST_CLOCK_POLL_SECONDS);
    }

    private Poll limited(OptionalDouble measurementInterval, double usualShortest, double usualLongest) {
        double shortest = measurementInterval.orElse(usualShortest);
        double longest = measurementInterval.orElse(usualLongest);
        if (minpoll.isPresent()) {
            shortest = Math.scalb(1.0, minpoll.getAsInt());
            longest = measurementInterval.isPresent() ? shortest : Math.max(longest, shortest);
        }
        if (maxpoll.isPresent()) {
            longest = Math.scalb(1.0, maxpoll.getAsInt());
            if (measurementInterval.isPresent()) {
                longest = Math.min(shortest, longest);
            }
            shortest = Math.min(shortest, longest);
        }
        return new Poll(shortest, longest);
    }

    /**
     * The interval between the exchanges of the warm-up burst, s.
     *
     * @param warmupIntervalSeconds the common interval of the configuration, s
     * @param resolved the address the host name led to
     */
    public double burstSeconds(double warmupIntervalSeconds, InetAddress resolved) {
        return mayHurry(resolved) ? warmupIntervalSeconds : Math.max(warmupIntervalSeconds, POLITE_BURST_SECONDS);
    }

    private boolean mayHurry(InetAddress address) {
        return allowFastPolling || isLoopbackOrPrivate(address);
    }

    private static boolean isLoopbackOrPrivate(InetAddress address) {
        // "Site local" is RFC 1918 for IPv4 and the deprecated fec0::/10 for IPv6; the unspecified address leads to
        // this host. An IPv4-mapped IPv6 address is an Inet4Address in Java.
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()) {
            return true;
        }
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address) {
            return bytes[0] == 100 && (bytes[1] & 0xC0) == 64; // 100.64.0.0/10, shared address space, RFC 6598
        }
        return (bytes[0] & 0xFE) == 0xFC; // fc00::/7, unique local addresses, RFC 4193
    }
}
