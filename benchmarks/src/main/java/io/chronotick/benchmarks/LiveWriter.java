// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.daemon.segment.DaemonStatus;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.segment.StatusPageWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The daemon's own record writer in a process of its own, without servers. Arguments: segment, records a second (0: as fast
 * as it can). Ends, and removes the segment, when its standard input closes.
 */
final class LiveWriter {
    private static final long SECOND = 1_000_000_000L;

    private LiveWriter() {}

    /**
     * A valid correction by {@code seconds} whose fields give it away: its count is {@code seconds}, its bound a tenth of it.
     * It stays so for years: no frequency, no drift.
     */
    static Correction correction(HostClocks clocks, int seconds) {
        long raw = clocks.rawNanos();
        return new Correction(
                raw,
                clocks.realtimeNanos() + seconds * SECOND,
                0,
                1e-12,
                0,
                1e-24,
                0,
                1,
                0,
                0.1 * seconds,
                0,
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
                seconds,
                raw);
    }

    /** A page, without which no record is valid. */
    static void writePage(HostClocks clocks, double frequency, ByteBuffer segment) {
        new StatusPageWriter(clocks.realtimeNanos() * 1e-9, frequency, "", "benchmark", false)
                .write(segment, clocks.domain(), DaemonStatus.EMPTY);
    }

    public static void main(String[] args) throws Exception {
        HostClocks clocks = HostClocks.system();
        long frequency = Long.parseLong(args[1]);
        Thread input = new Thread(() -> {
            try {
                System.in.transferTo(java.io.OutputStream.nullOutputStream());
            } catch (java.io.IOException e) {
                // As good as closed.
            }
        });
        input.start();
        try (SegmentFile segment = SegmentFile.claim(Path.of(args[0]), clocks.domain())) {
            writePage(clocks, (double) Math.max(frequency, 1), segment.buffer());
            RecordWriter writer =
                    new RecordWriter(clocks, (int) ProcessHandle.current().pid());
            Correction one = correction(clocks, 1);
            Correction two = correction(clocks, 2);
            writer.tick(one, segment.buffer());
            System.out.println("ready");
            long deadline = clocks.monotonicNanos();
            for (long i = 0; input.isAlive(); i++) {
                // Paced: always the same, as from a daemon. Flat out: two in turn, so that a mixture shows.
                writer.tick(frequency == 0 && (i & 1) == 0 ? two : one, segment.buffer());
                if (frequency > 0) {
                    deadline += SECOND / frequency;
                    clocks.sleepUntilMonotonic(deadline);
                }
            }
        }
    }
}
