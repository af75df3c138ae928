// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.VarHandle;
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

/** A writer flat out against two reading threads. Every field of a record holds the same number, so a torn one shows. */
class SeqlockStressTest {
    private static final int READS = 300_000;

    @TempDir
    private Path directory;

    private final AtomicBoolean stop = new AtomicBoolean();

    SeqlockStressTest() {
        directory = Path.of("");
    }

    @Test
    void shouldNeverAcceptATornRecord() throws Exception {
        assertThat(tornReads(true)).isZero();
    }

    /** The negative control: the same readers without the check have to see torn records, or the test proves nothing. */
    @Test
    void shouldTearWithoutTheSequenceCheck() throws Exception {
        assertThat(tornReads(false)).isPositive();
    }

    private long tornReads(boolean checked) throws Exception {
        TestSegment segment = TestSegment.create(directory.resolve("shm")).write(1, 1);
        writeFields(segment, 1);
        segment.publish();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Future<?> writer = threads.submit(() -> writeUntilStopped(segment));
            List<Future<Long>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                readers.add(threads.submit(() -> countTorn(segment, checked)));
            }
            long torn = 0;
            for (Future<Long> reader : readers) {
                torn += reader.get(2, TimeUnit.MINUTES);
            }
            stop.set(true);
            writer.get(1, TimeUnit.MINUTES);
            return torn;
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
    }

    private static long countTorn(TestSegment segment, boolean checked) {
        CorrectionRecord record = new CorrectionRecord();
        long torn = 0;
        long accepted = 0;
        try (ChronoTickReader reader = ChronoTickReader.attach(segment.path)) {
            for (int i = 0; i < READS; i++) {
                if (checked) {
                    try {
                        reader.read(record);
                        accepted++;
                    } catch (ContentionException e) {
                        continue; // an honest answer when the writer has lost its CPU
                    }
                } else {
                    accepted += record.tryLoad(segment.bytes) ? 1 : 0; // and the rest is looked at all the same
                }
                double number = record.correctedTimestamp();
                boolean whole = record.systemTimestamp() == number
                        && record.offsetCorrection() == number
                        && record.driftRate() == number
                        && record.offsetUncertainty() == number
                        && record.driftUncertainty() == number
                        && record.predictionTime() == number
                        && record.validUntil() == number
                        && record.lastNtpSync() == number
                        && record.daemonUptime() == number
                        && record.monotonicNs() == (long) number;
                torn += whole ? 0 : 1;
            }
        }
        assertThat(accepted).isGreaterThan(READS / 2);
        return torn;
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
