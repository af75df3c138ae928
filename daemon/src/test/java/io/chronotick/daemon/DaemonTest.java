// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.DeadWriterException;
import io.chronotick.client.RecordLayout;
import io.chronotick.client.SourceRow;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.reference.Misbehaviour;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.DropReason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Daemon, servers and readers as they are in use: real sockets, a real file, real processes. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
class DaemonTest {
    private static final HostClocks CLOCKS = HostClocks.system();
    private static final long MILLI = 1_000_000L;

    @TempDir
    Path directory;

    private final Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Path segment() {
        return directory.resolve("segment");
    }

    private ReferenceServer server(ReferenceServerConfig.Builder config) throws IOException {
        ReferenceServer server = ReferenceServer.start(config.build(), CLOCKS);
        opened.add(server);
        return server;
    }

    private ReferenceServer server() throws IOException {
        return server(ReferenceServerConfig.builder(truth));
    }

    private static String address(ReferenceServer server) {
        return "127.0.0.1:" + server.address().getPort();
    }

    private Daemon start(double poll, double burst, ReferenceServer... servers) throws Exception {
        List<String> addresses = new ArrayList<>();
        for (ReferenceServer server : servers) {
            addresses.add(address(server));
        }
        Daemon daemon = Daemon.start(TestDaemon.config(segment(), poll, burst, addresses));
        opened.add(daemon);
        return daemon;
    }

    private ChronoTickReader reader() {
        ChronoTickReader reader = ChronoTickReader.attach(segment());
        opened.add(reader);
        return reader;
    }

    private static CorrectionRecord read(ChronoTickReader reader) {
        CorrectionRecord record = new CorrectionRecord();
        reader.read(record);
        return record;
    }

    private static boolean hasTime(ChronoTickReader reader) {
        try {
            reader.now(new TimeInterval());
            return true;
        } catch (ChronoTickException e) {
            return false;
        }
    }

    /** The truth is read on both sides of now(): whatever the scheduler does, the interval has to hold one of them. */
    private void assertHoldsTheTruth(ChronoTickReader reader) {
        TimeInterval now = new TimeInterval();
        long before = truth.truthNanosAt(CLOCKS.rawNanos());
        reader.now(now);
        long after = truth.truthNanosAt(CLOCKS.rawNanos());
        assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
        assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
    }

    private static SourceRow row(ChronoTickReader reader, int source) {
        return reader.status().sources().get(source);
    }

    private static long drops(SourceRow row) {
        return row.drops().stream().mapToLong(Long::longValue).sum();
    }

    private static long drops(SourceRow row, DropReason reason) {
        return row.drops().get(reason.ordinal());
    }

    @Test
    void shouldServeAnHonestTimeAndNameTheFalseticker() throws Exception {
        ReferenceServer liar = server(ReferenceServerConfig.builder(truth).lieNanos(80 * MILLI));
        start(1, 0.05, server(), liar, server(), server());
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        TestDaemon.await("the falseticker", () -> row(reader, 1).state() == SourceRow.State.FALSETICKER);
        TestDaemon.await("the truechimers", () -> row(reader, 0).state() == SourceRow.State.SELECTED);

        // Against the system clock as it is now: somebody may slew it.
        CorrectionRecord record = read(reader);
        long ageNanos = CLOCKS.monotonicNanos() - record.monotonicNs();
        double expected = truth.truthNanosAt(CLOCKS.rawNanos() - ageNanos) * 1e-9 - record.systemTimestamp();
        assertThat(record.offsetCorrection()).isCloseTo(expected, within(0.001));
        for (int i = 0; i < 1000; i++) {
            assertHoldsTheTruth(reader);
        }
        assertThat(reader.status().warmupProgress()).isEqualTo(1);
        assertThat(reader.status().waitingFor()).isEmpty();
    }

