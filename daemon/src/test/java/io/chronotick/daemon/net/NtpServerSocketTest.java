// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Isolated("counts the open files of the process")
class NtpServerSocketTest {
    private static final HostClocks CLOCKS = HostClocks.system();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    enum Kind {
        NATIVE {
            @Override
            NtpServerSocket open(InetSocketAddress address) throws IOException {
                assumeTrue(Libc.isSupported(), "native calls are for Linux");
                return new LinuxServerSocket(address, CLOCKS);
            }
        },
        PORTABLE {
            @Override
            NtpServerSocket open(InetSocketAddress address) throws IOException {
                return new NioServerSocket(address, CLOCKS);
            }
        };

        abstract NtpServerSocket open(InetSocketAddress address) throws IOException;
    }

    private static NtpServerSocket.Datagram next(NtpServerSocket server) throws IOException {
        long start = System.nanoTime();
        while (true) {
            Optional<NtpServerSocket.Datagram> datagram = server.receive();
            if (datagram.isPresent()) {
                return datagram.get();
            }
            assertThat(System.nanoTime() - start).as("patience").isLessThan(PATIENCE_NANOS);
            server.await(PATIENCE_NANOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldHearAnybodyAndAnswerAtTheInstantTold(Kind kind) throws IOException {
        try (NtpServerSocket server = kind.open(ANY_PORT);
                DatagramSocket first = new DatagramSocket(ANY_PORT);
                DatagramSocket second = new DatagramSocket(ANY_PORT)) {
            for (DatagramSocket client : new DatagramSocket[] {first, second, first}) {
                client.setSoTimeout(60_000);
                long sent = CLOCKS.rawNanos();
                client.send(new DatagramPacket(new byte[] {1, 2, 3}, 3, server.address()));
                NtpServerSocket.Datagram datagram = next(server);
                assertThat(datagram.payload().array()).containsExactly(1, 2, 3);
                assertThat(datagram.sender()).isEqualTo(client.getLocalSocketAddress());
                // Two clocks that are not read at quite the same instant.
                assertThat(datagram.arrivalRawNanos()).isBetween(sent - ClockPair.SLACK_NANOS, CLOCKS.rawNanos());

                long departure = CLOCKS.rawNanos() + 3_000_000;
                server.sendAt(departure, ByteBuffer.wrap(new byte[] {7, 8, 9}, 0, 2), datagram.sender());
                DatagramPacket answer = new DatagramPacket(new byte[10], 10);
                client.receive(answer);
                assertThat(CLOCKS.rawNanos()).isGreaterThanOrEqualTo(departure);
                assertThat(answer.getLength()).isEqualTo(2);
                assertThat(answer.getData()).startsWith(7, 8, 0);
            }
            assertThat(server.receive()).isEmpty();
        }
    }

    /** A server that is woken late still knows when the request came. */
    @ParameterizedTest
    @EnumSource(names = "NATIVE")
    void shouldStampTheArrivalHoweverLateItLooks(Kind kind) throws IOException {
        try (NtpServerSocket server = kind.open(ANY_PORT);
                DatagramSocket client = new DatagramSocket(ANY_PORT)) {
            client.send(new DatagramPacket(new byte[1], 1, server.address()));
            long arrived = CLOCKS.rawNanos();
            CLOCKS.sleepUntilMonotonic(CLOCKS.monotonicNanos() + 20_000_000);
            NtpServerSocket.Datagram datagram = next(server);
            assertThat(datagram.kind()).isEqualTo(StampKind.KERNEL);
            // Over loopback a datagram is there when the call that sent it returns.
            assertThat(datagram.arrivalRawNanos()).isLessThan(arrived + ClockPair.SLACK_NANOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldReturnWhenWoken(Kind kind) throws IOException {
        try (NtpServerSocket server = kind.open(ANY_PORT)) {
            CompletableFuture<Void> waking = CompletableFuture.runAsync(server::wakeup);
            server.await(Long.MAX_VALUE);
            waking.join();
            assertThat(server.receive()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSayThatItsPortIsTaken(Kind kind) throws IOException {
        try (NtpServerSocket server = kind.open(ANY_PORT)) {
            assertThatThrownBy(() -> kind.open(server.address()))
                    .isInstanceOf(IOException.class)
                    // In the JDK's way or in ours; the JDK's words are the system's, in its language.
                    .satisfiesAnyOf(
                            e -> assertThat(e).isInstanceOf(BindException.class),
                            e -> assertThat(e).hasMessageContaining("address already in use"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldLeaveNoFileOpenWhenItCannotListen(Kind kind) throws IOException {
        try (NtpServerSocket server = kind.open(ANY_PORT)) {
            InetSocketAddress nowhere = InetSocketAddress.createUnresolved("ntp.invalid", 123);
            long before = OpenFiles.count();
            for (int i = 0; i < 50; i++) {
                assertThatThrownBy(() -> kind.open(server.address())).isInstanceOf(IOException.class);
                assertThatThrownBy(() -> kind.open(nowhere)).isInstanceOf(RuntimeException.class);
            }
            assertThat(OpenFiles.count() - before).isLessThan(50);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldIgnoreWakeupsWhenClosed(Kind kind) throws IOException {
        NtpServerSocket server = kind.open(ANY_PORT);
        server.close();
        server.close();
        server.wakeup();
    }
}
