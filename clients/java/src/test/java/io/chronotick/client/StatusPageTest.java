// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusPageTest {
    @TempDir
    private Path directory;

    private Path path = Path.of("");
    private final VirtualHost host = new VirtualHost(0);

    StatusPageTest() {
        directory = path;
    }

    @BeforeEach
    void name() {
        path = directory.resolve("shm");
    }

    private StatusPage read() {
        return new ChronoTickReader(path, host).status();
    }

    @Test
    void shouldReadEveryFieldWhereTheLayoutSaysItIs() throws UnknownHostException {
        UUID boot = UUID.fromString("0f1e2d3c-4b5a-4968-8776-655443322110");
        TestSegment segment = TestSegment.create(path);
        segment.with(144, 1.5)
                .with(168, 50)
                .with(176, 2e-5)
                .withFloat(184, 0.5f)
                .withInt(188, 2);
        segment.withFloat(200, 0.75f).withFloat(204, 0.25f).with(208, 3.5).with(216, 4.5);
        segment.with(224, 8192).with(232, 5.5).with(240, 6);
        // UUIDs are big-endian: the buffer's little-endian puts would turn each half round.
        ByteBuffer id = ByteBuffer.allocate(16).putLong(boot.getMostSignificantBits());
        id.putLong(boot.getLeastSignificantBits());
        segment.bytes.put(152, id.array()).putLong(192, 7).putLong(248, 8);
        text(segment, 256, "2 of 4 servers");
        text(segment, 320, "0,1");
        text(segment, 384, "0.1.0");
        segment.withInt(416, 2);
        text(segment, 512, "a.example");
        int row = 512 + 192;
        // 64 bytes without a terminating zero
        text(segment, row, "ü".repeat(32));
        segment.bytes.put(row + 64, (byte) 200).put(row + 65, (byte) 0xF0).put(row + 66, (byte) 3);
        segment.bytes.put(row + 67, (byte) 1).put(row + 68, (byte) 1);
        segment.withFloat(row + 72, 16).withFloat(row + 76, Float.NaN);
        segment.with(row + 80, -0.5).with(row + 88, 0.125).with(row + 96, 0.25).with(row + 104, 0.75);
        segment.with(row + 112, 0.375).withInt(row + 120, -1).withInt(row + 124, 9);
        segment.bytes.put(row + 69, (byte) 4).put(row + 70, (byte) 7).put(row + 71, (byte) 6);
        segment.withFloat(row + 168, 40);
        segment.bytes.put(row + 172, HexFormat.of().parseHex("20010db8000000000000000000000005"));
        segment.bytes
                .putShort(row + 188, (short) 60_123)
                .put(row + 190, (byte) 10)
                .put(row + 191, (byte) 255);
        segment.bytes.put(512 + 172, HexFormat.of().parseHex("00000000000000000000ffffc0000201"));
        segment.bytes.putShort(512 + 188, (short) 123).put(4081, (byte) 1);
        for (int i = 0; i < 10; i++) {
            segment.withInt(row + 128 + 4 * i, i + 1);
        }

        StatusPage page = read();

        assertThat(page.startTime()).isEqualTo(1.5);
        assertThat(page.bootId()).contains(boot);
        assertThat(page.updateFrequency()).isEqualTo(50);
        assertThat(page.maxDrift()).isEqualTo(2e-5);
        assertThat(page.warmupProgress()).isEqualTo(0.5);
        assertThat(page.leapState()).isEqualTo(2);
        assertThat(page.tickOverruns()).isEqualTo(7);
        assertThat(page.weightShortTerm()).isEqualTo(0.75);
        assertThat(page.weightLongTerm()).isEqualTo(0.25);
        assertThat(page.latencyP50Ns()).isEqualTo(3.5);
        assertThat(page.latencyP99Ns()).isEqualTo(4.5);
        assertThat(page.residentBytes()).isEqualTo(8192);
        assertThat(page.cpuSeconds()).isEqualTo(5.5);
        assertThat(page.clockSteps()).isEqualTo(6);
        assertThat(page.pageMonotonicNs()).isEqualTo(8);
        assertThat(page.waitingFor()).isEqualTo("2 of 4 servers");
        assertThat(page.cpuAffinity()).isEqualTo("0,1");
        assertThat(page.daemonVersion()).isEqualTo("0.1.0");
        assertThat(page.sources()).hasSize(2);
        assertThat(page.sources().get(0).name()).isEqualTo("a.example");
        assertThat(page.sources().get(0).state()).isEqualTo(SourceRow.State.UNREACHABLE);
        assertThat(page.sources().get(1))
                .isEqualTo(new SourceRow(
                        "ü".repeat(32),
                        200,
                        0xF0,
                        SourceRow.State.FALSETICKER,
                        true,
                        1,
                        16,
                        Double.NaN,
                        -0.5,
                        0.125,
                        0.25,
                        0.75,
                        0.375,
                        0xFFFF_FFFFL,
                        9,
                        List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L),
                        Optional.of(
                                new NtsStatus(NtsStatus.State.FAILED, 7, 40, Optional.of(NtsStatus.Failure.EXPIRED))),
                        Optional.of(new InetSocketAddress(InetAddress.getByName("2001:db8::5"), 60_123)),
                        true,
                        Optional.of(SourceRow.Trouble.RATE_LIMITED),
                        255));
        assertThat(page.sources().get(0).nts()).isEmpty();
        assertThat(page.sources().get(0).address())
                .contains(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 123));
        assertThat(page.sources().get(0).trouble()).isEmpty();
        assertThat(SourceRow.DROP_REASONS).hasSize(PageLayout.DROP_REASONS);
    }

    @Test
    void shouldHaveNoBootIdWhereTheHostHasNone() {
        TestSegment.create(path);
        assertThat(read().bootId()).isEmpty();
    }

    @Test
    void shouldRefuseMoreSourcesThanThereIsRoomFor() {
        TestSegment.create(path).withInt(PageLayout.SOURCE_COUNT, PageLayout.MAX_SOURCES + 1);
        assertThatThrownBy(this::read).isInstanceOf(IncompatibleSegmentException.class);
    }

    /** From a daemon that is older, or newer and knows of more. */
    @Test
    void shouldReadAPageThatSaysNothingOfAddressAndTrouble() {
        TestSegment.create(path)
                .withInt(PageLayout.SOURCE_COUNT, 1)
                .bytes
                .put(PageLayout.SOURCES + PageLayout.SOURCE_TROUBLE, (byte) 200);
        SourceRow row = read().sources().get(0);
        assertThat(row.address()).isEmpty();
        assertThat(row.trouble()).isEmpty();
        assertThat(row.unanswered()).isZero();
    }

    @Test
    void shouldRefuseAnAuthenticationItDoesNotKnow() {
        TestSegment.create(path)
                .withInt(PageLayout.SOURCE_COUNT, 1)
                .bytes
                .put(PageLayout.SOURCES + PageLayout.SOURCE_NTS, (byte) 5);
        assertThatThrownBy(this::read).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldRefuseAStateItDoesNotKnow() {
        TestSegment segment = TestSegment.create(path).withInt(PageLayout.SOURCE_COUNT, 1);
        segment.bytes.put(PageLayout.SOURCES + PageLayout.SOURCE_STATE, (byte) SourceRow.State.values().length);
        assertThatThrownBy(this::read).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldWaitForAPageThatIsBeingWrittenButNotForEver() {
        TestSegment segment = TestSegment.create(path).withInt(PageLayout.PAGE_SEQUENCE, 3);
        host.spinNanos = 0;
        assertThatThrownBy(this::read).isInstanceOf(DeadWriterException.class);
        host.parks.clear();
        host.onPark = () -> segment.withInt(PageLayout.PAGE_SEQUENCE, 4);
        assertThat(read().updateFrequency()).isEqualTo(100);
        assertThat(host.parks).hasSize(1);
    }

    private static void text(TestSegment segment, int at, String text) {
        segment.bytes.put(at, text.getBytes(StandardCharsets.UTF_8));
    }
}
