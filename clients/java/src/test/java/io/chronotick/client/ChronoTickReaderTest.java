// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChronoTickReaderTest extends ReaderFixture {
    private final CorrectionRecord record = new CorrectionRecord();

    @Test
    void shouldReadEveryFieldWhereTheLayoutSaysItIs() {
        TestSegment segment = TestSegment.create(path);
        // The offsets and types of docs/shared-memory.md, spelled out: this test is the second opinion on RecordLayout.
        double[] doubles = {1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5};
        for (int i = 0; i < doubles.length; i++) {
            segment.with(8 * i, doubles[i]);
        }
        segment.withFloat(64, 0.75f)
                .withInt(72, 0xA5)
                .withInt(76, 4)
                .withInt(80, -1)
                .withInt(84, 0x80000000);
        segment.with(88, 9.5).with(96, 10.5).withInt(104, -2).withInt(108, 2).withFloat(112, 0.25f);
        segment.withFloat(116, 0.125f).bytes.putLong(120, MONO);
        segment.withSequence(-4);

        reader().read(record);

        assertThat(record.correctedTimestamp()).isEqualTo(1.5);
        assertThat(record.systemTimestamp()).isEqualTo(2.5);
        assertThat(record.offsetCorrection()).isEqualTo(3.5);
        assertThat(record.driftRate()).isEqualTo(4.5);
        assertThat(record.offsetUncertainty()).isEqualTo(5.5);
        assertThat(record.driftUncertainty()).isEqualTo(6.5);
        assertThat(record.predictionTime()).isEqualTo(7.5);
        assertThat(record.validUntil()).isEqualTo(8.5);
        assertThat(record.confidence()).isEqualTo(0.75f);
        assertThat(record.sequenceNumber()).isEqualTo(0xFFFF_FFFCL);
        assertThat(record.flags()).isEqualTo(0xA5);
        assertThat(record.source()).isEqualTo(TimeSource.FUSION);
        assertThat(record.measurementCount()).isEqualTo(0xFFFF_FFFFL);
        assertThat(record.writerPid()).isEqualTo(0x8000_0000L);
        assertThat(record.lastNtpSync()).isEqualTo(9.5);
        assertThat(record.daemonUptime()).isEqualTo(10.5);
        assertThat(record.totalCorrections()).isEqualTo(0xFFFF_FFFEL);
        assertThat(record.layoutVersion()).isEqualTo(2);
        assertThat(record.averageLatencyMs()).isEqualTo(0.25f);
        assertThat(record.maxError()).isEqualTo(0.125f);
        assertThat(record.monotonicNs()).isEqualTo(MONO);
    }

    @Test
    void shouldTellTheFlagsApart() {
        TestSegment segment = TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        boolean[][] seen = new boolean[8][];
        for (int bit = 0; bit < 8; bit++) {
            segment.withInt(RecordLayout.FLAGS, 1 << bit).publish();
            reader.read(record);
            seen[bit] = new boolean[] {
                record.isValid(),
                record.isNtpReady(),
                record.isModelsReady(),
                record.isWarmupComplete(),
                record.isHoldover(),
                record.isClockStepped(),
                record.isLeapPending(),
                record.isAuthenticated()
            };
        }
        for (int bit = 0; bit < 8; bit++) {
            for (int flag = 0; flag < 8; flag++) {
                assertThat(seen[bit][flag]).isEqualTo(bit == flag);
            }
        }
    }

    @Test
    void shouldComputeFromTheOriginOfTheLine() {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .with(RecordLayout.PREDICTION_TIME, ANCHOR - 4)
                .with(RecordLayout.OFFSET_CORRECTION, 0.25)
                .with(RecordLayout.DRIFT_RATE, 0x1p-10)
                .with(RecordLayout.OFFSET_UNCERTAINTY, 3e-3)
                .with(RecordLayout.DRIFT_UNCERTAINTY, 1e-3)
                .publish();
        reader().read(record);

        assertThat(record.correctionAt(ANCHOR)).isEqualTo(0.25 + 4 * 0x1p-10);
        assertThat(record.correctedTimeAt(ANCHOR)).isEqualTo(ANCHOR + 0.25 + 4 * 0x1p-10);
        assertThat(record.timeUncertainty(0)).isEqualTo(3e-3);
        // 3-4-5 triangle: 3 ms of offset, 4 s * 1 ms/s of drift
        assertThat(record.timeUncertaintyAt(ANCHOR)).isCloseTo(5e-3, within(1e-15));
    }

    @Test
    void shouldGiveNowAsTheIntervalOfTheSpecification() {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .with(RecordLayout.PREDICTION_TIME, ANCHOR - 2)
                .with(RecordLayout.OFFSET_CORRECTION, -0.125)
                .with(RecordLayout.DRIFT_RATE, 0x1p-13)
                .with(RecordLayout.OFFSET_UNCERTAINTY, 1e-6)
                .withFloat(RecordLayout.MAX_ERROR, 0x1p-10f)
                .publish();
        host.now = MONO + SECOND;

        reader().now(now);

        // correction at the anchor: -0.125 s + 2 s / 8192 = -124.755859375 ms; elapsed 1 s * (1 + 1/8192)
        long expected = ANCHOR_NANOS - 124_755_859 + SECOND + 122_070; // .375 and .3125 ns cancel to below 1 ns
        assertThat(now.estimateNanos()).isCloseTo(expected, within(1L));
        // 1/1024 s = 976562.5 ns and 1 s / 16384 = 61035.15625 ns, rounded up, plus one for rounding
        assertThat(now.boundNanos()).isEqualTo(1_037_599);
        assertThat(now.earliestNanos()).isEqualTo(now.estimateNanos() - 1_037_599);
        assertThat(now.latestNanos()).isEqualTo(now.estimateNanos() + 1_037_599);
        assertThat(now.widthNanos()).isEqualTo(2 * 1_037_599);
        assertThat(now.standardUncertaintyNanos()).isCloseTo(1000, within(1e-9));
        assertThat(now.estimate()).isEqualTo(Instant.ofEpochSecond(0, now.estimateNanos()));
    }

    @Test
    void shouldFollowTheRecordFromOneReadingToTheNext() {
        TestSegment segment = TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS);

        host.now += 1000;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 1000);

        segment.fill(ANCHOR, MONO).with(RecordLayout.OFFSET_CORRECTION, 1).publish();
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 1000 + SECOND);
    }

    @Test
    void shouldNotMixUpTheRecordsOfTwoReadersInOneHolder() {
        TestSegment.create(path).write(ANCHOR, MONO);
        Path other = directory.resolve("other");
        TestSegment.create(other).write(ANCHOR + 7, MONO);
        ChronoTickReader first = reader();
        ChronoTickReader second = new ChronoTickReader(other, host);

        first.now(now);
        second.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 7 * SECOND);
        first.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS);
    }

    @Test
    void shouldAgreeInEveryWayOfAskingForNow() {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withFloat(RecordLayout.MAX_ERROR, 0.5f)
                .publish();
        ChronoTickReader reader = reader();
        host.now += 12_345;
        reader.now(now);
        reader.read(record);
        TimeInterval computed = new TimeInterval();
        record.intervalAt(host.now, TestSegment.MAX_DRIFT, computed);

        assertThat(computed.earliestNanos()).isEqualTo(now.earliestNanos());
        assertThat(computed.latestNanos()).isEqualTo(now.latestNanos());
        assertThat(reader.clock().instant()).isEqualTo(now.estimate());
        assertThat(reader.after(now.earliestNanos() - 1)).isTrue();
        assertThat(reader.after(now.earliestNanos())).isFalse();
        assertThat(reader.before(now.latestNanos() + 1)).isTrue();
        assertThat(reader.before(now.latestNanos())).isFalse();
    }

    @Test
    void shouldBeAClockInAnyZone() {
        TestSegment.create(path).write(ANCHOR, MONO);
        Clock clock = reader().clock();
        ZoneId zone = ZoneId.of("Asia/Kathmandu");

        assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
        assertThat(clock.millis()).isEqualTo(1_741_880_000_500L);
        assertThat(clock.withZone(zone).getZone()).isEqualTo(zone);
        assertThat(clock.withZone(zone).instant()).isEqualTo(clock.instant());
        assertThat(clock.withZone(zone).withZone(ZoneOffset.UTC))
                .isEqualTo(clock)
                .hasSameHashCodeAs(clock);
        assertThat(clock.withZone(zone)).isNotEqualTo(clock);
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(1_741_880_000L, 500_000_000));
    }

    // Nothing there, or something else

    @Test
    void shouldNameTheRemedyWhenThereIsNoSegment() {
        assertThatThrownBy(() -> ChronoTickReader.attach(path))
                .isInstanceOf(NoSegmentException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining("chronotick daemon --shm " + path)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 128, 4095, 4097})
    void shouldRefuseAFileOfAnotherSize(int size) throws IOException {
        TestSegment.write(path, new byte[size]);
        assertThatThrownBy(() -> ChronoTickReader.attach(path))
                .isInstanceOf(IncompatibleSegmentException.class)
                .hasMessageContaining(size + " bytes");
    }

    @Test
    void shouldRefuseADirectory() {
        assertThatThrownBy(() -> ChronoTickReader.attach(directory)).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldRefuseAnotherMagic() {
        TestSegment.create(path).bytes.putLong(PageLayout.MAGIC, 42);
        assertThatThrownBy(this::reader)
                .isInstanceOf(IncompatibleSegmentException.class)
                .hasMessageContaining("magic");
    }

    @Test
    void shouldRefuseAnotherPageVersion() {
        TestSegment.create(path).withInt(PageLayout.PAGE_VERSION, 9);
        assertThatThrownBy(this::reader)
                .isInstanceOf(IncompatibleSegmentException.class)
                .hasMessageContaining("page version 9");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, -1})
    void shouldRefuseAnotherRecordLayout(int version) {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withInt(RecordLayout.LAYOUT_VERSION, version)
                .publish();
        ChronoTickReader reader = reader();
        assertThatThrownBy(() -> reader.read(record))
                .isInstanceOf(IncompatibleSegmentException.class)
                .hasMessageContaining("layout " + Integer.toUnsignedString(version));
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldAttachBeforeTheFirstRecordAndReadItOnceItIsThere() {
        TestSegment segment = TestSegment.blank(path);
        ChronoTickReader reader = reader();
        assertThatThrownBy(() -> reader.read(record)).isInstanceOf(NotReadyException.class);
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(NotReadyException.class)
                .hasMessageContaining("never been written");
        assertThatThrownBy(reader::status).isInstanceOf(NotReadyException.class);

        segment.with(PageLayout.MAX_DRIFT, 1e-4).write(ANCHOR, MONO);
        // Whose clock the record is on is said by the page.
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
        segment.withInt(PageLayout.PAGE_VERSION, 1).bytes.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS);
    }

    @Test
    void shouldNotTakeAWrappedSequenceForNeverWritten() {
        TestSegment.create(path).fill(ANCHOR, MONO).withSequence(0);
        ChronoTickReader reader = reader();
        reader.read(record);
        assertThat(record.sequenceNumber()).isZero();
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS);
    }

    // Validity

    @Test
    void shouldGiveARecordThatIsNotValidYetButNoTime() {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withInt(RecordLayout.FLAGS, 0)
                .publish();
        ChronoTickReader reader = reader();
        reader.read(record);
        assertThat(record.isValid()).isFalse();
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NotReadyException.class);
        assertThatThrownBy(() -> reader.after(0)).isInstanceOf(NotReadyException.class);
        assertThatThrownBy(() -> reader.clock().millis()).isInstanceOf(NotReadyException.class);
    }

    @Test
    void shouldExpireOneNanosecondAfterTheEndOfValidity() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        reader.now(now); // also from the holder's memory the end has to be seen

        host.now = MONO + 10 * SECOND;
        reader.now(now);
        assertThat(now.estimateNanos()).isEqualTo(ANCHOR_NANOS + 10 * SECOND);
        reader.read(record);
        assertThat(record.isExpiredAt(host.now)).isFalse();

        host.now++;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ExpiredException.class)
                .hasMessageContaining("10.000 s old")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> reader.before(0)).isInstanceOf(ExpiredException.class);
        reader.read(record);
        assertThat(record.isExpiredAt(host.now)).isTrue();
        assertThat(record.ageNanos(host.now)).isEqualTo(10 * SECOND + 1);
    }

    @Test
    void shouldSayThatTheWriterIsGone() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        host.writerAlive = false;
        reader.now(now); // what a dead writer left is good until it expires

        host.now += 11 * SECOND;
        assertThat(reader.writerAlive()).isFalse();
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(DeadWriterException.class)
                .hasMessageContaining("process " + ProcessHandle.current().pid())
                .hasMessageContaining("chronotick daemon");
    }

    @Test
    void shouldSayThatTheSegmentIsGone() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        Files.delete(path);
        host.now += SECOND;
        reader.now(now); // a daemon that stopped in good order leaves good time behind, for a while

        host.now += 10 * SECOND;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(NoSegmentException.class);
        reader.read(record); // and its last words can still be read
        assertThat(record.isExpiredAt(host.now)).isTrue();
    }

    @Test
    void shouldRefuseARecordFromTheFuture() {
        TestSegment.create(path).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        host.now = MONO - 4_000_000; // as far as a writer may move its anchor
        reader.now(now);
        host.now--;
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(ExpiredException.class);
        reader.read(record);
        assertThat(record.isExpiredAt(host.now)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "8, NaN", "8, -1", "8, 1e300", "16, NaN", "16, Infinity", "16, 5e9", "24, NaN", "24, 0.02", "24, -Infinity",
        "32, NaN", "32, -1e-9", "40, NaN", "40, -1e-12", "48, NaN", "48, 0", "56, NaN", "56, Infinity", "56, 1e300",
        "176, 0", "176, NaN", "176, -1e-6", "176, 1"
    })
    void shouldRefuseValuesThatNoClockHas(int offset, double value) {
        TestSegment.create(path).fill(ANCHOR, MONO).with(offset, value).publish();
        ChronoTickReader reader = reader();
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
        reader.read(record);
        if (offset < RecordLayout.RECORD_SIZE) {
            assertThat(record.isExpiredAt(MONO)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, -1f, Float.POSITIVE_INFINITY})
    void shouldRefuseABoundThatIsNone(float maxError) {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withFloat(RecordLayout.MAX_ERROR, maxError)
                .publish();
        ChronoTickReader reader = reader();
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(IncompatibleSegmentException.class);
    }

    @Test
    void shouldRefuseASourceItDoesNotKnow() {
        TestSegment.create(path)
                .fill(ANCHOR, MONO)
                .withInt(RecordLayout.SOURCE, 5)
                .publish();
        reader().read(record);
        assertThatThrownBy(record::source).isInstanceOf(IncompatibleSegmentException.class);
    }

    // The seqlock

    // Restarts

    // Whose clocks

    @Test
    void shouldLookAtTheDomainOnceThePageIsWritten() {
        host.timeNamespace = 1;
        TestSegment segment = TestSegment.blank(path).fill(ANCHOR, MONO);
        segment.with(PageLayout.MAX_DRIFT, 1e-4).publish();
        ChronoTickReader reader = reader();
        reader.read(record);
        segment.domain(UUID.randomUUID(), 2)
                .withInt(PageLayout.PAGE_VERSION, 1)
                .withLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
        assertThatThrownBy(() -> reader.now(now)).isInstanceOf(ClockDomainException.class);
        assertThatThrownBy(() -> reader.read(record)).isInstanceOf(ClockDomainException.class);
        assertThatThrownBy(() -> reader.after(0)).isInstanceOf(ClockDomainException.class);
        assertThatThrownBy(reader::status).isInstanceOf(ClockDomainException.class);
    }

    @Test
    void shouldNoticeAnotherDomainInTheSameFile() {
        UUID boot = UUID.randomUUID();
        host.bootId = Optional.of(boot);
        TestSegment segment = TestSegment.create(path).domain(boot, 0).write(ANCHOR, MONO);
        ChronoTickReader reader = reader();
        segment.domain(UUID.randomUUID(), 0);
        host.now += 11 * SECOND;
        assertThatThrownBy(() -> reader.now(now))
                .isInstanceOf(ClockDomainException.class)
                .hasMessageContaining(boot.toString());
    }

    // Whom to trust

    @Test
    @DisabledOnOs(OS.WINDOWS) // has other permissions
    void shouldRefuseWhatOthersMayWrite() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        for (String mode : List.of("rw-rw-r--", "rw-r--rw-", "rw-rw-rw-", "r---w----")) {
            TestSegment.setMode(path, mode);
            assertThatThrownBy(this::reader)
                    .isInstanceOf(UntrustedSegmentException.class)
                    .hasMessageContaining("mode 0")
                    .hasMessageContaining("remove it")
                    .hasMessageNotContaining("\n");
        }
        TestSegment.setMode(path, "rw-------");
        reader().now(now);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void shouldRefuseASymbolicLink() throws IOException {
        Path file = directory.resolve("file");
        TestSegment.create(file).write(ANCHOR, MONO);
        Files.createSymbolicLink(path, file);
        assertThatThrownBy(this::reader)
                .isInstanceOf(UntrustedSegmentException.class)
                .hasMessageContaining("symbolic link");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldTrustOnlyRootItselfAndWhomTheEnvironmentNames() throws IOException {
        TestSegment.create(path).write(ANCHOR, MONO);
        long owner = FileFacts.of(path).owner().orElseThrow();
        host.userId = OptionalLong.of(owner);
        reader().now(now);

        FileFacts others = new FileFacts("file", true, false, 4096, OptionalLong.of(1000), 0644);
        host.userId = OptionalLong.of(1001);
        assertThatThrownBy(() -> others.requireTrusted(path, host))
                .isInstanceOf(UntrustedSegmentException.class)
                .hasMessageContaining("user 1000")
                .hasMessageContaining("user 1001")
                .hasMessageContaining("CHRONOTICK_TRUST_UID=1000")
                .hasMessageNotContaining("\n");
        host.trustedUserId = "1000";
        others.requireTrusted(path, host);
        host.trustedUserId = "";
        new FileFacts("file", true, false, 4096, OptionalLong.of(0), 0644).requireTrusted(path, host);
        assertThatThrownBy(() -> others.requireTrusted(path, host)).isInstanceOf(UntrustedSegmentException.class);
        for (String nonsense : List.of("alice", "-1", " 1000", "1e3", "12345678901", "\u0661")) {
            host.trustedUserId = nonsense;
            assertThatThrownBy(this::reader)
                    .isInstanceOf(UntrustedSegmentException.class)
                    .hasMessageContaining("CHRONOTICK_TRUST_UID")
                    .hasMessageContaining(nonsense);
        }
    }

    @Test
    void shouldAttachInAThreadThatIsInterruptedAndKeepTheInterrupt() {
        TestSegment.create(path).write(ANCHOR, MONO);
        Thread.currentThread().interrupt();
        reader().now(now);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldKnowTheClocksAndTheUserOfThisProcess() throws IOException {
        Host real = Host.Real.INSTANCE;
        assertThat(real.bootId()).isPresent();
        // CLOCK_BOOTTIME is never behind; in hundredths of a second it may seem so.
        assertThat(real.boottimeLeadNanos().orElseThrow()).isGreaterThan(-SECOND);
        assertThat(Proc.nanosOfUptime("12345.07 23456.78\n")).isEqualTo(12_345_070_000_000L);
        Path own = Files.createFile(directory.resolve("own"));
        assertThat(real.effectiveUserId()).isEqualTo(FileFacts.of(own).owner());
        assertThat(real.timeNamespace()).isNotEqualTo(-1);
    }

    // Processes and names

    @Test
    void shouldKnowItsOwnProcessToLive() {
        TestSegment segment = TestSegment.create(path).write(ANCHOR, MONO);
        try (ChronoTickReader reader = ChronoTickReader.attach(path)) {
            assertThat(reader.writerAlive()).isTrue();
            segment.withInt(RecordLayout.WRITER_PID, 0).publish();
            assertThat(reader.writerAlive()).isFalse();
        }
    }

    @Test
    void shouldNotTakeAnEndedProcessForAlive() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        process.waitFor();
        assertThat(ProcessState.isAlive(process.pid())).isFalse();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldResolveNamesAndPaths() {
        assertThat(ChronoTickReader.resolve("other")).isEqualTo(Path.of("/dev/shm/other"));
        assertThat(ChronoTickReader.resolve("./other")).isEqualTo(Path.of("./other"));
        assertThat(ChronoTickReader.resolve("/run/x")).isEqualTo(Path.of("/run/x"));
        assertThatThrownBy(() -> ChronoTickReader.resolve(" ")).isInstanceOf(IllegalArgumentException.class);
    }
}
