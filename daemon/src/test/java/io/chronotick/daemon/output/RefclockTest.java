// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What chronyd and ntpd are given: byte by byte, and by a real chronyd that takes it for a reference clock. */
class RefclockTest {
    private static final long SECOND = 1_000_000_000;

    /** What the system clock is said to be behind: nobody's clock is by chance. */
    private static final long OFFSET = 20_123_456;

    @TempDir
    Path directory = Path.of("");

    private static TimeSample sample(long system, LeapIndicator leap) {
        return Samples.at(0, 0, system, OFFSET, 400_000, false, leap);
    }

    @Test
    void shouldSpeakChronysDatagram() {
        ByteBuffer datagram = ByteBuffer.wrap(
                        ChronySocket.datagram(sample(1_741_880_000_123_456_789L, LeapIndicator.DELETE)))
                .order(ByteOrder.nativeOrder());
        assertThat(datagram.capacity()).isEqualTo(40);
        assertThat(datagram.getLong(0)).isEqualTo(1_741_880_000L);
        assertThat(datagram.getLong(8)).isEqualTo(123_456L);
        assertThat(datagram.getDouble(16)).isEqualTo(0.020123456);
        assertThat(datagram.getInt(24)).isZero();
        assertThat(datagram.getInt(28)).isEqualTo(2);
        assertThat(datagram.getInt(36)).isEqualTo(0x534F434B);
    }

    @Test
    void shouldWriteTheSharedMemoryOfDriver28() {
        MemorySegment memory = Arena.ofAuto().allocate(96, 8);
        NtpSharedMemory.write(memory, sample(1_741_880_000_990_000_789L, LeapIndicator.INSERT));
        ByteBuffer b = memory.asByteBuffer().order(ByteOrder.nativeOrder());
        assertThat(b.getInt(0)).isEqualTo(1);
        assertThat(b.getInt(4)).isEqualTo(2);
        assertThat(b.getLong(8)).as("clock").isEqualTo(1_741_880_001L);
        assertThat(b.getInt(16)).isEqualTo(10_124);
        assertThat(b.getInt(52)).isEqualTo(10_124_245);
        assertThat(b.getLong(24)).as("receive").isEqualTo(1_741_880_000L);
        assertThat(b.getInt(32)).isEqualTo(990_000);
        assertThat(b.getInt(56)).isEqualTo(990_000_789);
        assertThat(b.getInt(36)).isEqualTo(1);
        assertThat(b.getInt(40)).as("9 us").isEqualTo(-16);
        assertThat(b.getInt(48)).isEqualTo(1);
        NtpSharedMemory.write(memory, sample(0, LeapIndicator.NONE));
        assertThat(b.getInt(4)).isEqualTo(4);
    }

    @Test
    @Tag("slow")
    @EnabledOnOs(OS.LINUX)
    void shouldSteerChronydThroughItsSocket() throws Exception {
        Path socket = directory.resolve("refclock.sock");
        assertSteers("SOCK " + socket, new ChronySocket(socket));
    }

    @Test
    @Tag("slow")
    @EnabledOnOs(OS.LINUX)
    void shouldSteerChronydThroughSharedMemory() throws Exception {
        // A unit that no other program on this machine is likely to use.
        int unit = 100 + (int) (ProcessHandle.current().pid() % 100);
        try {
            assertSteers("SHM " + unit, new NtpSharedMemory(unit));
        } finally {
            new ProcessBuilder("ipcrm", "-M", Integer.toString(0x4E545030 + unit))
                    .start()
                    .waitFor();
        }
    }

    /** Into a chronyd that says what it would set the system clock by, and does not (-x). */
    private void assertSteers(String refclock, Output output) throws Exception {
        Path program = Path.of("/usr/sbin/chronyd");
        if (System.getenv("CI") != null) {
            assertThat(program).isExecutable();
        }
        assumeTrue(Files.isExecutable(program), "chronyd is not installed (Debian: apt-get install chrony)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
        Path config =
                Files.writeString(directory.resolve("chrony.conf"), """
                refclock %s refid CTCK poll 0 filter 4
                logchange 0.001
                port 0
                cmdport 0
                pidfile %s/chronyd.pid
                bindcmdaddress %s/chronyd.sock
                """.formatted(refclock, directory, directory));
        Path log = directory.resolve("chronyd.log");
        Process chronyd = new ProcessBuilder(
                        program.toString(), "-x", "-d", "-U", "-u", "root", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        HostClocks clocks = HostClocks.system();
        OutputLoop loop = new OutputLoop(
                clocks, () -> Optional.of(sample(clocks.realtimeNanos(), LeapIndicator.NONE)), List.of(output));
        Thread thread = Thread.ofPlatform().start(loop);
        try {
            String said = await(log, "System clock wrong by ([-0-9.]+) seconds");
            assertThat(Double.parseDouble(said)).isCloseTo(OFFSET * 1e-9, within(200e-6));
            assertThat(Files.readString(log)).contains("Selected source CTCK");
        } finally {
            loop.stop();
            thread.join();
            chronyd.destroy();
            chronyd.waitFor();
        }
    }

    /** The first group of what the log says by now; it comes within some seconds. */
    private static String await(Path log, String pattern) throws Exception {
        long deadline = System.nanoTime() + 60 * SECOND;
        while (true) {
            String text = Files.readString(log);
            Matcher matcher = Pattern.compile(pattern).matcher(text);
            if (matcher.find()) {
                return matcher.group(1);
            }
            assertThat(System.nanoTime() - deadline).as(text).isNegative();
            LockSupport.parkNanos(SECOND / 50);
        }
    }
}
