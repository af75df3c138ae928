// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer flat out against two reading threads. Every field of a record holds the same number, so a torn one shows. How long
 * that takes depends on the machine, what has to be seen does not: each reader goes on until it has met enough writes, in
 * progress and complete, to have been in danger.
 */
class SeqlockStressTest {
    /** What a reader has to have done before its finding counts. */
    private static final int READS = 300_000;

    private static final int DIFFERENT_RECORDS = 2_000;
    private static final int WRITES_MET = 50;

    /** Far longer than it takes, even on one CPU that others use too. */
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

    @TempDir
    private Path directory;

    private final AtomicBoolean stop = new AtomicBoolean();

    SeqlockStressTest() {
        directory = Path.of("");
    }

    @Test
    void shouldNeverAcceptATornRecord() throws Exception {
        assertThat(tornReads(SeqlockStressTest::readChecked)).isZero();
    }

    /** The negative control: readers that ignore the sequence have to see torn records, or the test proves nothing. */
    @Test
    void shouldTearWithoutTheSequenceCheck() throws Exception {
        assertThat(tornReads(SeqlockStressTest::readUnchecked)).isPositive();
    }

    /** Reads until it has seen enough; returns how many of the records it took for good were torn. */
    private interface ReadingThread {
        long run(TestSegment segment);
    }

    private long tornReads(ReadingThread reading) throws Exception {
        TestSegment segment = TestSegment.create(directory.resolve("shm")).write(1, 1);
        writeFields(segment, 1);
        segment.publish();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Future<?> writer = threads.submit(() -> writeUntilStopped(segment));
            List<Future<Long>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                readers.add(threads.submit(() -> reading.run(segment)));
            }
            long torn = 0;
            for (Future<Long> reader : readers) {
                torn += reader.get();
            }
            stop.set(true);
            writer.get();
            return torn;
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
    }

    private static long readChecked(TestSegment segment) {
        long start = System.nanoTime();
        CorrectionRecord record = new CorrectionRecord();
        long torn = 0;
        long reads = 0;
        long different = 0;
        long writesMet = 0;
        double last = 0;
        try (ChronoTickReader reader = ChronoTickReader.attach(segment.path)) {
            while (reads < READS || different < DIFFERENT_RECORDS || writesMet < WRITES_MET) {
                reads++;
                if (!record.tryLoad(segment.bytes)) {
                    writesMet++;
                    try {
                        reader.read(record);
                    } catch (ContentionException e) {
                        // An honest answer when the writer has lost its CPU inside a write.
                        failWhenLate(start, reads, different, writesMet);
                        continue;
                    }
                }
                torn += isWhole(record) ? 0 : 1;
                different += record.correctedTimestamp() != last ? 1 : 0;
                last = record.correctedTimestamp();
                failWhenLate(start, reads, different, writesMet);
            }
        }
        return torn;
    }

    private static long readUnchecked(TestSegment segment) {
        long start = System.nanoTime();
        CorrectionRecord record = new CorrectionRecord();
        ByteBuffer copy = ByteBuffer.allocateDirect(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (long reads = 1; ; reads++) {
            copy.put(0, segment.bytes, 0, RecordLayout.RECORD_SIZE);
            copy.putInt(RecordLayout.SEQUENCE_NUMBER, 2);
            assertThat(record.tryLoad(copy)).isTrue();
            if (!isWhole(record)) {
                return 1;
            }
            failWhenLate(start, reads, 0, 0);
        }
    }

    private static void failWhenLate(long start, long reads, long different, long writesMet) {
        if (System.nanoTime() - start > PATIENCE_NANOS) {
            throw new AssertionError("after five minutes and " + reads + " reads only " + different
                    + " different records and " + writesMet + " writes under way were met");
        }
    }

    private static boolean isWhole(CorrectionRecord record) {
        double number = record.correctedTimestamp();
        return record.systemTimestamp() == number
                && record.offsetCorrection() == number
                && record.driftRate() == number
                && record.offsetUncertainty() == number
                && record.driftUncertainty() == number
                && record.predictionTime() == number
                && record.validUntil() == number
                && record.lastNtpSync() == number
                && record.daemonUptime() == number
                && record.monotonicNs() == (long) number;
    }

    private void writeUntilStopped(TestSegment segment) {
        int sequence = 1000;
        for (long number = 2; !stop.get(); number++) {
            segment.withSequence(sequence + 1);
            VarHandle.storeStoreFence();
            writeFields(segment, number);
            segment.withSequence(sequence + 2);
            sequence += 2;
            for (int pause = 0;
                    pause < 200;
                    pause++) { // or readers that are still interpreted never meet a stable record
                Thread.onSpinWait();
            }
        }
    }

    private static void writeFields(TestSegment segment, long number) {
        for (int offset : new int[] {
            RecordLayout.CORRECTED_TIMESTAMP,
            RecordLayout.SYSTEM_TIMESTAMP,
            RecordLayout.OFFSET_CORRECTION,
            RecordLayout.DRIFT_RATE,
            RecordLayout.OFFSET_UNCERTAINTY,
            RecordLayout.DRIFT_UNCERTAINTY,
            RecordLayout.PREDICTION_TIME,
            RecordLayout.VALID_UNTIL,
            RecordLayout.LAST_NTP_SYNC,
            RecordLayout.DAEMON_UPTIME
        }) {
            segment.with(offset, (double) number);
        }
        segment.bytes.putLong(RecordLayout.MONOTONIC_NS, number);
    }
}
