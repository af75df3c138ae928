// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("counts the open files of the process")
class LinuxUdpTransportTest extends NtpTransportContract {
    @BeforeAll
    static void needsLinux() {
        assumeTrue(Libc.isSupported());
    }

    @Override
    NtpTransport open(HostClocks clocks) throws IOException {
        return new LinuxUdpTransport(clocks);
    }

    @Test
    void shouldBeTheOneThatIsChosen() throws IOException {
        try (NtpTransport chosen = NtpTransports.open(clocks)) {
            assertThat(chosen).isInstanceOf(LinuxUdpTransport.class);
        }
    }

    /**
     * Exchanges until the kernel stamps both ways. It begins to some time after it was told to, in a thread of its own, which
     * on a busy machine may take many packets; some ten seconds of them are given.
     *
     * @param before the number before that of the first request
     * @return the number of the last
     */
    private long exchangeUntilStamped(Peer peer, long before) throws IOException {
        long start = System.nanoTime();
        long id = before;
        do {
            assertThat(System.nanoTime() - start).as("patience").isLessThan(10_000_000_000L);
            exchange(peer, 0, ++id);
        } while (heard.bestStampOf(id).kind() != StampKind.KERNEL
                || heard.received.getLast().kind() != StampKind.KERNEL);
        return id;
    }

    /** The first stamps after switching on may be missing; then both have to come every time, on any Linux. */
    @Test
    void shouldStampInTheKernelOnceItHasBegunTo() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            long first = exchangeUntilStamped(peer, 0);
            for (long id = first + 1; id <= first + 10; id++) {
                exchange(peer, 0, id);
                Stamp sent = heard.bestStampOf(id);
                Datagram reply = heard.received.getLast();
                assertThat(sent.kind()).isEqualTo(StampKind.KERNEL);
                assertThat(reply.kind()).isEqualTo(StampKind.KERNEL);
                assertThat(sent.rawNanos()).isLessThan(reply.rawNanos());
            }
        }
    }

    @Test
    void shouldTellEachRequestItsOwnStampWhenManyAreUnderWay() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            exchangeUntilStamped(peer, 100);
            heard.transmitted.clear();
            for (int id = 1; id <= 12; id++) {
                transport.send(0, id, bytes(3, id), heard);
            }
            pollUntil(() -> heard.transmitted.stream()
                    .anyMatch(stamp -> stamp.kind() == StampKind.KERNEL && stamp.requestId() == 12));
            List<Stamp> user = heard.transmitted(StampKind.USER);
            for (Stamp kernel : heard.transmitted(StampKind.KERNEL)) {
                int index = (int) kernel.requestId() - 1;
                assertThat(kernel.rawNanos())
                        .isGreaterThanOrEqualTo(user.get(index).rawNanos());
                if (index + 1 < user.size()) {
                    assertThat(kernel.rawNanos()).isLessThan(user.get(index + 1).rawNanos());
                }
            }
        }
    }

    /** Errors and stamps come through the same queue, and a failed send may use up one of the kernel's numbers. */
    @Test
    void shouldNotMixUpStampsAfterErrors() throws IOException {
        try (Peer peer = new Peer("127.0.0.1")) {
            peer.shut();
            transport.connect(0, peer.address());
            for (int id = 1; id <= 5; id++) {
                transport.send(0, id, bytes(3), heard);
            }
            pollUntil(() -> !heard.unreachable.isEmpty());
            peer.open();
            long first = exchangeUntilStamped(peer, 100);
            for (long id = first + 1; id <= first + 20; id++) {
                long before = clocks.rawNanos();
                exchange(peer, 0, id);
                assertThat(heard.bestStampOf(id).rawNanos())
                        .isBetween(before, heard.received.getLast().rawNanos());
                assertThat(heard.bestStampOf(id).kind()).isEqualTo(StampKind.KERNEL);
            }
        }
    }

    @Test
    void shouldFallBackToUserStampsWhenTheKernelsStampsMakeNoSense() throws IOException {
        // The kernel stamps with the true system clock; against a clock that is off by more than a datagram can lie
        // about, no
        // stamp can be right.
        for (long offNanos : new long[] {-3_600_000_000_000L, -5_000_000_000L, 2_000_000_000L, 3_600_000_000_000L}) {
            SteppedClocks off = new SteppedClocks(clocks);
            off.step(offNanos);
            reopen(off);
            try (Peer peer = new Peer("127.0.0.1")) {
                transport.connect(0, peer.address());
                for (int id = 1; id <= 10; id++) {
                    exchange(peer, 0, id);
                    assertThat(heard.received.getLast().rawNanos())
                            .isGreaterThan(heard.bestStampOf(id).rawNanos());
                }
            }
        }
        assertThat(heard.transmitted(StampKind.KERNEL)).isEmpty();
        assertThat(heard.received).allMatch(datagram -> datagram.kind() == StampKind.USER);
    }

    @Test
    void shouldFallBackToUserStampsWhenTheSystemClockIsSteppedDuringTheExchange() throws IOException {
        for (long stepNanos : new long[] {-300_000_000, -100_000, 100_000, 300_000_000}) {
            // On a busy machine an exchange may take so long that a slew of 1e-3 could have moved the clock as far as
            // the
            // smallest step: such an exchange proves nothing and is repeated.
            long tookNanos;
            do {
                tookNanos = exchangeDuringStep(stepNanos);
            } while (tookNanos > 50_000_000);
        }
    }

    /** Returns how long it took from before the request was sent until its replies were heard. */
    private long exchangeDuringStep(long stepNanos) throws IOException {
        SteppedClocks stepped = new SteppedClocks(clocks);
        reopen(stepped);
        try (Peer peer = new Peer("127.0.0.1")) {
            transport.connect(0, peer.address());
            long last = exchangeUntilStamped(peer, 0);

            int kernelStamps = heard.transmitted(StampKind.KERNEL).size();
            int received = heard.received.size();
            long start = clocks.rawNanos();
            transport.send(0, last + 1, bytes(3), heard);
            peer.reply(peer.receive());
            peer.reply(bytes(4));
            stepped.step(stepNanos);
            pollUntil(() -> heard.received.size() == received + 2);
            long tookNanos = clocks.rawNanos() - start;
            if (tookNanos <= 50_000_000) {
                assertThat(heard.received.subList(received, received + 2))
                        .allMatch(datagram -> datagram.kind() == StampKind.USER);
                assertThat(heard.transmitted(StampKind.KERNEL)).hasSize(kernelStamps);
            }
            return tookNanos;
        }
    }

    private void reopen(HostClocks with) throws IOException {
        transport.close();
        transport = open(with);
    }

    /** The clocks of this host, but for a system clock that somebody sets. */
    private static final class SteppedClocks implements HostClocks {
        private final HostClocks host;
        private long stepNanos;

        SteppedClocks(HostClocks host) {
            this.host = host;
        }

        void step(long nanos) {
            stepNanos += nanos;
        }

        @Override
        public long rawNanos() {
            return host.rawNanos();
        }

        @Override
        public long monotonicNanos() {
            return host.monotonicNanos();
        }

        @Override
        public long realtimeNanos() {
            return host.realtimeNanos() + stepNanos;
        }

        @Override
        public long boottimeNanos() {
            return host.boottimeNanos();
        }

        @Override
        public void sleepUntilMonotonic(long deadlineNanos) {
            host.sleepUntilMonotonic(deadlineNanos);
        }
    }
}
