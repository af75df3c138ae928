// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.util.HostPort;

/**
 * Who may call: whoever shows the token, if there is one, and addresses the server by a name of its own. By another name comes a
 * web page that has got a browser to believe that its name leads here (DNS rebinding). Thread-safe.
 */
final class Admission {
    private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");
    private static final String SCHEME = "Bearer ";

    /** Why somebody may not. */
    record Refusal(int status, String message) {}

    private final Set<String> names;
    private final Optional<byte[]> token;

    /**
     * An admission.
     *
     * @param address where the server listens
     * @param host how the operator wrote that
     * @param allowedHosts under which other names it may be addressed
     */
    Admission(InetAddress address, String host, Collection<String> allowedHosts, Optional<String> token) {
        Stream<String> own = address.isAnyLocalAddress() || address.isLoopbackAddress()
                ? Stream.concat(LOOPBACK.stream(), Stream.of(host))
                : Stream.of(host, address.getHostAddress());
        this.names = Stream.concat(own, allowedHosts.stream())
                .map(name -> HostPort.normalizeHost(name).toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        this.token = token.map(text -> text.getBytes(StandardCharsets.UTF_8));
    }

    /** Empty for whoever may call. */
    Optional<Refusal> refusal(HttpFields headers) {
        List<String> hosts = headers.getValuesList(HttpHeader.HOST);
        if (hosts.size() != 1 || !isOwnHost(hosts.get(0))) {
            return foreign("Host");
        }
        List<String> origins = headers.getValuesList(HttpHeader.ORIGIN);
        if (origins.size() > 1 || !origins.stream().allMatch(this::isOwnOrigin)) {
            return foreign("Origin");
        }
        if (token.isPresent() && !isShown(token.get(), headers.getValuesList(HttpHeader.AUTHORIZATION))) {
            return Optional.of(new Refusal(
                    HttpStatus.UNAUTHORIZED_401,
                    "the bearer token is missing or wrong: send the one that the server was started with"));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> foreign(String header) {
        return Optional.of(new Refusal(
                HttpStatus.FORBIDDEN_403,
                "Invalid " + header + " header: this server answers to its own names only; see --allow-host"));
    }

    private boolean isOwnHost(String host) {
        try {
            return names.contains(new HostPort(host).getHost().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return false; // no host at all
        }
    }

    private boolean isOwnOrigin(String origin) {
        try {
            URI uri = URI.create(origin);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && names.contains(uri.getHost().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return false; // no origin at all
        }
    }

    private static boolean isShown(byte[] token, List<String> authorizations) {
        if (authorizations.size() != 1 || !authorizations.get(0).regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        // In constant time, so that the token cannot be guessed letter by letter.
        byte[] shown = authorizations.get(0).substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(token, shown);
    }
}
