// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.nts.CookieFile;
import io.chronotick.daemon.nts.KeyExchange;
import io.chronotick.daemon.nts.KeyExchangeException;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.Engine;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.nts.KeyExchangeFailure;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets the keys of the servers that are to be authenticated, each exchange on a thread of its own, and keeps what is left of them for
 * the next run. Belongs to the network thread, which waits for none of it.
 */
final class KeyExchanges {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** All of a key exchange, the looking up of names included, ns. */
    private static final long LIMIT_NANOS = 10_000_000_000L;

    private final DaemonConfig config;
    private final ServerAddresses addresses;
    private final Engine engine;
    private final HostClocks clocks;
    private final Thread.UncaughtExceptionHandler onDeath;
    private final Consumer<Runnable> network;
    /** How many have been begun, of each server. */
    private final Map<Integer, Integer> begun = new HashMap<>();

    /** What has been said to be wrong, with whom something is. */
    private final Map<Integer, KeyExchangeFailure> troubles = new HashMap<>();

    /**
     * Key exchanges for an engine.
     *
     * @param onDeath hears of a thread that has died of what it did not expect
     * @param network runs something on the network thread, soon; may be called on any
     */
    KeyExchanges(
            DaemonConfig config,
            ServerAddresses addresses,
            Engine engine,
            HostClocks clocks,
            Thread.UncaughtExceptionHandler onDeath,
            Consumer<Runnable> network) {
        this.config = config;
        this.addresses = addresses;
        this.engine = engine;
        this.clocks = clocks;
        this.onDeath = onDeath;
        this.network = network;
    }

    /** A server is not to be asked any more: what comes of an exchange with it is of no use. */
    void forget(int source) {
        begun.remove(source);
        troubles.remove(source);
    }

    /** Begins one; what comes of it is told to the engine. */
    void begin(int source, Correction newest) {
        ServerConfig server = addresses.server(source);
        KeyExchange exchange = server.keyExchange().orElseThrow();
        long raw = clocks.rawNanos();
        boolean ownTime = newest.validAt(raw);
        Instant now = Instant.ofEpochSecond(0, ownTime ? newest.utcNanosAt(raw) : clocks.realtimeNanos());
        int first = begun.merge(source, 1, Integer::sum) - 1;
        Thread.ofPlatform()
                .daemon()
                .name("chronotick-keys-" + server.host())
                .uncaughtExceptionHandler(onDeath)
                .start(() -> {
                    try {
                        KeyExchange.Result result = exchange.run(first, now, LIMIT_NANOS);
                        network.accept(() -> {
                            if (isAsked(source, server)) {
                                onKeys(source, result, ownTime);
                            }
                        });
                    } catch (KeyExchangeException e) {
                        network.accept(() -> {
                            if (isAsked(source, server)) {
                                onFailure(source, e.failure(), String.valueOf(e.getMessage()), ownTime);
                            }
                        });
                    }
                });
    }

    /** Not if it has been removed meanwhile. */
    private boolean isAsked(int source, ServerConfig server) {
        return addresses.sources().contains(source) && addresses.server(source).equals(server);
    }

    private void onKeys(int source, KeyExchange.Result result, boolean ownTime) {
        if (!use(source, new CookieFile.Kept(result.keys(), result.servers()))) {
            onFailure(
                    source,
                    KeyExchangeFailure.NO_ADDRESS,
                    "its NTP server " + result.servers().getFirst()
                            + " cannot be asked from here, or is asked under another name already; remove one of them",
                    ownTime);
            return;
        }
        troubles.remove(source);
        LOG.info(
                "{}: authenticated by NTS, {} cookies; its certificate is valid by {}",
                addresses.server(source).name(),
                result.keys().cookies().size(),
                clock(ownTime));
    }

    private static String clock(boolean ownTime) {
        return ownTime ? "our own time" : "the system clock";
    }

    private boolean use(int source, CookieFile.Kept kept) {
        long raw = clocks.rawNanos();
        if (!addresses.assign(source, kept.servers(), raw)) {
            return false;
        }
        engine.onKeys(source, kept.keys(), raw);
        return true;
    }

    private void onFailure(int source, KeyExchangeFailure failure, String message, boolean ownTime) {
        engine.onKeyExchangeFailed(source, failure, clocks.rawNanos());
        if (engine.remainingKeys(source).isEmpty()) {
            addresses.onNoKeys(source, "NTS: " + words(failure));
        }
        String name = addresses.server(source).name();
        String how = failure == KeyExchangeFailure.EXPIRED || failure == KeyExchangeFailure.NOT_YET_VALID
                ? " (judged by " + clock(ownTime) + ")"
                : "";
        if (troubles.put(source, failure) == failure) {
            LOG.debug("{}: NTS: {}{}", name, message, how);
        } else {
            LOG.warn("{}: NTS: {}{}; trying until it works", name, message, how);
        }
    }

    private static String words(KeyExchangeFailure failure) {
        return failure.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    // --- From one run to the next ---

    /** Takes up what the last run has left, if it has. */
    void restore() {
        config.cookieFile().ifPresent(file -> {
            CookieFile kept = CookieFile.take(file);
            for (int source : addresses.sources()) {
                key(source).flatMap(kept::of).ifPresent(entry -> {
                    if (use(source, entry)) {
                        LOG.info(
                                "{}: {} NTS cookies of the last run",
                                addresses.server(source).name(),
                                entry.keys().cookies().size());
                    }
                });
            }
        });
    }

    /** Leaves what there is to the next run. */
    void keep() {
        config.cookieFile().ifPresent(this::keep);
    }

    private void keep(Path file) {
        CookieFile left = CookieFile.empty();
        for (int i : addresses.sources()) {
            Optional<InetSocketAddress> address = addresses.of(i);
            if (key(i).isPresent() && address.isPresent()) {
                String key = key(i).get();
                List<InetSocketAddress> servers = List.of(address.get());
                engine.remainingKeys(i).ifPresent(keys -> left.put(key, new CookieFile.Kept(keys, servers)));
            }
        }
        left.save(file);
    }

    private Optional<String> key(int source) {
        return addresses.server(source).keyExchange().map(CookieFile::key);
    }
}