    /** This module runs without the one for ONNX files. */
    @Test
    void shouldRunWithoutTheModuleForModelsAndSayHowToGetIt() throws Exception {
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["%s"]}
                  timing: {warm_up: {measurement_interval: 0.05}}
                long_term: {model_name: onnx, model_params: {path: model.onnx}}
                daemon: {shm: "%s"}
                """.formatted(address(server()), segment());
        LogLines log = new LogLines();
        opened.add(log);
        opened.add(Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config()));
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        TestDaemon.await(
                "the line",
                () -> log.lines()
                        .contains(
                                "WARN long_term: model_name: onnx needs the optional module onnx: build it with `mvn -pl"
                                        + " onnx -am -DskipTests package` at the root of the repository, then start the daemon again; until"
                                        + " then the built-in clock model forecasts alone"));
        assertThat(reader.status().learnedModels()).isEqualTo("long-term absent");
    }

    @Test
    void shouldSayThatTheLearnedFilterHasNoWeights() throws Exception {
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["%s"]}
                  timing: {warm_up: {measurement_interval: 0.05}}
                short_term: {model_name: learned, model_params: {path: "%s"}}
                daemon: {shm: "%s"}
                """.formatted(address(server()), directory.resolve("nowhere"), segment());
        opened.add(Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config()));
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        assertThat(reader.status().learnedModels()).isEqualTo("filter absent");
    }

    @Test
    void shouldSayHowTheLearnedFilterIsDoing() throws Exception {
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["%s"]}
                  timing: {warm_up: {measurement_interval: 0.05}}
                short_term: {model_name: learned}
                daemon: {shm: "%s"}
                """.formatted(address(server()), segment());
        opened.add(Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config()));
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        // It has no say before its 32nd exchange, five minutes from here.
        TestDaemon.await("the filter", () -> reader.status().learnedModels().equals("filter collecting"));
        assertHoldsTheTruth(reader);
    }

    @Test
    void shouldUseKernelTimestampsOnLinux() throws Exception {
        start(1, 0.05, server());
        ChronoTickReader reader = reader();
        TestDaemon.await("kernel stamps", () -> row(reader, 0).kernelStamps());
    }

    @Test
    void shouldRemoveTheSegmentWhenClosed() throws Exception {
        Daemon daemon = start(1, 0.05, server());
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        daemon.close();
        assertThat(directory).isEmptyDirectory();
        assertThat(hasTime(reader)).isFalse();
    }

    @Test
    void shouldRefuseASecondDaemonOnTheSameName() throws Exception {
        ReferenceServer server = server();
        start(1, 0.05, server);
        DaemonConfig same = TestDaemon.config(segment(), 1, 0.05, List.of(address(server)));
        assertThatThrownBy(() -> Daemon.start(same))
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("another daemon");
    }

    @Test
    void shouldBringBackASegmentThatSomebodyUnlinkedAndReadersFollow() throws Exception {
        start(1, 0.05, server());
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        Files.delete(segment());
        TestDaemon.await("the name", () -> Files.exists(segment()));
        long corrections = read(reader).totalCorrections();
        TestDaemon.await("newer records", () -> read(reader).totalCorrections() > corrections + 100);
        assertHoldsTheTruth(reader);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // does not let a mapped file be cut short
    void shouldMakeANewSegmentWhenSomebodyHasSpoiledItsFileAndReadersFollow() throws Exception {
        start(1, 0.05, server());
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        for (int size : new int[] {0, 100}) {
            try (FileChannel channel = FileChannel.open(segment(), StandardOpenOption.WRITE)) {
                channel.truncate(size);
            }
            awaitWholeSegment();
            TestDaemon.await("the time again", () -> hasTime(reader));
            assertHoldsTheTruth(reader);
        }
        Object before =
                Files.readAttributes(segment(), BasicFileAttributes.class).fileKey();
        Files.setPosixFilePermissions(segment(), PosixFilePermissions.fromString("rw-rw-rw-"));
        TestDaemon.await("a new file", () -> !before.equals(fileKey()));
        awaitWholeSegment();
        try (ChronoTickReader next = ChronoTickReader.attach(segment())) {
            TestDaemon.await("the time from the new file", () -> hasTime(next));
            assertHoldsTheTruth(next);
        }
    }

    private void awaitWholeSegment() {
        TestDaemon.await("a whole file of mode 0644", () -> {
            try {
                return Files.size(segment()) == RecordLayout.SEGMENT_SIZE
                        && PosixFilePermissions.toString(Files.getPosixFilePermissions(segment()))
                                .equals("rw-r--r--");
            } catch (IOException e) {
                return false; // it is just being replaced
            }
        });
    }

    private @Nullable Object fileKey() {
        try {
            return Files.readAttributes(segment(), BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    @Test
    void shouldCountWhatAServerSendsAmiss() throws Exception {
        ReferenceServer server = server();
        start(1, 0.05, server);
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        shouldCount(reader, server, Misbehaviour.WRONG_ORIGIN, DropReason.BOGUS_ORIGIN);
        shouldCount(reader, server, Misbehaviour.WRONG_MODE, DropReason.WRONG_MODE);
        shouldCount(reader, server, Misbehaviour.TRUNCATED, DropReason.MALFORMED);
        shouldCount(reader, server, Misbehaviour.STRATUM_16, DropReason.UNSYNCHRONIZED);
        shouldCount(reader, server, Misbehaviour.LEAP_UNSYNCHRONIZED, DropReason.UNSYNCHRONIZED);
        shouldCount(reader, server, Misbehaviour.NONSENSE_TIMES, DropReason.NONSENSE);
        shouldCount(reader, server, Misbehaviour.DUPLICATE, DropReason.DUPLICATE);
        shouldCount(reader, server, Misbehaviour.LATE, DropReason.LATE);
        // Random bytes are wrong in one way or another, seldom twice in the same.
        long before = drops(row(reader, 0));
        server.misbehave(Misbehaviour.RANDOM_BYTES);
        TestDaemon.await("random bytes counted", () -> drops(row(reader, 0)) >= before + 3);
        server.misbehave(Misbehaviour.NONE);
        shouldCount(reader, server, Misbehaviour.KISS_RATE, DropReason.KISS);
        shouldCount(reader, server, Misbehaviour.KISS_DENY, DropReason.KISS);
        TestDaemon.await("the refusal", () -> row(reader, 0).state() == SourceRow.State.DENIED);
        assertHoldsTheTruth(reader);
    }

    private static void shouldCount(
            ChronoTickReader reader, ReferenceServer server, Misbehaviour how, DropReason reason) {
        long before = drops(row(reader, 0), reason);
        server.misbehave(how);
        TestDaemon.await(how + " counted as " + reason, () -> drops(row(reader, 0), reason) > before);
        server.misbehave(Misbehaviour.NONE);
    }

    @Test
    void shouldTakeOverFromAKilledDaemonWhileReadersGoOn() throws Exception {
        ReferenceServer server = server();
        Path log = directory.resolve("log");
        Process killed = TestDaemon.spawn(log, segment(), 1, 0.05, address(server));
        TestDaemon.await("the segment", () -> Files.exists(segment()));
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));

        killed.destroyForcibly().waitFor();
        assertThat(reader.writerAlive()).isFalse();
        // Until the record expires its interval grows and stays honest; then readers refuse.
        assertHoldsTheTruth(reader);
        TestDaemon.await("expiry", () -> !hasTime(reader));
        assertThatThrownBy(() -> reader.now(new TimeInterval())).isInstanceOf(DeadWriterException.class);

        Process next = TestDaemon.spawn(log, segment(), 1, 0.05, address(server));
        TestDaemon.await("the new daemon", () -> hasTime(reader));
        assertHoldsTheTruth(reader);
        next.destroy();
        assertThat(next.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(segment()).doesNotExist();
        assertThat(Files.readString(log)).contains("taking over").contains("stopped");
    }

    @Test
    void shouldNeverPresentAWrongTimeAcrossAStoppedDaemon() throws Exception {
        ReferenceServer server = server();
        Process daemon = TestDaemon.spawn(directory.resolve("log"), segment(), 1, 0.05, address(server));
        opened.add(daemon::destroyForcibly);
        TestDaemon.await("the segment", () -> Files.exists(segment()));
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));

        signal(daemon, "-STOP");
        TestDaemon.await("expiry", () -> {
            if (hasTime(reader)) {
                assertHoldsTheTruthOrRefuses(reader);
                return false;
            }
            return true;
        });
        signal(daemon, "-CONT");
        TestDaemon.await("the time again", () -> hasTime(reader));
        for (int i = 0; i < 1000; i++) {
            assertHoldsTheTruthOrRefuses(reader);
        }
    }

    private void assertHoldsTheTruthOrRefuses(ChronoTickReader reader) {
        try {
            assertHoldsTheTruth(reader);
        } catch (ChronoTickException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }

    private static void signal(Process process, String signal) throws Exception {
        assertThat(new ProcessBuilder("kill", signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void shouldAgreeWithARealChronyd() throws Exception {
        Path home = Files.createDirectory(directory.resolve("chrony"));
        RealChronyd chronyd = RealChronyd.start(home);
        opened.add(chronyd);
        Daemon daemon = Daemon.start(TestDaemon.config(segment(), 10, 1, List.of(chronyd.address())));
        opened.add(daemon);
        ChronoTickReader reader = reader();
        TestDaemon.await("READY", () -> TestDaemon.isReady(reader));
        assertThat(row(reader, 0).sent()).isLessThanOrEqualTo(12);
        assertThat(row(reader, 0).stratum()).isEqualTo(8);
        // chronyd serves this machine's own system clock, so that is the truth here.
        TimeInterval now = new TimeInterval();
        for (int i = 0; i < 1000; i++) {
            long before = CLOCKS.realtimeNanos();
            reader.now(now);
            long after = CLOCKS.realtimeNanos();
            assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
            assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
        }
    }
}
