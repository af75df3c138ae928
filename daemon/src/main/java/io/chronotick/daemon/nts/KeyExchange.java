// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import io.chronotick.daemon.net.Resolver;
import io.chronotick.engine.nts.AesSiv;
import io.chronotick.engine.nts.KeyExchangeFailure;
import io.chronotick.engine.nts.KeyExchangeMessage;
import io.chronotick.engine.nts.NtsKeys;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/**
 * One NTS key exchange (RFC 8915, section 4): TLS 1.3 to the server, keys out of the session, cookies out of its answer. Blocks,
 * for as long as it was given and no longer. Immutable, thread-safe.
 *
 * @param host of the key exchange server, as in its certificate
 * @param port TCP
 * @param authorities file of the certificates to trust, PEM; empty: those that this Java trusts
 * @param ntpPort of the NTP server where the answer names none
 */
public record KeyExchange(String host, int port, Optional<Path> authorities, int ntpPort) {
    /** Where key exchange servers listen (RFC 8915, section 7.1). */
    public static final int DEFAULT_PORT = 4460;

    private static final String PROTOCOL = "ntske/1";
    private static final String EXPORTER = "EXPORTER-network-time-security";

    /** Of the context that keys are exported with: NTPv4 and AES-SIV-CMAC-256, then the direction (RFC 8915, section 5.1). */
    private static final byte[] TO_SERVER = {0, 0, 0, 15, 0};

    private static final byte[] TO_CLIENT = {0, 0, 0, 15, 1};

    private static final Set<KeyExchangeFailure> WORTH_ANOTHER_ADDRESS =
            Set.of(KeyExchangeFailure.REFUSED, KeyExchangeFailure.NO_ROUTE, KeyExchangeFailure.TIMEOUT);

    /** One address may keep the others waiting for so long, ns. */
    private static final long LONGEST_CONNECT_NANOS = 3_000_000_000L;

    /**
     * What an exchange brings.
     *
     * @param servers addresses of the NTP server that the keys are for, at least one
     */
    public record Result(NtsKeys keys, List<InetSocketAddress> servers) {
        public Result {
            servers = List.copyOf(servers);
        }
    }

    /**
     * Does it.
     *
     * @param first which of the name's addresses is tried first; any number
     * @param now what certificates are judged by
     * @param limitNanos longest that all of it may take, ns
     */
    public Result run(int first, Instant now, long limitNanos) throws KeyExchangeException {
        long deadline = System.nanoTime() + limitNanos;
        List<InetSocketAddress> addresses = new ArrayList<>(resolve(host, port, deadline));
        Collections.rotate(addresses, -Math.floorMod(first, addresses.size()));
        Optional<KeyExchangeException> failure = Optional.empty();
        for (InetSocketAddress address : addresses) {
            try {
                return at(address, now, deadline);
            } catch (KeyExchangeException e) {
                // Another address may be reached all the same.
                if (!WORTH_ANOTHER_ADDRESS.contains(e.failure())) {
                    throw e;
                }
                failure = failure.or(() -> Optional.of(e));
            }
        }
        throw failure.orElseThrow();
    }

