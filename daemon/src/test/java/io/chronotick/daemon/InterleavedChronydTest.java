// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.SourceRow;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.StampKind;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Interleaved mode (RFC 9769) with a real chronyd, which has the kernel stamp what it sends, and knows the mode as it comes. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class InterleavedChronydTest {
    private static final double POLL = 0.02;
    private static final int EXCHANGES = 100;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory;

    /** One of two that ask the same server in turns. */
    private static final class Asker {
        final NtpAssociation association;
        final List<Exchange> exchanges = new ArrayList<>();

        Asker(int index, boolean interleaved) {
            association = new NtpAssociation(
                    index, new SourceConfig("chronyd", 1, 1, 1, 15, 0, false, interleaved), new SecureRandom());
        }

        /** The fastest quarter of its round trips takes at most this, s: what a busy machine adds to the others says nothing. */
        double delay() {
            return exchanges.stream().mapToDouble(Exchange::delay).sorted().toArray()[exchanges.size() / 4];
        }
    }

    @Test
    void shouldBeToldWhenRepliesReallyLeft() throws Exception {
        HostClocks clocks = HostClocks.system();
        List<Asker> askers = List.of(new Asker(0, false), new Asker(1, true));
        NtpTransport.Listener listener = new NtpTransport.Listener() {
            @Override
            public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
                askers.get(source).association.onTransmitted(requestId, rawNanos, kind);
            }

            @Override
            public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
                Asker asker = askers.get(source);
                asker.association.onDatagram(payload, length, rawNanos, kind).ifPresent(asker.exchanges::add);
            }

            @Override
            public void onUnreachable(int source, String reason) {
                throw new AssertionError(reason);
            }

            @Override
            public void onNotSent(int source, String reason) {
                throw new AssertionError(reason);
            }
        };
        try (RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")));
                NtpTransport transport = NtpTransports.open(clocks)) {
            int port = Integer.parseInt(chronyd.address().replaceFirst(".*:", ""));
            long start = clocks.rawNanos();
            for (int i = 0; i < askers.size(); i++) {
                transport.connect(i, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
                askers.get(i).association.begin(POLL, POLL, POLL, start);
            }
            long requests = 0;
            while (askers.stream().anyMatch(asker -> asker.exchanges.size() < EXCHANGES)) {
                long now = clocks.rawNanos();
                assertThat(now - start).as("patience").isLessThan(PATIENCE_NANOS);
                long next = Long.MAX_VALUE;
                for (int i = 0; i < askers.size(); i++) {
                    NtpAssociation association = askers.get(i).association;
                    long id = requests++;
                    int source = i;
                    association.onTimer(now, id).ifPresent(packet -> transport.send(source, id, packet, listener));
                    next = Math.min(next, association.nextTimerNanos());
                }
                transport.poll(Math.max(next - clocks.rawNanos(), 0), listener);
            }
        }
        Asker basic = askers.get(0);
        Asker interleaved = askers.get(1);
        assertThat(basic.association.report(SourceState.SELECTED, 0, 0, 0, 0).interleaved())
                .isFalse();
        assertThat(interleaved
                        .association
                        .report(SourceState.SELECTED, 0, 0, 0, 0)
                        .interleaved())
                .isTrue();
        assertThat(interleaved.association.drops()).containsOnly(0L);
        assertThat(interleaved.delay()).as("delay of the fastest quarter, s").isLessThan(basic.delay());
    }

    @Test
    @Tag("slow") // real polls
    void shouldHoldTheTruth() throws Exception {
        Path segment = directory.resolve("segment");
        try (RealChronyd chronyd = RealChronyd.start(Files.createDirectory(directory.resolve("chrony")));
                Daemon daemon = Daemon.start(TestDaemon.config(segment, 1, 0.1, List.of(chronyd.address())));
                ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            assertThat(daemon).isNotNull();
            TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
            assertThat(row(reader).name()).isEqualTo(chronyd.address());
            TestDaemon.await(
                    "interleaved answers",
                    () -> row(reader).interleaved() && row(reader).accepted() > 14);
            assertThat(row(reader).state()).isEqualTo(SourceRow.State.SELECTED);
            assertThat(row(reader).drops()).containsOnly(0L);
            // chronyd serves this machine's own system clock, so that is the truth here.
            HostClocks clocks = HostClocks.system();
            TimeInterval now = new TimeInterval();
            for (int i = 0; i < 1000; i++) {
                long before = clocks.realtimeNanos();
                reader.now(now);
                long after = clocks.realtimeNanos();
                assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
                assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
            }
        }
    }

    private static SourceRow row(ChronoTickReader reader) {
        return reader.status().sources().getFirst();
    }
}
