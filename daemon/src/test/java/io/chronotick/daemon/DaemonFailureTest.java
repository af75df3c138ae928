// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.net.OpenFiles;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a daemon that loses a thread. */
@Isolated("looks at all threads, open files and log lines")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DaemonFailureTest {
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory;

    private final LogLines log = new LogLines();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(log));
    private final FaultyClocks clocks = new FaultyClocks();

    @AfterEach
    void close() throws Exception {
        clocks.release.countDown();
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    /** The clocks of this machine, but for one thread. */
    private static final class FaultyClocks implements HostClocks {
        private volatile String failing = "";
        private final AtomicInteger readsBeforeFailure = new AtomicInteger();
        private volatile String hanging = "";
        private final CountDownLatch release = new CountDownLatch(1);

        private void meet() {
            String thread = Thread.currentThread().getName();
            if (thread.equals(failing) && readsBeforeFailure.getAndDecrement() <= 0) {
                throw new LinkageError("the clock\nis gone");
            }
            while (thread.equals(hanging) && release.getCount() > 0) {
                LockSupport.parkNanos(release, 10_000_000); // what really hangs does not hear of an interrupt either
            }
        }

        @Override
        public long rawNanos() {
            meet();
            return CLOCKS.rawNanos();
        }

        @Override
        public long monotonicNanos() {
            meet();
            return CLOCKS.monotonicNanos();
        }

        @Override
        public long realtimeNanos() {
            meet();
            return CLOCKS.realtimeNanos();
        }

        @Override
        public long boottimeNanos() {
            meet();
            return CLOCKS.boottimeNanos();
        }

        @Override
        public void sleepUntilMonotonic(long deadlineNanos) {
            CLOCKS.sleepUntilMonotonic(deadlineNanos);
        }
    }

    private Daemon start(long lookMillis) throws Exception {
        ReferenceServer server = ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(CLOCKS, 0, 0)).build(), CLOCKS);
        opened.add(server);
        Daemon daemon = Daemon.start(
                TestDaemon.config(
                        directory.resolve("segment"),
                        1,
                        0.05,
                        List.of("127.0.0.1:" + server.address().getPort())),
                clocks,
                NtpTransports::open,
                new LocalClocks(clocks),
                lookMillis);
        opened.add(daemon);
        return daemon;
    }

    private ChronoTickReader ready() {
        ChronoTickReader reader = ChronoTickReader.attach(directory.resolve("segment"));
        opened.add(reader);
        TestDaemon.await("the time", () -> hasTime(reader));
        return reader;
    }

    private static boolean hasTime(ChronoTickReader reader) {
        try {
            reader.now(new TimeInterval());
            return true;
        } catch (ChronoTickException e) {
            return false;
        }
    }

    private List<String> errors() {
        return log.lines().stream().filter(line -> line.startsWith("ERROR")).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"writer", "network", "status"})
    void shouldWithdrawTheRecordAndEndWhenAThreadDies(String thread) throws Exception {
        Daemon daemon = start(Watchdog.LOOK_MILLIS);
        ChronoTickReader reader = ready();
        assertThat(daemon.failure()).isEmpty();
        clocks.failing = "chronotick-" + thread;

        String told = "the " + thread + " thread has died: LinkageError: the clock";
        assertThat(daemon.await()).contains(told);
        assertThat(daemon.failure()).contains(told);
        assertThat(hasTime(reader)).isFalse();
        TestDaemon.await("the line", () -> !errors().isEmpty());
        assertThat(errors())
                .containsExactly("ERROR " + told
                        + "; the record is withdrawn and the daemon ends (log level DEBUG shows where it was)");

        daemon.close();
        assertThat(directory).isEmptyDirectory();
        assertThat(errors()).hasSize(1);
        assertThat(daemon.await()).contains(told);
        assertNoThreadIsLeft();
    }

    /** Those that a daemon has only where they are asked for. They die of the first line that they have to say. */
    @ParameterizedTest
    @ValueSource(strings = {"exchanges", "model-long_term"})
    void shouldEndWhenAThreadDiesThatNotEveryDaemonHas(String thread) throws Exception {
        DaemonConfig config = ConfigLoader.parse(
                        """
                clock_measurement: {ntp: {servers: ["127.0.0.1:9"]}}
                long_term: {model_name: onnx, model_params: {path: "none.onnx"}}
                logging: {exchanges: "%s"}
                daemon: {shm: "%s"}
                """.formatted(directory.resolve("exchanges.csv"), directory.resolve("segment")),
                        "test",
                        Map.of(),
                        ConfigOverrides.NONE,
                        64)
                .config();
        String told = "the " + thread + " thread has died: LinkageError: the log is gone";
        opened.add(new DeadlyLog("chronotick-" + thread));
        try (Daemon daemon = Daemon.start(config)) {
            assertThat(daemon.await()).contains(told);
            TestDaemon.await("the line", () -> !errors().isEmpty());
            assertThat(errors()).singleElement().asString().startsWith("ERROR " + told);
        }
    }

    /** The writer's record can only be left half written; the others' is the living writer's to void. */
    @ParameterizedTest
    @ValueSource(strings = {"writer", "network"})
    void shouldWithdrawTheRecordAndEndWhenAThreadHangs(String thread) throws Exception {
        Daemon daemon = start(100);
        ChronoTickReader reader = ready();
        clocks.hanging = "chronotick-" + thread;

        assertThat(daemon.await()).contains("the " + thread + " thread hangs: its loop has not turned for 3 s");
        assertThat(hasTime(reader)).isFalse();
        daemon.close();
        assertThat(directory).isEmptyDirectory();
        assertThat(hasTime(reader)).isFalse();

        // Even if it goes on after all.
        clocks.release.countDown();
        TestDaemon.await("its end", () -> threads().isEmpty());
        assertThat(hasTime(reader)).isFalse();
    }

    @Test
    void shouldEndWithoutAFailureWhenItIsClosed() throws Exception {
        Daemon daemon = start(Watchdog.LOOK_MILLIS);
        ready();
        daemon.close();
        assertThat(daemon.await()).isEmpty();
        assertThat(daemon.failure()).isEqualTo(Optional.empty());
        assertThat(errors()).isEmpty();
        assertNoThreadIsLeft();
    }

    /** Whatever the start stumbles over, and however late: here the clocks, after ever more readings. */
    @Test
    void shouldLeaveNothingBehindWhenItCannotStart() throws Exception {
        Path exchanges = directory.resolve("exchanges.csv");
        DaemonConfig config = ConfigLoader.parse(
                        """
                clock_measurement: {ntp: {servers: ["127.0.0.1:9"]}}
                logging: {exchanges: "%s"}
                daemon: {shm: "%s", http_port: %d}
                """.formatted(exchanges, directory.resolve("segment"), freePort()),
                        "test",
                        Map.of(),
                        ConfigOverrides.NONE,
                        64)
                .config();
        Daemon.start(config).close(); // loads what keeps files open for good
        Files.delete(exchanges);
        int reads = 0;
        for (boolean started = false; !started; reads++) {
            long before = OpenFiles.count();
            clocks.readsBeforeFailure.set(reads);
            clocks.failing = Thread.currentThread().getName();
            try {
                Daemon.start(config, clocks, NtpTransports::open, new LocalClocks(clocks), Watchdog.LOOK_MILLIS)
                        .close();
                started = true;
            } catch (LinkageError e) {
                assertThat(e.getSuppressed()).isEmpty();
            }
            clocks.failing = "";
            Files.deleteIfExists(exchanges);
            assertThat(directory).isEmptyDirectory();
            assertNoThreadIsLeft();
            assertThat(OpenFiles.count())
                    .as("open files after %d readings", reads)
                    .isLessThanOrEqualTo(before);
        }
        assertThat(reads).isGreaterThan(3);
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("chronotick-"))
                .toList();
    }

    private static void assertNoThreadIsLeft() {
        TestDaemon.await("the end of all threads", () -> threads().isEmpty());
    }
}
