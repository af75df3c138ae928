// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.http;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The JDK's HTTP server with a few paths that can be read and not written. Thread-safe.
 *
 * <p>On a loopback address it answers to whoever addresses it by a loopback name: by another name comes a web page that has got a browser to
 * believe that its name leads here (DNS rebinding). Elsewhere its name is not known; there a page of another origin is refused, and whoever does
 * not have the token if there is one.
 */
public final class HttpEndpoint implements AutoCloseable {
    private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    /**
     * What callers may take up, all together, of a heap of 32 MB and of the daemon's descriptors. The JDK's server reads this
     * once, when the first one is made; what the operator has set stays. There is no limit to the time that an answer takes: a stream of events has
     * no end.
     */
    private static final Map<String, String> LIMITS = Map.of(
            "jdk.httpserver.maxConnections", "128", // whoever comes then is turned away
            "sun.net.httpserver.maxReqHeaderSize", "8192", // bytes
            "sun.net.httpserver.maxReqTime", "5", // s for a request to arrive
            // A small answer is not to wait for the caller to acknowledge its head.
            "sun.net.httpserver.nodelay", "true");

    private final HttpServer server;
    private final ExecutorService executor;

    private HttpEndpoint(HttpServer server, ExecutorService executor) {
        this.server = server;
        this.executor = executor;
    }

    /**
     * Starts to serve.
     *
     * @param port 0 for a free one
     * @param token what callers have to present, as a bearer or as a password under any name; empty: nothing
     * @param paths what is served, each for GET and HEAD
     * @throws IOException if the port cannot be had
     */
    public static HttpEndpoint start(
            InetAddress address, int port, Optional<String> token, Map<String, HttpHandler> paths) throws IOException {
        LIMITS.forEach((name, value) -> System.setProperty(name, System.getProperty(name, value)));
        HttpServer server = HttpServer.create(new InetSocketAddress(address, port), 0);
        server.createContext(
                        "/",
                        exchange -> Objects.requireNonNull(
                                        paths.get(exchange.getRequestURI().getPath()))
                                .handle(exchange))
                .getFilters()
                .add(new Admission(address.isLoopbackAddress(), token, paths.keySet()));
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(executor);
        // From a thread that does not keep the process alive, so that the server's does not either.
        CompletableFuture.runAsync(server::start, executor).join();
        return new HttpEndpoint(server, executor);
    }

    /** The port that it listens at. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }

    /** Turns away who may not ask, and what is no question. */
    private static final class Admission extends Filter {
        private final boolean onLoopback;
        private final Optional<String> token;
        private final Set<String> paths;

        Admission(boolean onLoopback, Optional<String> token, Set<String> paths) {
            this.onLoopback = onLoopback;
            this.token = token;
            this.paths = paths;
        }

        @Override
        public String description() {
            return "who may ask, and GET and HEAD only";
        }

        @Override
        public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
            Headers headers = exchange.getRequestHeaders();
            if (!(onLoopback ? isOwn(headers) : isSameOrigin(headers))) {
                refuse(exchange, 403);
            } else if (token.isPresent() && !presents(headers, token.get())) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"ChronoTick\"");
                refuse(exchange, 401);
            } else if (!paths.contains(exchange.getRequestURI().getPath())) {
                refuse(exchange, 404);
            } else if (!exchange.getRequestMethod().equals("GET")
                    && !exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                refuse(exchange, 405);
            } else {
                exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
                chain.doFilter(exchange);
            }
        }

        private static void refuse(HttpExchange exchange, int status) throws IOException {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        }

        private static boolean isOwn(Headers headers) {
            List<String> hosts = headers.getOrDefault("Host", List.of());
            List<String> origins = headers.getOrDefault("Origin", List.of());
            return hosts.size() == 1
                    && isOwn("http://" + hosts.getFirst())
                    && origins.size() <= 1
                    && origins.stream().allMatch(Admission::isOwn);
        }

        private static boolean isOwn(String origin) {
            try {
                URI uri = URI.create(origin);
                return uri.getHost() != null
                        && uri.getUserInfo() == null
                        && OWN_NAMES.contains(uri.getHost().toLowerCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                return false; // no name at all
            }
        }

        private static boolean isSameOrigin(Headers headers) {
            List<String> hosts = headers.getOrDefault("Host", List.of());
            return hosts.size() == 1
                    && headers.getOrDefault("Origin", List.of()).stream()
                            .allMatch(origin ->
                                    origin.replaceFirst("^https?://", "").equalsIgnoreCase(hosts.getFirst()));
        }

        private static boolean presents(Headers headers, String token) {
            List<String> given = headers.getOrDefault("Authorization", List.of());
            return given.size() == 1
                    && credential(given.getFirst())
                            .filter(secret -> MessageDigest.isEqual(bytes(secret), bytes(token)))
                            .isPresent();
        }

        /** RFC 6750 (Bearer), RFC 7617 (Basic: base64 of name:password). */
        private static Optional<String> credential(String authorization) {
            int space = authorization.indexOf(' ');
            String scheme = space < 0 ? "" : authorization.substring(0, space).toLowerCase(Locale.ROOT);
            String rest = authorization.substring(space + 1).strip();
            if (scheme.equals("bearer")) {
                return Optional.of(rest);
            }
            if (!scheme.equals("basic")) {
                return Optional.empty();
            }
            try {
                String pair = new String(Base64.getDecoder().decode(rest), StandardCharsets.UTF_8);
                return Optional.of(pair.substring(pair.indexOf(':') + 1));
            } catch (IllegalArgumentException e) {
                return Optional.empty(); // no base64
            }
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }
}
