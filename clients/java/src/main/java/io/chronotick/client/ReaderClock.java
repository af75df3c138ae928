// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;

/** UTC as a reader estimates it. */
final class ReaderClock extends Clock {
    private final ChronoTickReader reader;
    private final ZoneId zone;

    ReaderClock(ChronoTickReader reader, ZoneId zone) {
        this.reader = reader;
        this.zone = zone;
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    @Override
    public Clock withZone(ZoneId newZone) {
        return newZone.equals(zone) ? this : new ReaderClock(reader, newZone);
    }

    @Override
    public Instant instant() {
        return EpochNanos.toInstant(reader.at(Edge.ESTIMATE));
    }

    @Override
    public long millis() {
        return Math.floorDiv(reader.at(Edge.ESTIMATE), 1_000_000L);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ReaderClock that && that.reader == reader && that.zone.equals(zone);
    }

    @Override
    public int hashCode() {
        return 31 * System.identityHashCode(reader) + zone.hashCode();
    }

    @Override
    public String toString() {
        return "ChronoTick[" + reader.segment() + "," + zone + "]";
    }
}
