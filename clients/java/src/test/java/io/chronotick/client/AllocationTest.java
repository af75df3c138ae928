// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes, not time: the read path leaves nothing for the garbage collector. */
class AllocationTest {
    private static final int CALLS = 1_000_000;

    @TempDir
    private Path directory;

    AllocationTest() {
        directory = Path.of("");
    }

    /** Keeps escape analysis from removing the control's allocation. */
    private static volatile Object sink = "";

    private interface Call {
        boolean run();
    }

    @Test
    void shouldAllocateNothingOnTheReadPath() {
        Path path = directory.resolve("shm");
        // Valid for days and never stale, so that a slow machine does not see it expire.
        TestSegment.create(path)
                .with(PageLayout.UPDATE_FREQUENCY, 0.01)
                .fill(TestSegment.ANCHOR, System.nanoTime())
                .with(RecordLayout.VALID_UNTIL, TestSegment.ANCHOR + 1_000_000)
                .publish();
        CorrectionRecord record = new CorrectionRecord();
        TimeInterval kept = new TimeInterval();
        try (ChronoTickReader reader = ChronoTickReader.attach(path)) {
            assertThat(allocatedBy(() -> {
                        reader.read(record);
                        return record.isExpiredAt(record.monotonicNs());
                    }))
                    .as("read")
                    .isZero();
            assertThat(allocatedBy(() -> {
                        reader.now(kept);
                        return kept.standardUncertaintyNanos() > 1;
                    }))
                    .as("now")
                    .isZero();
            assertThat(allocatedBy(() -> reader.after(0))).as("after").isZero();
            assertThat(allocatedBy(() -> reader.before(0))).as("before").isZero();
            Clock clock = reader.clock();
            assertThat(allocatedBy(() -> clock.millis() > 0)).as("millis").isZero();
            long instants = allocatedBy(() -> {
                sink = Instant.ofEpochSecond(record.sequenceNumber(), 1);
                return true;
            });
            assertThat(instants).as("control: an instant each time").isPositive();
            assertThat(allocatedBy(() -> {
                        sink = clock.instant();
                        return true;
                    }))
                    .as("the instant and no more")
                    .isEqualTo(instants);
            assertThat(sink).isNotEqualTo("");
        }
    }

    /** Also where no call finds the record of the one before. */
    @Test
    void shouldAllocateNothingForANewRecord() {
        Path path = directory.resolve("shm");
        TestSegment segment = TestSegment.create(path)
                .with(PageLayout.UPDATE_FREQUENCY, 0.01)
                .fill(TestSegment.ANCHOR, System.nanoTime())
                .with(RecordLayout.VALID_UNTIL, TestSegment.ANCHOR + 1_000_000)
                .publish();
        TimeInterval kept = new TimeInterval();
        try (ChronoTickReader reader = ChronoTickReader.attach(path)) {
            assertThat(allocatedBy(() -> {
                        segment.publish();
                        return reader.after(0);
                    }))
                    .as("after")
                    .isZero();
            assertThat(allocatedBy(() -> {
                        segment.publish();
                        reader.now(kept);
                        return kept.widthNanos() > 0;
                    }))
                    .as("now")
                    .isZero();
        }
    }

    /**
     * Fewest bytes of some rounds: the compiler may allocate on this thread's account while it warms up, and where others keep
     * the processors busy that takes longer.
     */
    private static long allocatedBy(Call call) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        threads.setThreadAllocatedMemoryEnabled(true); // or the counter stands still at -1
        long fewest = Long.MAX_VALUE;
        int yes = 0;
        for (int round = 0; round < 20 && fewest > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                yes += call.run() ? 1 : 0;
            }
            fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(yes).isNotNegative();
        assertThat(threads.getCurrentThreadAllocatedBytes()).isPositive();
        return fewest;
    }
}