    private static List<InetSocketAddress> resolve(String name, int port, long deadline) throws KeyExchangeException {
        try {
            return Resolver.resolve(name, port).get(left(deadline), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new KeyExchangeException(
                    KeyExchangeFailure.NAME_NOT_FOUND,
                    "the name " + name + " cannot be looked up; check it, and this machine's DNS (getent hosts " + name
                            + ")");
        } catch (TimeoutException e) {
            throw new KeyExchangeException(
                    KeyExchangeFailure.NAME_NOT_FOUND,
                    "the name " + name + " could not be looked up in time; check this machine's DNS");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw timeout("interrupted");
        }
    }

    private static long left(long deadline) {
        return Math.max(deadline - System.nanoTime(), 1_000_000);
    }

    private Result at(InetSocketAddress address, Instant now, long deadline) throws KeyExchangeException {
        ServerTrust trust = ServerTrust.of(authorities, now);
        try (Socket plain = new Socket()) {
            // Whatever it hangs in, and however slowly the server goes on: then the connection is gone.
            CompletableFuture<Void> end = CompletableFuture.runAsync(
                    () -> close(plain), CompletableFuture.delayedExecutor(left(deadline), TimeUnit.NANOSECONDS));
            try {
                connect(plain, address, Math.min(left(deadline), LONGEST_CONNECT_NANOS));
                return over(plain, address, trust, deadline);
            } finally {
                end.cancel(false);
            }
        } catch (SSLException e) {
            throw trust.refusal().orElseGet(() -> deadline - System.nanoTime() <= 0 ? notInTime() : noTls(e));
        } catch (IOException e) {
            if (e instanceof SocketTimeoutException || deadline - System.nanoTime() <= 0) {
                throw notInTime();
            }
            throw trust.refusal()
                    .orElseGet(() -> new KeyExchangeException(
                            KeyExchangeFailure.TLS,
                            "the connection to TCP port " + port + " broke (" + ServerTrust.oneLine(e)
                                    + "); check that this is an NTS key exchange server"));
        } catch (GeneralSecurityException e) {
            throw new KeyExchangeException(
                    KeyExchangeFailure.TLS, "this Java has no TLS 1.3 to offer: " + ServerTrust.oneLine(e));
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("a socket that cannot be closed", e); // cannot be: nothing is flushed
        }
    }

    private void connect(Socket plain, InetSocketAddress address, long nanos)
            throws KeyExchangeException, SocketTimeoutException {
        try {
            plain.connect(address, (int) Math.max(nanos / 1_000_000, 1));
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (ConnectException e) {
            if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("refused")) {
                throw new KeyExchangeException(
                        KeyExchangeFailure.REFUSED,
                        "nobody listens on its TCP port " + port + "; check that it offers NTS, and the port");
            }
            throw noRoute(e);
        } catch (IOException e) {
            throw noRoute(e);
        }
    }

    private static KeyExchangeException noRoute(IOException e) {
        return new KeyExchangeException(
                KeyExchangeFailure.NO_ROUTE,
                "this machine has no way to it (" + ServerTrust.oneLine(e) + "); check its network (ip route)");
    }

    private KeyExchangeException notInTime() {
        return timeout("no key exchange on TCP port " + port + " in time; check that the port is open outbound");
    }

    private static KeyExchangeException timeout(String message) {
        return new KeyExchangeException(KeyExchangeFailure.TIMEOUT, message);
    }

    private KeyExchangeException noTls(SSLException e) {
        String alert = ServerTrust.oneLine(e);
        if (alert.contains("no_application_protocol")) {
            return notNts();
        }
        return new KeyExchangeException(
                KeyExchangeFailure.TLS,
                "no TLS 1.3 on TCP port " + port + " (" + alert + "); check that this is an NTS key exchange server");
    }

    private KeyExchangeException notNts() {
        return new KeyExchangeException(
                KeyExchangeFailure.NOT_NTS,
                "what listens on TCP port " + port + " does not offer NTS key exchange (ALPN " + PROTOCOL
                        + "); check host and port");
    }

    private Result over(Socket plain, InetSocketAddress address, ServerTrust trust, long deadline)
            throws IOException, GeneralSecurityException, KeyExchangeException {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        // A context for each exchange: no session is resumed, so none links two of them.
        context.init(null, new TrustManager[] {trust}, null);
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        try (SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, name, port, true)) {
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setProtocols(new String[] {"TLSv1.3"});
            parameters.setApplicationProtocols(new String[] {PROTOCOL});
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            tls.setSSLParameters(parameters);
            tls.startHandshake();
            if (!PROTOCOL.equals(tls.getApplicationProtocol())) {
                throw notNts();
            }
            ExtendedSSLSession session = (ExtendedSSLSession) tls.getSession();
            byte[] toServer = session.exportKeyingMaterialData(EXPORTER, TO_SERVER, AesSiv.KEY_BYTES);
            byte[] toClient = session.exportKeyingMaterialData(EXPORTER, TO_CLIENT, AesSiv.KEY_BYTES);
            tls.getOutputStream().write(KeyExchangeMessage.request());
            tls.getOutputStream().flush();
            KeyExchangeMessage answer = answer(tls.getInputStream());
            int port = answer.port().orElse(ntpPort);
            List<InetSocketAddress> servers = answer.host().isPresent()
                    ? resolve(answer.host().get(), port, deadline)
                    : List.of(new InetSocketAddress(address.getAddress(), port));
            return new Result(new NtsKeys(toServer, toClient, answer.cookies()), servers);
        } catch (KeyExchangeMessage.BadAnswer e) {
            throw new KeyExchangeException(e.failure(), e.getMessage() + "; ask another server");
        }
    }

    private static KeyExchangeMessage answer(InputStream in) throws IOException, KeyExchangeMessage.BadAnswer {
        byte[] bytes = new byte[KeyExchangeMessage.MAX_BYTES];
        int length = 0;
        while (!KeyExchangeMessage.isComplete(bytes, length) && length < bytes.length) {
            int read = in.read(bytes, length, bytes.length - length);
            if (read < 0) {
                break;
            }
            length += read;
        }
        return KeyExchangeMessage.parse(bytes, length);
    }
}
