// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.ExpiredException;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.segment.DaemonStatus;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.segment.StatusPageWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Readers of a segment in which a leap second comes, written by the daemon's own writer, in a time that is not this machine's. */
class LeapSecondReadersTest {
    private static final Path CLIENTS =
            Path.of("..").toAbsolutePath().normalize().resolve("clients");
    private static final long SECOND = 1_000_000_000L;
    private static final long MIDNIGHT = Instant.parse("2027-01-01T00:00:00Z").getEpochSecond() * SECOND;

    /** Until then readings are made before the leap second. */
    private static final long AHEAD = 3 * SECOND;

    private static final double MAX_ERROR = 1e-3;

    private static final String PYTHON = """
            import sys, time
            from chronotick import ChronoTickError, Reader
            raw = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            before = after = outside = end = 0
            with Reader(sys.argv[1]) as reader:
                print("ready", flush=True)
                lead, leap, step = map(int, input().split())
                while end < leap + 2 * 10**9:
                    time.sleep(200e-6)
                    begin = raw()
                    try:
                        now = reader.now()
                    except ChronoTickError:
                        now = None
                    end = raw()
                    if now is None:
                        continue
                    low, high = sorted(t + lead + (0 if t < leap else step) for t in (begin, end))
                    outside += now.earliest_ns > high or now.latest_ns < low
                    before, after = before + (end < leap), after + (end >= leap)
            print(before, "before,", after, "after,", outside, "outside")
            """;

    @TempDir
    Path directory = Path.of("");

    private final HostClocks clocks = HostClocks.system();
    private final CountDownLatch published = new CountDownLatch(1);
    private volatile Correction newest = Correction.nothingKnown(clocks.rawNanos());
    private volatile boolean stopping;

    /** POSIX time at a reading of the raw clock is this more, ns, and so much more from the leap second on. */
    private record World(long lead, long leapRaw, long step) {
        long utc(long raw) {
            return raw + lead + (raw < leapRaw ? 0 : step);
        }

        /** How the readings lie to what was right when they were made. */
        void holds(TimeInterval now, long begin, long end) {
            long first = utc(begin);
            long last = utc(end);
            assertThat(now.earliestNanos()).isLessThanOrEqualTo(Math.max(first, last));
            assertThat(now.latestNanos()).isGreaterThanOrEqualTo(Math.min(first, last));
        }

        String line() {
            return lead + " " + leapRaw + " " + step + "\n";
        }
    }

    private World world(LeapIndicator kind) {
        long leapRaw = clocks.rawNanos() + AHEAD;
        long utcAtLeap = kind == LeapIndicator.DELETE ? MIDNIGHT - SECOND : MIDNIGHT;
        return new World(utcAtLeap - leapRaw, leapRaw, kind.stepNanos());
    }

    private Correction correction(World world, LeapIndicator kind) {
        long raw = clocks.rawNanos();
        return new Correction(
                raw,
                world.utc(raw),
                0,
                1e-12,
                0,
                1e-24,
                0,
                1,
                0,
                MAX_ERROR,
                0,
                0.010,
                false,
                5 * SECOND,
                Correction.Source.SHORT_TERM,
                true,
                true,
                false,
                false,
                kind,
                world.leapRaw,
                false,
                1,
                1000 * SECOND,
                10,
                raw);
    }

    private Thread write(SegmentFile segment) {
        new StatusPageWriter(0, 100, "", "test", false).write(segment.buffer(), clocks.domain(), DaemonStatus.EMPTY);
        RecordWriter writer =
                new RecordWriter(clocks, (int) ProcessHandle.current().pid());
        writer.tick(newest, segment.buffer());
        return Thread.ofPlatform().start(() -> {
            while (!stopping) {
                clocks.sleepUntilMonotonic(clocks.monotonicNanos() + SECOND / 100);
                Correction told = newest;
                writer.tick(told, segment.buffer());
                if (told.leap() != LeapIndicator.NONE) {
                    published.countDown();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void everyReaderHoldsTheTruthThroughALeapSecond(LeapIndicator kind) throws Exception {
        Programs.require("python3", "Debian: apt-get install python3");
        Programs.require("cc", "Debian: apt-get install gcc libc6-dev");
        Path program = directory.resolve("leap");
        Programs.run(
                        CLIENTS.resolve("c/test"),
                        Map.of(),
                        List.of(
                                "cc",
                                "-std=c11",
                                "-O2",
                                "-Wall",
                                "-Werror",
                                "-I..",
                                "leap.c",
                                "-lm",
                                "-o",
                                program.toString()))
                .check();
        Path path = directory.resolve("segment");
        try (SegmentFile segment = SegmentFile.claim(path, clocks.domain())) {
            Thread writer = write(segment);
            List<Process> others = List.of(
                    start(List.of("python3", "-c", PYTHON, path.toString()), CLIENTS.resolve("python")),
                    start(List.of(program.toString(), path.toString()), directory));
            try (ChronoTickReader reader = ChronoTickReader.attach(path)) {
                for (Process other : others) {
                    assertThat(other.inputReader().readLine()).isEqualTo("ready");
                }
                World world = world(kind);
                newest = correction(world, kind);
                published.await();
                for (Process other : others) {
                    other.outputWriter().append(world.line()).flush();
                }
                waitForMidnight(reader, world);
                readOn(reader, world);
                for (Process other : others) {
                    assertThat(other.inputReader().readLine())
                            .matches("[1-9][0-9]* before, [1-9][0-9]* after, 0 outside");
                }
            } finally {
                others.forEach(Process::destroy);
                stopping = true;
                writer.join();
            }
        }
    }

    private static Process start(List<String> command, Path directory) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return builder.start();
    }

    /** Reads until a second before midnight, then waits for midnight: with an inserted second it comes when its label comes for good. */
    private void waitForMidnight(ChronoTickReader reader, World world) throws InterruptedException {
        long begin = clocks.rawNanos();
        while (begin < world.leapRaw - SECOND) {
            read(reader, world);
            begin = clocks.rawNanos();
        }
        boolean waited = false;
        while (!waited) {
            try {
                reader.waitUntil(MIDNIGHT);
                waited = true;
            } catch (ExpiredException e) {
                // The writer has not had its turn for long.
            }
        }
        assertThat(reader.clock().instant()).isAfterOrEqualTo(Instant.ofEpochSecond(MIDNIGHT / SECOND));
        assertThat(world.utc(clocks.rawNanos())).isGreaterThanOrEqualTo(MIDNIGHT);
        assertThat(clocks.rawNanos()).isGreaterThanOrEqualTo(world.leapRaw);
    }

    private void readOn(ChronoTickReader reader, World world) {
        int readings = 0;
        while (clocks.rawNanos() < world.leapRaw + 2 * SECOND || readings == 0) {
            readings += read(reader, world);
        }
    }

    /** A machine that is too slow may have let a record expire, which a reader then says. */
    private int read(ChronoTickReader reader, World world) {
        LockSupport.parkNanos(200_000); // leaves the others some of the processors
        long begin = clocks.rawNanos();
        try {
            TimeInterval now = new TimeInterval();
            reader.now(now);
            world.holds(now, begin, clocks.rawNanos());
            return 1;
        } catch (ChronoTickException e) {
            return 0;
        }
    }
}
