// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Compares the system clock with the record, as any reader would: what is withdrawn there is withdrawn here. Not thread-safe.
 */
public final class RecordSampler implements Supplier<Optional<TimeSample>> {
    private final HostClocks clocks;
    private final Supplier<Upstream> upstream;
    private final ChronoTickClock clock;
    private final TimeInterval now = new TimeInterval();
    private final CorrectionRecord record = new CorrectionRecord();

    /** A sampler of a segment, which need not be there yet. */
    public RecordSampler(Path segment, HostClocks clocks, Supplier<Upstream> upstream) {
        this.clocks = clocks;
        this.upstream = upstream;
        this.clock = ChronoTickClock.of(segment);
    }

    /** Empty where a reader is told no time. */
    @Override
    public Optional<TimeSample> get() {
        try {
            // Before the record: what the VMClock says after that may void it.
            Upstream known = upstream.get();
            ChronoTickReader reader = clock.reader();
            // First: whoever is held up between these reads makes the sample older, never younger.
            long coarse = clocks.coarseMonotonicNanos();
            long before = clocks.realtimeNanos();
            reader.now(now);
            long raw = clocks.rawNanos();
            long took = Math.abs(clocks.realtimeNanos() - before);
            reader.read(record);
            long age = record.ageNanos(clocks.monotonicNanos());
            long validity = Math.round((record.validUntil() - record.systemTimestamp()) * 1e9);
            return Optional.of(new TimeSample(
                    coarse,
                    raw,
                    before + took / 2,
                    now.estimateNanos(),
                    now.boundNanos() + took / 2 + 1,
                    now.standardUncertaintyNanos(),
                    RecordWriter.MAX_DRIFT,
                    Math.max(0, validity - age),
                    record.isHoldover(),
                    known));
        } catch (ChronoTickException e) {
            return Optional.empty();
        }
    }
}
