// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.config.PrometheusProperties;
import io.prometheus.metrics.exporter.httpserver.HttpErrorHandlingPolicy;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where Prometheus finds the metrics: the JDK's HTTP server on 127.0.0.1, for whoever addresses it by a loopback name. By another
 * name comes a web page that has got a browser to believe that its name leads here (DNS rebinding). Thread-safe.
 */
final class MetricsEndpoint implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");
    private static final String PATH = "/metrics";
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    /**
     * What callers may take up, all together, of a heap of 32 MB and of the daemon's descriptors. The JDK's server reads this
     * once, when the first one is made; what the operator has set stays.
     */
    private static final Map<String, String> LIMITS = Map.of(
            "jdk.httpserver.maxConnections", "64", // whoever comes then is turned away
            "sun.net.httpserver.maxReqHeaderSize", "8192", // bytes
            "sun.net.httpserver.maxReqTime", "5", // s for a request to arrive
            "sun.net.httpserver.maxRspTime", "10"); // s for the answer to be taken

    private final HttpServer server;
    private final ExecutorService executor;

    private MetricsEndpoint(HttpServer server, ExecutorService executor) {
        this.server = server;
        this.executor = executor;
    }

    /**
     * Starts to serve.
     *
     * @param port 0 for a free one
     * @throws IOException if the port cannot be had
     */
    static MetricsEndpoint start(int port, PrometheusRegistry registry) throws IOException {
        LIMITS.forEach((name, value) -> System.setProperty(name, System.getProperty(name, value)));
        HttpServer server = HttpServer.create(new InetSocketAddress(LOOPBACK, port), 0);
        // A caller who goes before the answer is there is no news, and by default a stack trace each.
        HttpErrorHandlingPolicy errors = HttpErrorHandlingPolicy.builder()
                .errorReporter(e -> {
                    if (!(e instanceof IOException)) {
                        LOG.warn("metrics: a scrape failed: {}", e.toString());
                    }
                })
                .build();
        server.createContext("/", new MetricsHandler(PrometheusProperties.get(), registry, errors))
                .getFilters()
                .add(new Admission());
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(executor);
        // From a thread that does not keep the process alive, so that the server's does not either.
        CompletableFuture.runAsync(server::start, executor).join();
        return new MetricsEndpoint(server, executor);
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdown();
    }

    /** Turns away who may not ask, and what is no question. */
    private static final class Admission extends Filter {
        @Override
        public String description() {
            return "own names, GET and HEAD only";
        }

        @Override
        public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
            if (!isOwn(exchange.getRequestHeaders())) {
                refuse(exchange, 403);
            } else if (!exchange.getRequestURI().getPath().equals(PATH)) {
                refuse(exchange, 404);
            } else if (!exchange.getRequestMethod().equals("GET")
                    && !exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                refuse(exchange, 405);
            } else {
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
    }
}
