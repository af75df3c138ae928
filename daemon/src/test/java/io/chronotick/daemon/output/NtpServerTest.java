// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.daemon.time.FakeClocks;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What other hosts are told, by the rules of RFC 5905, and what they are not. */
@Timeout(120)
class NtpServerTest {
    private static final long SECOND = 1_000_000_000;
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final FakeClocks clocks = new FakeClocks();

    private static NtpPacket request(int version) {
        byte[] bytes =
                NtpPacket.request(new NtpTimestamp(0x1234_5678_9ABC_DEF0L)).toBytes();
        bytes[0] = (byte) (version << 3 | 3);
        bytes[2] = 6;
        return NtpServer.request(ByteBuffer.wrap(bytes)).orElseThrow();
    }

    private NtpPacket reply(Optional<TimeSample> sample, long afterNanos) {
        long sampled = clocks.rawNanos();
        return NtpServer.reply(request(4), sampled + afterNanos - 40_000, sampled + afterNanos, sample);
    }

    @Test
    void shouldTellTheCorrectedTimeAndBoundIt() {
        TimeSample sample = Samples.of(clocks, 20_000_000, 3_000_000, false);
        NtpPacket reply = reply(Optional.of(sample), SECOND / 2);
        long utc = sample.utcNanos() + SECOND / 2;
        assertThat(reply.transmit().toUnixNanos()).isCloseTo(utc, within(2L));
        assertThat(reply.receive().toUnixNanos()).isCloseTo(utc - 40_000, within(2L));
        assertThat(reply.origin().bits()).isEqualTo(0x1234_5678_9ABC_DEF0L);
        assertThat(reply.mode()).isEqualTo(NtpPacket.MODE_SERVER);
        assertThat(reply.version()).isEqualTo(4);
        assertThat(reply.pollExponent()).isEqualTo(6);
        assertThat(reply.stratum()).isEqualTo(3);
        assertThat(reply.referenceId()).isEqualTo(Samples.REFERENCE_ID);
        assertThat(reply.leap()).isEqualTo(LeapIndicator.NONE);
        assertThat(reply.rootDelay()).isZero();
        // The bound, what it has grown by, and never less for being rounded.
        assertThat(NtpPacket.parse(reply.toBytes(), 48).orElseThrow().rootDispersion())
                .isBetween(0.003_350, 0.003_350 + 3.0 / 65536);
        assertThat(NtpServer.reply(request(3), 0, 0, Optional.empty()).version())
                .isEqualTo(3);
    }

    @Test
    void shouldAnnounceALeapSecond() {
        TimeSample sample = Samples.at(0, 0, SECOND, 0, 1, false, LeapIndicator.INSERT);
        assertThat(NtpServer.reply(request(4), 0, 1, Optional.of(sample)).leap())
                .isEqualTo(LeapIndicator.INSERT);
    }

    @Test
    void shouldSayThatItIsNotSynchronizedWithoutATime() {
        TimeSample sample = Samples.of(clocks, 0, 3_000_000, false);
        for (NtpPacket reply : List.of(
                reply(Optional.empty(), 0),
                reply(Optional.of(sample), 5 * SECOND),
                reply(Optional.of(with(sample, 0)), 0),
                reply(Optional.of(with(sample, 15)), 0))) {
            assertThat(reply.leap()).isEqualTo(LeapIndicator.UNSYNCHRONIZED);
            assertThat(reply.stratum()).isEqualTo(16);
            assertThat(reply.transmit().isZero()).isTrue();
        }
        assertThat(reply(Optional.of(sample), 5 * SECOND - 1).stratum()).isEqualTo(3);
    }

    private static TimeSample with(TimeSample of, int stratum) {
        return new TimeSample(
                of.coarseNanos(),
                of.rawNanos(),
                of.systemNanos(),
                of.utcNanos(),
                of.boundNanos(),
                of.standardUncertaintyNanos(),
                of.maxDrift(),
                of.validNanos(),
                of.holdover(),
                new Upstream(LeapIndicator.NONE, 0, stratum, 0, 0));
    }

