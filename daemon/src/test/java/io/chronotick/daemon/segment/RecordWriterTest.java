// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.time.FakeClocks;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RecordWriterTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final long OFFSET = 23_100_000L;
    private static final double FREQUENCY = 12e-6;

    private final FakeClocks clocks = new FakeClocks();
    private final ByteBuffer segment = segmentOf(clocks);
    private final RecordWriter writer = new RecordWriter(clocks, 4711);
    private final Correction correction = correctionNow(clocks, clocks.realtimeNanos() + OFFSET);

    /** Without a record yet; its page states the clocks as they are. */
    private static ByteBuffer segmentOf(HostClocks clocks) {
        ByteBuffer segment = ByteBuffer.allocate(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        new StatusPageWriter(0, 100, "", "test", false).write(segment, clocks.domain(), DaemonStatus.EMPTY);
        return segment;
    }

    private static Correction correctionNow(HostClocks clocks, long utc) {
        return new Correction(
                clocks.rawNanos(),
                utc,
                FREQUENCY,
                1e-12,
                0,
                1e-18,
                1e-18,
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
                0.9,
                80 * SECOND,
                17,
                clocks.rawNanos());
    }

    private void tickAfter(long nanos, double slew) {
        clocks.pass(nanos, slew);
        writer.tick(correction, segment);
    }

    private double get(int offset) {
        return segment.getDouble(offset);
    }

    private int flags() {
        return segment.getInt(RecordLayout.FLAGS);
    }

    /** What a reader computes (docs/shared-memory.md) for CLOCK_MONOTONIC {@code mono}, ns since the Unix epoch. */
    private long utcAt(long mono) {
        BigDecimal anchor = new BigDecimal(get(RecordLayout.SYSTEM_TIMESTAMP))
                .scaleByPowerOfTen(9)
                .setScale(0, RoundingMode.HALF_UP);
        double correctionSeconds = get(RecordLayout.OFFSET_CORRECTION)
                + get(RecordLayout.DRIFT_RATE)
                        * (get(RecordLayout.SYSTEM_TIMESTAMP) - get(RecordLayout.PREDICTION_TIME));
        double elapsed = mono - segment.getLong(RecordLayout.MONOTONIC_NS);
        return anchor.longValueExact()
                + Math.round(correctionSeconds * 1e9 + elapsed * (1 + get(RecordLayout.DRIFT_RATE)));
    }

    private long errorNow() {
        return utcAt(clocks.monotonicNanos()) - correction.utcNanosAt(clocks.rawNanos());
    }

    @Test
    void shouldPublishTheCorrectionToTheNanosecond() {
        tickAfter(7_654_321, 0);
        assertThat(Math.abs(errorNow())).isLessThanOrEqualTo(1);
        assertThat(get(RecordLayout.OFFSET_CORRECTION)).isCloseTo(OFFSET * 1e-9, within(1e-6));
        assertThat(flags())
                .isEqualTo(RecordLayout.FLAG_VALID
                        | RecordLayout.FLAG_NTP_READY
                        | RecordLayout.FLAG_MODELS_READY
                        | RecordLayout.FLAG_WARMUP_COMPLETE);
        assertThat(segment.getInt(RecordLayout.SOURCE)).isEqualTo(2);
        assertThat(segment.getInt(RecordLayout.WRITER_PID)).isEqualTo(4711);
        assertThat(segment.getInt(RecordLayout.MEASUREMENT_COUNT)).isEqualTo(17);
        assertThat(segment.getInt(RecordLayout.LAYOUT_VERSION)).isEqualTo(2);
        assertThat(segment.getInt(RecordLayout.SEQUENCE_NUMBER)).isEqualTo(2);
    }

    /**
     * An inserted second, at 100 records a second: each is followed, as readers do, until the next one comes, and as long as it says
     * that it may be. The truth is POSIX time, which steps back at the leap second.
     */
    @Test
    void shouldHoldTheTruthThroughALeapSecond() {
        long leap = clocks.rawNanos() + 3 * SECOND + 456_789;
        Correction leaping = new Correction(
                correction.rawNanos(),
                correction.utcNanos(),
                FREQUENCY,
                1e-12,
                0,
                1e-18,
                1e-18,
                1,
                0,
                1e-4,
                1e-6,
                0.010,
                false,
                5 * SECOND,
                Correction.Source.FUSION,
                true,
                true,
                false,
                false,
                LeapIndicator.INSERT,
                leap,
                false,
                0.9,
                80 * SECOND,
                17,
                correction.rawNanos());
        int wide = 0;
        for (int tick = 0; tick < 600; tick++) {
            clocks.pass(10 * MILLI, 0);
            writer.tick(leaping, segment);
            long raw = clocks.rawNanos();
            long mono = clocks.monotonicNanos();
            double lasts = get(RecordLayout.VALID_UNTIL) - get(RecordLayout.SYSTEM_TIMESTAMP);
            for (long later : new long[] {0, 5 * MILLI, 10 * MILLI, Math.round(lasts * 1e9) - MILLI / 1000}) {
                if (later < lasts * 1e9) {
                    // The servers step as early or as late as the bound allows.
                    for (long early : new long[] {-MILLI / 10, 0, MILLI / 10}) {
                        long truth = correction.utcNanosAt(raw + later) - (raw + later < leap + early ? 0 : SECOND);
                        double bound = segment.getFloat(RecordLayout.MAX_ERROR) + RecordWriter.MAX_DRIFT * later * 1e-9;
                        assertThat(Math.abs(utcAt(mono + later) - truth) * 1e-9)
                                .as("%.3f ms after the leap, followed for %.3f ms", (raw - leap) * 1e-6, later * 1e-6)
                                .isLessThanOrEqualTo(bound);
                    }
                }
            }
            wide += segment.getFloat(RecordLayout.MAX_ERROR) > 1 ? 1 : 0;
        }
        assertThat(wide).as("records that leave a second open").isBetween(9, 11);
        assertThat(get(RecordLayout.VALID_UNTIL) - get(RecordLayout.SYSTEM_TIMESTAMP))
                .isEqualTo(5);
    }

    @Test
    void shouldAnchorOnADoubleThatMovesForwardWithEveryTick() {
        long last = 0;
        for (int i = 0; i < 1000; i++) {
            tickAfter(1_000_003, 0);
            long anchor = segment.getLong(RecordLayout.MONOTONIC_NS);
            assertThat(anchor).isGreaterThan(last);
            last = anchor;
            // The grid's step is 238.4 ns.
            assertThat(clocks.monotonicNanos() - anchor).isBetween(0L, 239L);
            assertThat(Math.abs(errorNow())).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void shouldNotMoveNowWhenTheSystemClockIsStepped() {
        tickAfter(10 * MILLI, 0);
        clocks.stepRealtime(-3600 * SECOND);
        // Before the next tick: the monotonic anchor holds.
        clocks.pass(5 * MILLI, 0);
        assertThat(Math.abs(errorNow())).isLessThanOrEqualTo(1);
        writer.tick(correction, segment);
        assertThat(Math.abs(errorNow())).isLessThanOrEqualTo(1);
        assertThat(get(RecordLayout.OFFSET_CORRECTION)).isCloseTo(3600 + OFFSET * 1e-9, within(1e-5));
        assertThat(flags() & RecordLayout.FLAG_CLOCK_STEPPED).isNotZero();
        assertThat(flags() & RecordLayout.FLAG_VALID).isNotZero();
        assertThat(writer.clockSteps()).isEqualTo(1);
        tickAfter(61 * SECOND, 0);
        assertThat(flags() & RecordLayout.FLAG_CLOCK_STEPPED).isZero();
    }

    @Test
    void shouldFollowASlewWithinASecond() {
        for (int i = 0; i < 300; i++) {
            tickAfter(10 * MILLI, 0);
        }
        for (int i = 0; i < 120; i++) {
            tickAfter(10 * MILLI, 500e-6);
        }
        assertThat(get(RecordLayout.DRIFT_RATE)).isCloseTo(FREQUENCY - 500e-6, within(1e-6));
        // A reader between two ticks, while the slew goes on.
        clocks.pass(9 * MILLI, 500e-6);
        assertThat(Math.abs(errorNow())).isLessThanOrEqualTo(10);
    }

    /** As fast as chronyd slews by default (maxslewrate): only what a reader extrapolates before the next tick is wrong. */
    @Test
    void shouldFollowASuddenSlewFromTheNextTickOn() {
        for (int i = 0; i < 300; i++) {
            tickAfter(10 * MILLI, 0);
        }
        for (double slew : new double[] {0.0833, -0.0833, 0}) {
            tickAfter(10 * MILLI, slew);
            for (int i = 0; i < 200; i++) {
                clocks.pass(9 * MILLI, slew);
                assertThat(Math.abs(errorNow())).as("turn %d at %s", i, slew).isLessThanOrEqualTo(10);
                tickAfter(MILLI, slew);
            }
        }
        assertThat(writer.discontinuities()).isZero();
    }

    @Test
    void shouldCoverASlewThatBeginsAfterTheTick() {
        tickAfter(10 * MILLI, 0);
        clocks.pass(900 * MILLI, 500e-6);
        double allowed = segment.getFloat(RecordLayout.MAX_ERROR) + RecordWriter.MAX_DRIFT * 0.9;
        assertThat(Math.abs(errorNow()) * 1e-9).isLessThan(allowed);
    }

    @Test
    void shouldVoidTheRecordAfterASuspend() {
        tickAfter(10 * MILLI, 0);
        clocks.suspend(600 * SECOND);
        tickAfter(10 * MILLI, 0);
        assertThat(flags() & RecordLayout.FLAG_VALID).isZero();
        assertThat(segment.getInt(RecordLayout.SOURCE)).isZero();
        assertThat(writer.discontinuities()).isEqualTo(1);
        // The engine has measured again: a correction from after the jump.
        writer.tick(correctionNow(clocks, clocks.realtimeNanos()), segment);
        assertThat(flags() & RecordLayout.FLAG_VALID).isNotZero();
    }

    @Test
    void shouldPublishWhatTheMachineWasSuspendedAndOnlyWhenThatChanges() {
        clocks.suspend(7200 * SECOND);
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getInt(PageLayout.BOOTTIME_KNOWN)).isEqualTo(1);
        assertThat(segment.getLong(PageLayout.BOOTTIME_LEAD_NS)).isEqualTo(7200 * SECOND);

        // Not written again: the line of the cache stays with the readers.
        segment.putLong(PageLayout.BOOTTIME_LEAD_NS, 1);
        tickAfter(10 * MILLI, 500e-6);
        assertThat(segment.getLong(PageLayout.BOOTTIME_LEAD_NS)).isEqualTo(1);

        clocks.suspend(5 * SECOND);
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getLong(PageLayout.BOOTTIME_LEAD_NS)).isEqualTo(7205 * SECOND);

        ByteBuffer another = segmentOf(clocks);
        writer.tick(correction, another);
        assertThat(another.getLong(PageLayout.BOOTTIME_LEAD_NS)).isEqualTo(7205 * SECOND);
    }

    @Test
    void shouldPublishABetterReadingOfTheBootClock() {
        // The first time the thread loses its CPU between the two clocks: reads 0 to 3 of the three clocks, 4
        // monotonic, 5 boot.
        clocks.stallAfter(5, 80 * MILLI);
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getLong(PageLayout.BOOTTIME_LEAD_NS)).isEqualTo(80 * MILLI);
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getLong(PageLayout.BOOTTIME_LEAD_NS)).isZero();
        assertThat(writer.discontinuities()).isZero();
    }

    @Test
    void shouldSayThatThereIsNoBootClock() {
        clocks.hideBoottime();
        segment.putInt(PageLayout.BOOTTIME_KNOWN, 1); // of the daemon before
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getInt(PageLayout.BOOTTIME_KNOWN)).isZero();
        assertThat(flags() & RecordLayout.FLAG_VALID).isNotZero();
    }

    @Test
    void shouldPublishNothingValidInASegmentOfOtherClocks() {
        tickAfter(10 * MILLI, 0);
        assertThat(flags() & RecordLayout.FLAG_VALID).isNotZero();

        clocks.restoreInNamespace(4, 3600 * SECOND);
        tickAfter(10 * MILLI, 0);
        assertThat(flags() & RecordLayout.FLAG_VALID).isZero();
        assertThat(segment.getInt(RecordLayout.SOURCE)).isZero();
        assertThat(writer.discontinuities()).isEqualTo(1);

        // Measured again, but who has this file mapped has looked at its page.
        Correction fresh = correctionNow(clocks, clocks.realtimeNanos());
        clocks.pass(10 * MILLI, 0);
        writer.tick(fresh, segment);
        assertThat(flags() & RecordLayout.FLAG_VALID).isZero();

        ByteBuffer renewed = segmentOf(clocks);
        writer.tick(fresh, renewed);
        assertThat(renewed.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID).isNotZero();
        writer.tick(correction, renewed);
        assertThat(renewed.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID).isZero();
    }

    @Test
    void shouldLookWhoseClocksTheyAreBeforeItWritesToAnotherSegment() {
        tickAfter(10 * MILLI, 0);
        clocks.moveSilently(4);
        ByteBuffer renewed = segmentOf(clocks);
        clocks.pass(10 * MILLI, 0);
        writer.tick(correction, renewed);
        assertThat(renewed.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID).isZero();
        writer.tick(correctionNow(clocks, clocks.realtimeNanos()), renewed);
        assertThat(renewed.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID).isNotZero();
    }

    @Test
    void shouldNotBelieveInACorrectionFromBeforeARebootEver() {
        tickAfter(10 * MILLI, 0);
        clocks.restoreInBoot(new UUID(5, 6), 3600 * SECOND);
        ByteBuffer renewed = segmentOf(clocks);
        for (int i = 0; i < 100; i++) {
            // Past the reading of the raw clock that the correction begins with.
            clocks.pass(100 * SECOND, 0);
            writer.tick(correction, renewed);
            assertThat(renewed.getInt(RecordLayout.FLAGS) & RecordLayout.FLAG_VALID)
                    .as("turn %d", i)
                    .isZero();
        }
    }

    @Test
    void shouldNotBelieveInACorrectionFromTheFuture() {
        tickAfter(10 * MILLI, 0);
        Correction late = correctionNow(clocks, clocks.realtimeNanos());
        clocks.turnBack(60 * SECOND);
        tickAfter(10 * MILLI, 0);
        // The engine has not heard of it yet.
        writer.tick(late, segment);
        assertThat(flags() & RecordLayout.FLAG_VALID).isZero();
    }

    @Test
    void shouldKeepTheMeanLatencyWhenTheCountOfRecordsGoesRound() {
        RecordWriter old = new RecordWriter(clocks, 4711, () -> 0, -2);
        for (int i = 0; i < 3; i++) {
            clocks.pass(10 * MILLI, 0);
            old.tick(correction, segment);
            assertThat(segment.getFloat(RecordLayout.AVERAGE_LATENCY_MS)).isBetween(0f, 10_000f);
        }
        assertThat(segment.getInt(RecordLayout.TOTAL_CORRECTIONS)).isEqualTo(1);
    }

    @Test
    void shouldNotTakeALostCpuForASuspendOrAStep() {
        for (int reads = 0; reads < 30; reads++) {
            tickAfter(10 * MILLI, 0);
            clocks.stallAfter(reads, 50 * MILLI);
            tickAfter(10 * MILLI, 0);
            tickAfter(10 * MILLI, 0);
            assertThat(flags() & RecordLayout.FLAG_VALID).as("%d reads", reads).isNotZero();
        }
        assertThat(writer.discontinuities()).isZero();
        assertThat(writer.clockSteps()).isZero();
    }

    @Test
    void shouldNotBeValidWhenTheUncertaintyHasGrownAboveTheMaximum() {
        tickAfter(10 * MILLI, 0);
        assertThat(flags() & RecordLayout.FLAG_VALID).isNotZero();
        // sqrt(1e-18 / 3 t^3) passes 10 ms at t = 67,000 s.
        tickAfter(100_000 * SECOND, 0);
        assertThat(flags() & RecordLayout.FLAG_VALID).isZero();
        assertThat(get(RecordLayout.VALID_UNTIL)).isEqualTo(get(RecordLayout.SYSTEM_TIMESTAMP));
        assertThat(segment.getFloat(RecordLayout.CONFIDENCE)).isZero();
    }

    @Test
    void shouldSayNothingBeforeTheFirstExchange() {
        writer.tick(Correction.nothingKnown(clocks.rawNanos()), segment);
        assertThat(flags()).isZero();
        assertThat(segment.getInt(RecordLayout.SOURCE)).isZero();
        assertThat(get(RecordLayout.LAST_NTP_SYNC)).isZero();
    }

    @Test
    void shouldRepairTheSequenceOfAWriterThatDiedInsideAWrite() {
        segment.putInt(RecordLayout.FLAGS, RecordLayout.FLAG_VALID);
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, 41);
        RecordWriter.prepare(segment);
        assertThat(segment.getInt(RecordLayout.SEQUENCE_NUMBER)).isEqualTo(42);
        assertThat(flags()).isZero();
        RecordWriter.prepare(segment);
        assertThat(segment.getInt(RecordLayout.SEQUENCE_NUMBER)).isEqualTo(42);
    }

    @Test
    void shouldNeverComeBackToTheSequenceThatMeansNeverWritten() {
        segment.putInt(RecordLayout.SEQUENCE_NUMBER, -2);
        tickAfter(10 * MILLI, 0);
        assertThat(segment.getInt(RecordLayout.SEQUENCE_NUMBER)).isEqualTo(2);
    }

    @Test
    void shouldVoidTheRecordWhenTheDaemonEnds() {
        tickAfter(10 * MILLI, 0);
        RecordWriter.retire(segment);
        assertThat(flags()).isZero();
        assertThat(segment.getInt(RecordLayout.SEQUENCE_NUMBER)).isEqualTo(4);
    }

    @Test
    void shouldAllocateNothingPerTick() {
        HostClocks system = HostClocks.system();
        RecordWriter real = new RecordWriter(system, 1);
        ByteBuffer segment = segmentOf(system);
        Correction now = correctionNow(system, system.realtimeNanos());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        // Compiled code allocates nothing; what the warm-up allocates in the interpreter does not count.
        for (int round = 0; round < 20 && least > 0; round++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < 50_000; i++) {
                real.tick(now, segment);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
        }
        assertThat(least).isZero();
    }
}
