// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.segment.DaemonStatus;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.segment.StatusPageWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.VmClock;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Readers of every language while a hypervisor says again and again that the machine was disrupted. */
@Tag("slow")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DisruptionReadersTest {
    private static final Path CLIENTS =
            Path.of("..").toAbsolutePath().normalize().resolve("clients");
    private static final long SECOND = 1_000_000_000L;
    private static final int DISRUPTIONS = 1_000;

    /** Readings at each question: many, so that the writer's ticks fall between them. */
    private static final int READINGS = 20;

    /** Each line of its input asks for some readings; it answers how many gave a time. */
    private static final String PYTHON = """
            import sys
            from chronotick import ChronoTickError, Reader
            def valid(reader):
                try:
                    reader.now()
                    return 1
                except ChronoTickError:
                    return 0
            with Reader(sys.argv[1]) as reader:
                print("ready", flush=True)
                for line in sys.stdin:
                    print(sum(valid(reader) for _ in range(int(line))), flush=True)
            """;

    private static final String NODE = """
            const { Reader } = await import(process.argv[1]);
            const { createInterface } = await import("node:readline");
            const reader = new Reader(process.argv[2]);
            const valid = () => { try { reader.now(); return 1; } catch { return 0; } };
            console.log("ready");
            for await (const line of createInterface({ input: process.stdin })) {
              let times = 0;
              for (let i = 0; i < Number(line); i++) times += valid();
              console.log(times);
            }
            """;

    @TempDir
    Path directory = Path.of("");

    private final HostClocks clocks = HostClocks.system();
    private final List<Process> others = new ArrayList<>();

    @AfterEach
    void end() {
        others.forEach(Process::destroyForcibly);
    }

    /** As after an answer of a server. */
    private Correction measured() {
        long raw = clocks.rawNanos();
        return new Correction(
                raw,
                clocks.realtimeNanos(),
                0,
                1e-12,
                0,
                1e-24,
                0,
                1,
                0,
                1e-3,
                0,
                0.010,
                false,
                60 * SECOND,
                Correction.Source.SHORT_TERM,
                true,
                true,
                false,
                false,
                LeapIndicator.NONE,
                Correction.NO_LEAP,
                false,
                1,
                1000 * SECOND,
                10,
                raw);
    }

    private void start(Path where, String... command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(where.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        others.add(builder.start());
    }

    private void startReaders(Path segment) throws Exception {
        Programs.require("python3", "Debian: apt-get install python3");
        Programs.require("cc", "Debian: apt-get install gcc libc6-dev");
        Path program = directory.resolve("count");
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
                                "count.c",
                                "-lm",
                                "-o",
                                program.toString()))
                .check();
        start(CLIENTS.resolve("python"), "python3", "-c", PYTHON, segment.toString());
        start(directory, program.toString(), segment.toString());
        Path module = TypeScript.built().root.resolve("dist/src/index.js");
        start(directory, "node", "--input-type=module", "-e", NODE, module.toString(), segment.toString());
        for (Process other : others) {
            assertThat(other.inputReader().readLine()).isEqualTo("ready");
        }
    }

    /** How many of {@link #READINGS} gave a time, of each reader. */
    private List<Integer> valid(ChronoTickReader reader) {
        try {
            for (Process other : others) {
                other.outputWriter().append(READINGS + "\n").flush();
            }
            List<Integer> counts = new ArrayList<>();
            int own = 0;
            for (int i = 0; i < READINGS; i++) {
                own += hasTime(reader) ? 1 : 0;
            }
            counts.add(own);
            for (Process other : others) {
                counts.add(Integer.parseInt(other.inputReader().readLine()));
            }
            return counts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean hasTime(ChronoTickReader reader) {
        try {
            reader.now(new TimeInterval());
            return true;
        } catch (ChronoTickException e) {
            return false;
        }
    }

    @Test
    void noReaderHasATimeFromTheTickAfterUntilServersHaveAnswered() throws Exception {
        Path device = directory.resolve("vmclock0");
        ByteBuffer page = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(0, 0x4B4C4356).putInt(4, 0x70).putShort(8, (short) 1);
        Files.write(device, page.array());
        VmClock vmClock = VmClock.open(device);
        Path path = directory.resolve("segment");
        try (SegmentFile segment = SegmentFile.claim(path, clocks.domain());
                FileChannel host = FileChannel.open(device, StandardOpenOption.WRITE)) {
            new StatusPageWriter(0, 100, "", "test", false)
                    .write(segment.buffer(), clocks.domain(), DaemonStatus.EMPTY);
            RecordWriter writer =
                    new RecordWriter(clocks, (int) ProcessHandle.current().pid(), vmClock::marker);
            Correction newest = measured();
            writer.tick(newest, segment.buffer());
            startReaders(path);
            try (ChronoTickReader reader = ChronoTickReader.attach(path)) {
                for (int i = 1; i <= DISRUPTIONS; i++) {
                    newest = measured();
                    writer.tick(newest, segment.buffer());
                    assertThat(valid(reader)).as("measured %d", i).allMatch(times -> times == READINGS);
                    // As the host does it: odd while it changes, and the writer may look at any time.
                    host.write(page.putInt(12, 2 * i - 1).putLong(16, i).clear(), 0);
                    writer.tick(newest, segment.buffer());
                    host.write(page.putInt(12, 2 * i).clear(), 0);
                    assertThat(valid(reader)).as("disrupted %d", i).allMatch(times -> times == 0);
                    writer.tick(newest, segment.buffer());
                    assertThat(valid(reader)).as("a tick later %d", i).allMatch(times -> times == 0);
                }
                assertThat(writer.discontinuities()).isEqualTo(DISRUPTIONS);
            }
        }
    }
}