    @Test
    void shouldAnswerClientsAloneAndNeverWithMoreThanTheyHaveSent() throws IOException {
        HostClocks real = HostClocks.system();
        try (NtpServer server = new NtpServer(new InetSocketAddress(LOOPBACK, 0), real);
                DatagramSocket client = new DatagramSocket(0, LOOPBACK)) {
            server.put(Optional.of(Samples.of(real, 20_000_000, 3_000_000, false)));
            InetSocketAddress address = server.address().orElseThrow();
            SplittableRandom random = new SplittableRandom(1);
            int sent = 0;
            for (int mode = 0; mode < 8; mode++) {
                if (mode != NtpPacket.MODE_CLIENT) {
                    for (int length : new int[] {0, 1, 47, 48, 200}) {
                        byte[] bytes = new byte[length];
                        random.nextBytes(bytes);
                        if (length > 0) {
                            bytes[0] = (byte) ((bytes[0] & ~7) | mode);
                        }
                        client.send(new DatagramPacket(bytes, length, address));
                        sent++;
                    }
                }
            }
            byte[] wrongVersion = request(4).toBytes();
            wrongVersion[0] = (byte) (5 << 3 | 3);
            client.send(new DatagramPacket(wrongVersion, 48, address));
            client.send(new DatagramPacket(request(4).toBytes(), 47, address));
            // With an extension field, as a client with NTS sends it.
            client.send(new DatagramPacket(Arrays.copyOf(request(4).toBytes(), 400), 400, address));

            client.setSoTimeout(30_000);
            DatagramPacket answer = new DatagramPacket(new byte[1000], 1000);
            client.receive(answer);
            assertThat(answer.getLength()).isEqualTo(48);
            NtpPacket reply = NtpPacket.parse(answer.getData(), 48).orElseThrow();
            assertThat(reply.mode()).isEqualTo(NtpPacket.MODE_SERVER);
            assertThat(reply.stratum()).isEqualTo(3);
            assertThat(reply.transmit().toUnixNanos() - reply.receive().toUnixNanos())
                    .isNotNegative();
            assertThat(server.answered()).isEqualTo(1);
            assertThat(server.dropped()).isGreaterThanOrEqualTo(sent);
        }
    }

    /** By thousands at once: the rest is dropped, and the server goes on. */
    @Test
    void shouldAnswerNoMoreThanItsLimits() throws IOException {
        HostClocks real = HostClocks.system();
        try (NtpServer server = new NtpServer(new InetSocketAddress(LOOPBACK, 0), real);
                DatagramSocket client = new DatagramSocket(0, LOOPBACK)) {
            server.put(Optional.of(Samples.of(real, 0, 3_000_000, false)));
            InetSocketAddress address = server.address().orElseThrow();
            byte[] request = request(4).toBytes();
            long begun = System.nanoTime();
            for (int i = 0; i < 5_000; i++) {
                client.send(new DatagramPacket(request, request.length, address));
            }
            int answers = 0;
            client.setSoTimeout(2_000);
            try {
                for (DatagramPacket answer = new DatagramPacket(new byte[100], 100); ; answers++) {
                    client.receive(answer);
                }
            } catch (SocketTimeoutException e) {
                double seconds = (System.nanoTime() - begun) * 1e-9;
                assertThat(answers).isBetween(1, RequestLimit.CLIENT_BURST + (int) Math.ceil(seconds));
            }
            assertThat(server.answered()).isEqualTo(answers);
        }
    }

    @Test
    void shouldNotLetOneClientOrOneNetworkTakeWhatIsForAll() {
        RequestLimit limit = new RequestLimit();
        InetAddress greedy = InetAddress.ofLiteral("192.0.2.1");
        int admitted = 0;
        for (int i = 0; i < 1_000; i++) {
            admitted += limit.admits(greedy, SECOND) ? 1 : 0;
        }
        assertThat(admitted).isEqualTo(RequestLimit.CLIENT_BURST);
        assertThat(limit.admits(InetAddress.ofLiteral("192.0.2.2"), SECOND)).isTrue();
        assertThat(limit.admits(greedy, 2 * SECOND)).as("a second later").isTrue();
        assertThat(limit.admits(greedy, 2 * SECOND)).isFalse();

        for (int i = 0; i < RequestLimit.CLIENT_BURST; i++) {
            assertThat(limit.admits(InetAddress.ofLiteral("2001:db8::" + i), 2 * SECOND))
                    .isTrue();
        }
        assertThat(limit.admits(InetAddress.ofLiteral("2001:db8::ffff:1"), 2 * SECOND))
                .isFalse();
        assertThat(limit.admits(InetAddress.ofLiteral("2001:db8:0:1::1"), 2 * SECOND))
                .isTrue();
    }

    @Test
    void shouldBoundWhatAllTogetherGet() throws IOException {
        RequestLimit limit = new RequestLimit();
        int admitted = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] address = {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i};
            admitted += limit.admits(InetAddress.getByAddress(address), SECOND + i * 1_000L) ? 1 : 0;
        }
        assertThat(admitted).isBetween(399, 401); // 200 at once and 2,000 a second for a tenth of one
    }

    @Test
    void shouldNameItsServerAsTheRfcSays() {
        assertThat(Upstream.referenceId(InetAddress.ofLiteral("192.0.2.7"))).isEqualTo(0xC0000207);
        // md5 of the 16 bytes of ::1
        assertThat(Upstream.referenceId(InetAddress.ofLiteral("::1"))).isEqualTo(0xCF404DC8);
    }
}
