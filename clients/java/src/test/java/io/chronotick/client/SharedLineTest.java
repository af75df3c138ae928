// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.TestSegment.ANCHOR;
import static io.chronotick.client.TestSegment.ANCHOR_NANOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reader keeps for {@code after}, {@code before} and its clock is used only as long as it is the record's. */
class SharedLineTest {
    private static final long MONO = 5_000_000_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final int THREADS = 4;
    private static final int READS = 200_000;

    @TempDir
    private Path directory = Path.of("");

    private final VirtualHost host = new VirtualHost(MONO);

    private TestSegment segment() {
        return TestSegment.create(directory.resolve("shm")).write(ANCHOR, MONO);
    }

    private ChronoTickReader reader(TestSegment segment) {
        return new ChronoTickReader(segment.path, host);
    }

    @Test
    void shouldUseTheRecordThatHasComeSince() {
        TestSegment segment = segment();
        Clock clock = reader(segment).clock();
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(0, ANCHOR_NANOS));
        host.now += 10_000_000;
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(0, ANCHOR_NANOS + 10_000_000));
        segment.with(RecordLayout.OFFSET_CORRECTION, 2).publish();
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(2, ANCHOR_NANOS + 10_000_000));
    }

    @Test
    void shouldKnowTheEndsOfTheIntervalApart() {
        TestSegment segment = segment();
        segment.withFloat(RecordLayout.MAX_ERROR, 0.5f).publish();
        ChronoTickReader reader = reader(segment);
        // Twice: from the record and from the line that was kept of it.
        for (int i = 0; i < 2; i++) {
            assertThat(reader.at(Edge.ESTIMATE)).isEqualTo(ANCHOR_NANOS);
            assertThat(reader.at(Edge.EARLIEST)).isEqualTo(ANCHOR_NANOS - SECOND / 2 - 1);
            assertThat(reader.at(Edge.LATEST)).isEqualTo(ANCHOR_NANOS + SECOND / 2 + 1);
        }
    }

    @Test
    void shouldNotOutliveAWithdrawal() {
        TestSegment segment = segment();
        ChronoTickReader reader = reader(segment);
        assertThat(reader.after(0)).isTrue();
        segment.withInt(RecordLayout.FLAGS, RecordLayout.FLAG_WARMUP_COMPLETE).publish();
        assertThatThrownBy(() -> reader.after(0)).isInstanceOf(ExpiredException.class);
        assertThatThrownBy(() -> reader.clock().millis()).isInstanceOf(ExpiredException.class);
    }

    @Test
    void shouldNotOutliveTheValidity() {
        TestSegment segment = segment();
        segment.with(RecordLayout.VALID_UNTIL, ANCHOR + 0x1p-7).publish();
        ChronoTickReader reader = reader(segment);
        host.now = MONO + 7_812_500;
        assertThat(reader.before(Long.MAX_VALUE)).isTrue();
        assertThat(reader.before(Long.MAX_VALUE)).isTrue();
        host.now++;
        assertThatThrownBy(() -> reader.before(Long.MAX_VALUE)).isInstanceOf(ExpiredException.class);
    }

    @Test
    void shouldNotAnswerOnceClosed() {
        TestSegment segment = segment();
        ChronoTickReader reader = reader(segment);
        assertThat(reader.after(0)).isTrue();
        reader.close();
        assertThatThrownBy(() -> reader.after(0)).isInstanceOf(IllegalStateException.class);
    }

    /** Two records in turn that differ in every field of the line, and four threads that replace it: no time of a mixture. */
    @Test
    void shouldNeverMixTheLinesOfTwoRecords() throws Exception {
        TestSegment segment = segment();
        put(segment, 1);
        segment.publish();
        ChronoTickReader reader = new ChronoTickReader(segment.path, new StoppedHost());
        List<Long> possible = new ArrayList<>();
        for (int which = 1; which <= 2; which++) {
            put(segment, which);
            segment.publish();
            possible.add(reader.at(Edge.LATEST));
        }
        assertThat(possible).doesNotHaveDuplicates();
        long first = possible.get(0);
        long second = possible.get(1);

        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
        try {
            Future<?> writer = threads.submit(() -> {
                for (int i = 0, sequence = 1000; !stop.get(); i++, sequence += 2) {
                    segment.withSequence(sequence + 1);
                    VarHandle.storeStoreFence();
                    put(segment, 1 + (i & 1));
                    segment.withSequence(sequence + 2);
                    for (int pause = 0; pause < 200; pause++) {
                        Thread.onSpinWait();
                    }
                }
            });
            List<Future<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                readers.add(threads.submit(() -> {
                    int mixed = 0;
                    for (int n = 0; n < READS; n++) {
                        long time = reader.at(Edge.LATEST);
                        mixed += time == first || time == second ? 0 : 1;
                    }
                    return mixed;
                }));
            }
            for (Future<Integer> each : readers) {
                assertThat(each.get()).isZero();
            }
            stop.set(true);
            writer.get();
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
    }

    /** Its time stands still, whatever the threads wait for. */
    private static final class StoppedHost extends VirtualHost {
        StoppedHost() {
            super(MONO + 10_000_000);
        }

        @Override
        public void park(long nanos) {
            Thread.onSpinWait();
        }

        @Override
        public void spin() {
            Thread.onSpinWait();
        }
    }

    private static void put(TestSegment segment, int which) {
        segment.fill(ANCHOR + which, MONO + which * 1_000_000L)
                .with(RecordLayout.OFFSET_CORRECTION, which * 0.25)
                .with(RecordLayout.DRIFT_RATE, which * 0x1p-10)
                .withFloat(RecordLayout.MAX_ERROR, which * 0.125f);
    }
}
