// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.VmClock;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the writer makes of what the engine says, tick by tick. */
class WriterLoopTest {
    private static final long SECOND = VirtualClocks.SECOND;
    private static final long PERIOD = SECOND / 100;

    @TempDir
    Path directory;

    private final VirtualClocks clocks = new VirtualClocks();
    private ByteBuffer segment;
    private WriterLoop loop;

    @BeforeEach
    void open() throws IOException {
        try (FileChannel file = FileChannel.open(
                directory.resolve("segment"),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE)) {
            segment = file.map(FileChannel.MapMode.READ_WRITE, 0, RecordLayout.SEGMENT_SIZE);
        }
        segment.order(ByteOrder.LITTLE_ENDIAN);
        loop = loop(clocks);
    }

    private WriterLoop loop(HostClocks of) {
        return new WriterLoop(of, new RecordWriter(of, 1), 100, Correction.nothingKnown(of.rawNanos()), segment);
    }

    private static Correction correction(HostClocks at) {
        return new Correction(
                at.rawNanos(),
                at.realtimeNanos(),
                0,
                1e-12,
                0,
                1e-24,
                0,
                1,
                0,
                1e-4,
                1e-6,
                0.010,
                false,
                5 * SECOND,
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
                17,
                at.rawNanos());
    }

    private void tick() {
        clocks.pass(PERIOD);
        loop.tick();
    }

    private boolean isValid() {
        assertThat(sequence() & 1).isZero();
        return (segment.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID) != 0;
    }

    private int sequence() {
        return segment.getInt(RecordLayout.SEQUENCE_NUMBER);
    }

    @Test
    void shouldPublishWhatItIsTold() {
        tick();
        assertThat(isValid()).isFalse();
        loop.publish(correction(clocks), 0);
        tick();
        assertThat(isValid()).isTrue();
        assertThat(loop.turns()).isEqualTo(2);
    }

    /** The engine may still publish what it computed from before, on a clock that reads a time after the jump. */
    @Test
    void shouldNotPublishWhatDoesNotKnowOfAJump() {
        loop.publish(correction(clocks), 0);
        tick();
        clocks.suspend(600 * SECOND);
        tick();
        assertThat(isValid()).isFalse();
        for (int i = 0; i < 10; i++) {
            loop.publish(correction(clocks), 0);
            tick();
            assertThat(isValid()).isFalse();
        }
        assertThat(loop.discontinuities()).isEqualTo(1);
        loop.publish(correction(clocks), 1);
        tick();
        assertThat(isValid()).isTrue();
    }

    /** The hypervisor's word: no clock shows what happened. */
    @Test
    void shouldVoidTheRecordAtTheTickAfterADisruptionUntilSomebodyHasMeasuredSince() throws IOException {
        Path device = directory.resolve("vmclock0");
        ByteBuffer page = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(0, 0x4B4C4356).putInt(4, 0x70).putShort(8, (short) 1);
        Files.write(device, page.array());
        VmClock vmClock = VmClock.open(device);
        RecordWriter writer = new RecordWriter(clocks, 1, vmClock::marker);
        loop = new WriterLoop(clocks, writer, 100, Correction.nothingKnown(0), segment);
        try (FileChannel host = FileChannel.open(device, StandardOpenOption.WRITE)) {
            loop.publish(correction(clocks), 0);
            tick();
            assertThat(isValid()).isTrue();
            for (int i = 1; i <= 1000; i++) {
                // As the host does it: odd while it changes.
                host.write(page.putInt(12, 2 * i - 1).putLong(16, i).clear(), 0);
                // What the record does not know of yet is not said of it.
                assertThat(writer.disruption()).isEqualTo(i - 1);
                tick();
                assertThat(writer.disruption()).isEqualTo(i);
                assertThat(isValid()).isFalse();
                host.write(page.putInt(12, 2 * i).clear(), 0);
                loop.publish(correction(clocks), i - 1);
                tick();
                assertThat(isValid()).isFalse();
                loop.publish(correction(clocks), i);
                tick();
                assertThat(isValid()).isTrue();
            }
        }
    }

    /** A correction from before the jump is one from the future then. */
    @Test
    void shouldVoidTheRecordAtOnceWhenTheRawClockJumpsBack() {
        loop.publish(correction(clocks), 0);
        tick();
        clocks.jumpRaw(-100 * SECOND);
        tick();
        assertThat(isValid()).isFalse();
        tick();
        assertThat(isValid()).isFalse();
    }

    /** Whoever publishes on the network thread may be of any age when two jumps follow each other. */
    @Test
    void shouldWaitForWhoKnowsOfAllJumps() {
        tick();
        clocks.suspend(SECOND);
        tick();
        clocks.suspend(SECOND);
        tick();
        loop.publish(correction(clocks), 1);
        tick();
        assertThat(isValid()).isFalse();
        loop.publish(correction(clocks), 2);
        tick();
        assertThat(isValid()).isTrue();
    }

    @Test
    void shouldLeaveAnAbandonedRecordInTheMiddleOfAWrite() {
        loop.publish(correction(clocks), 0);
        tick();
        assertThat(isValid()).isTrue();
        loop.abandon();
        assertThat(sequence() & 1).isOne();
        loop.abandon();
        assertThat(sequence() & 1).isOne();
        // A writer that goes on after all writes a whole record again.
        tick();
        assertThat(isValid()).isTrue();
    }

    @Test
    void shouldAllocateNothingPerTick() {
        HostClocks system = HostClocks.system();
        WriterLoop real = loop(system);
        real.publish(correction(system), 0);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        // Compiled code allocates nothing; what the warm-up allocates in the interpreter does not count.
        for (int round = 0; round < 20 && least > 0; round++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < 50_000; i++) {
                real.tick();
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
        }
        assertThat(least).isZero();
    }
}
