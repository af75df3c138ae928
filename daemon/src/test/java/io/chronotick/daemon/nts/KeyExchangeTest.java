// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.engine.nts.KeyExchangeFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against servers that do what no good one does. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class KeyExchangeTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final long PATIENT = 60_000_000_000L;
    private static final String[] NTS = {"ntske/1"};

    @TempDir
    Path directory;

    private TestAuthority authority;
    private ServerSocket listening;

    /** What a server does with a connection. */
    interface Conduct {
        void serve(Socket connection) throws Exception;
    }

    /** The same after the request of a handshake that went well. */
    interface Answer {
        void give(OutputStream out) throws IOException;
    }

    @BeforeEach
    void open() throws Exception {
        authority = new TestAuthority(directory.resolve("authority"));
        authority.sign("server", "DNS:localhost");
        listening = new ServerSocket(0, 10, LOOPBACK);
    }

    @AfterEach
    void close() throws IOException {
        listening.close();
    }

    private void serve(Conduct conduct) {
        Thread.ofPlatform().daemon().start(() -> {
            while (!listening.isClosed()) {
                try (Socket connection = listening.accept()) {
                    conduct.serve(connection);
                } catch (Exception e) {
                    // The client has left, or the test is over: what it made of that is what counts.
                    assertThat(e).isInstanceOf(IOException.class);
                }
            }
        });
    }

    private void serveTls(String version, String[] protocols, Answer answer) throws Exception {
        SSLContext context = authority.context("server");
        serve(connection -> {
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(connection, null, true);
            tls.setUseClientMode(false);
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setProtocols(new String[] {version});
            parameters.setApplicationProtocols(protocols);
            tls.setSSLParameters(parameters);
            tls.startHandshake();
            tls.getInputStream().readNBytes(16);
            answer.give(tls.getOutputStream());
            tls.getOutputStream().flush();
            // Until the client goes: it has to know itself when an answer is complete.
            assertThat(tls.getInputStream().read()).isNegative();
        });
    }

    private static byte[] records(int algorithm, String host) {
        ByteBuffer out = ByteBuffer.allocate(500);
        out.putShort((short) 0x8001).putShort((short) 2).putShort((short) 0);
        out.putShort((short) 0x8004).putShort((short) 2).putShort((short) algorithm);
        out.putShort((short) 5).putShort((short) 100).put(new byte[100]);
        if (!host.isEmpty()) {
            out.putShort((short) 0x8006).putShort((short) host.length());
            out.put(host.getBytes(StandardCharsets.US_ASCII));
        }
        out.putShort((short) 0x8000).putShort((short) 0);
        return Arrays.copyOf(out.array(), out.position());
    }

    private KeyExchange exchange() {
        return new KeyExchange("localhost", listening.getLocalPort(), Optional.of(authority.certificate()), 4123);
    }

    private void assertFails(KeyExchangeFailure failure, long limitNanos, String... message) {
        assertThatThrownBy(() -> exchange().run(0, Instant.now(), limitNanos))
                .isInstanceOfSatisfying(
                        KeyExchangeException.class,
                        e -> assertThat(e.failure()).as(e.getMessage()).isEqualTo(failure))
                .message()
                .contains(message)
                .doesNotContain("\n");
    }

    @Test
    void shouldFindTheNtpServerWhereTheKeysWereHad() throws Exception {
        serveTls("TLSv1.3", NTS, out -> out.write(records(15, "")));
        KeyExchange.Result result = exchange().run(0, Instant.now(), PATIENT);
        assertThat(result.servers()).singleElement().satisfies(server -> {
            assertThat(server.getAddress()).isEqualTo(LOOPBACK);
            assertThat(server.getPort()).isEqualTo(4123);
        });
        assertThat(result.keys().cookies()).hasSize(1);
        assertThat(result.keys().clientToServer())
                .hasSize(32)
                .isNotEqualTo(result.keys().serverToClient());
    }

    @Test
    void shouldFindTheNtpServerThatIsNamed() throws Exception {
        serveTls("TLSv1.3", NTS, out -> out.write(records(15, "::1")));
        assertThat(exchange().run(0, Instant.now(), PATIENT).servers())
                .singleElement()
                .satisfies(server -> assertThat(server.getAddress()).isEqualTo(InetAddress.ofLiteral("::1")));
    }

    @Test
    void shouldRefuseAnotherAlgorithm() throws Exception {
        serveTls("TLSv1.3", NTS, out -> out.write(records(30, "")));
        assertFails(KeyExchangeFailure.NO_COMMON_ALGORITHM, PATIENT, "does not offer AES-SIV-CMAC-256");
    }

    @Test
    void shouldRefuseOlderTls() throws Exception {
        serveTls("TLSv1.2", NTS, out -> out.write(records(15, "")));
        assertFails(KeyExchangeFailure.TLS, PATIENT, "no TLS 1.3 on TCP port");
    }

    @Test
    void shouldRefuseAServerOfSomethingElse() throws Exception {
        serveTls("TLSv1.3", new String[0], out -> out.write(records(15, "")));
        assertFails(KeyExchangeFailure.NOT_NTS, PATIENT, "does not offer NTS key exchange (ALPN ntske/1)");
    }

    @Test
    void shouldRefuseAServerOfAnotherProtocol() throws Exception {
        serveTls("TLSv1.3", new String[] {"h2"}, out -> out.write(records(15, "")));
        assertFails(KeyExchangeFailure.NOT_NTS, PATIENT, "does not offer NTS key exchange (ALPN ntske/1)");
    }

    @Test
    void shouldRefuseWhatIsNoTls() {
        serve(connection -> {
            connection.getOutputStream().write("SSH-2.0-Server\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(connection.getInputStream().readAllBytes()).isNotEmpty();
        });
        assertFails(KeyExchangeFailure.TLS, PATIENT, "check that this is an NTS key exchange server");
    }

    @Test
    void shouldNotReadForEver() throws Exception {
        serveTls("TLSv1.3", NTS, out -> {
            while (true) {
                out.write(new byte[] {0x40, 0, 0, 0}); // records that nobody has to know
            }
        });
        assertFails(KeyExchangeFailure.MALFORMED, PATIENT, "breaks RFC 8915");
    }

    @Test
    void shouldRefuseHalfAnAnswer() throws Exception {
        SSLContext context = authority.context("server");
        serve(connection -> {
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(connection, null, true);
            tls.setUseClientMode(false);
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setApplicationProtocols(NTS);
            tls.setSSLParameters(parameters);
            tls.getInputStream().readNBytes(16);
            tls.getOutputStream().write(records(15, ""), 0, 60);
            tls.close();
        });
        assertFails(KeyExchangeFailure.MALFORMED, PATIENT, "longer than the answer");
    }

    /** It accepts the connection, and never says a word. */
    @Test
    void shouldNotWaitForASilentServer() {
        serve(connection ->
                assertThat(connection.getInputStream().readAllBytes()).isNotEmpty());
        assertFails(KeyExchangeFailure.TIMEOUT, 300_000_000, "in time", "open outbound");
    }

    /** A byte now and then: each read is answered in time, and all of it never ends. */
    @Test
    void shouldNotWaitForASlowServer() throws Exception {
        serveTls("TLSv1.3", NTS, out -> {
            while (true) {
                out.write(0x40);
                out.flush();
                LockSupport.parkNanos(20_000_000);
            }
        });
        assertFails(KeyExchangeFailure.TIMEOUT, 1_500_000_000, "in time");
    }

    @Test
    void shouldSayThatNobodyListens() throws IOException {
        listening.close();
        assertFails(KeyExchangeFailure.REFUSED, PATIENT, "nobody listens on its TCP port");
    }

    @Test
    void shouldSayThatTheNameLeadsNowhere() {
        KeyExchange nowhere = new KeyExchange("nowhere.invalid", 4460, Optional.empty(), 123);
        assertThatThrownBy(() -> nowhere.run(0, Instant.now(), PATIENT))
                .hasMessageContaining("the name nowhere.invalid cannot be looked up");
    }

    @Test
    void shouldSayWhatIsWrongWithTheFileOfAuthorities() throws IOException {
        Path missing = directory.resolve("missing.pem");
        Path empty = Files.createFile(directory.resolve("empty.pem"));
        Path wrong = Files.writeString(directory.resolve("wrong.pem"), "-----BEGIN CERTIFICATE-----\nno");
        for (Path file : new Path[] {missing, empty, wrong}) {
            KeyExchange exchange = new KeyExchange("localhost", listening.getLocalPort(), Optional.of(file), 123);
            assertThatThrownBy(() -> exchange.run(0, Instant.now(), PATIENT))
                    .isInstanceOfSatisfying(
                            KeyExchangeException.class,
                            e -> assertThat(e.failure()).isEqualTo(KeyExchangeFailure.CERTIFICATE_FILE))
                    .hasMessageStartingWith("nts_ca " + file + ": ");
        }
    }
}
