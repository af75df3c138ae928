// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import com.sun.net.httpserver.HttpHandler;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.http.HttpEndpoint;
import io.chronotick.engine.ntp.ExchangeCsv;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the daemon shows over HTTP: its page, and metrics for Prometheus. Thread-safe. */
final class WebServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private final LivePage page;
    private final HttpEndpoint endpoint;
    private final String url;

    private WebServer(LivePage page, HttpEndpoint endpoint, String url) {
        this.page = page;
        this.endpoint = endpoint;
        this.url = url;
    }

    /** Where the page is. */
    String url() {
        return url;
    }

    /** Serves them. A port that cannot be had is one line in the log: the time matters more. */
    static Optional<WebServer> start(DaemonConfig config, Metrics metrics, LivePage page) {
        InetAddress address = config.httpAddress();
        Map<String, HttpHandler> paths = new TreeMap<>(page.paths());
        paths.put("/metrics", metrics.handler());
        try {
            Optional<String> token = config.httpTokenFile().isPresent()
                    ? Optional.of(token(config.httpTokenFile().get()))
                    : Optional.empty();
            HttpEndpoint endpoint = HttpEndpoint.start(address, config.httpPort(), token, paths);
            page.start();
            String host = address.getHostAddress();
            String url = "http://" + (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + endpoint.port();
            LOG.info("page: {}/, metrics: {}/metrics", url, url);
            if (!address.isLoopbackAddress() && token.isEmpty()) {
                LOG.warn("the page and the metrics are open to the network without a token (daemon.http_token_file)");
            }
            return Optional.of(new WebServer(page, endpoint, url + '/'));
        } catch (IOException e) {
            LOG.warn(
                    "page and metrics: {} port {} cannot be had: {}; there are none (daemon.http_port)",
                    address.getHostAddress(),
                    config.httpPort(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private static String token(Path file) throws IOException {
        String token = Files.readString(file).strip();
        if (token.isEmpty()) {
            throw new IOException("the file of its token, " + file + ", is empty");
        }
        return token;
    }

    /** A server has answered. On the network thread. */
    void onExchange(ExchangeCsv exchange) {
        page.onExchange(exchange);
    }

    @Override
    public void close() {
        page.close();
        endpoint.close();
    }
}
