// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * UTC for applications that may start before the daemon: attaches to the segment when it is first asked, and again after that
 * has failed.
 *
 * <pre>{@code
 * Clock clock = ChronoTickClock.of(ChronoTickReader.defaultSegment());
 * Clock lenient = ChronoTickClock.of(ChronoTickReader.defaultSegment()).orElse(Clock.systemUTC());
 * }</pre>
 *
 * <p>Where ChronoTick has no time, its methods throw {@link ChronoTickException} as {@link ChronoTickReader#now} and
 * {@link ChronoTickReader#attach(Path)}, unless another clock is to be asked then: see {@link #orElse}.
 *
 * <p>Thread-safe. {@link #epochNanos} costs what {@link ChronoTickReader#now} costs and allocates nothing while there is a
 * time.
 */
public final class ChronoTickClock extends Clock implements AutoCloseable {
    /** How long the other clock is asked before ChronoTick is tried again, ns. */
    private static final long RETRY_NANOS = 100_000_000;

    private final Attachment attachment;
    private final @Nullable Clock fallback;
    private final ZoneId zone;

    private ChronoTickClock(Attachment attachment, @Nullable Clock fallback, ZoneId zone) {
        this.attachment = attachment;
        this.fallback = fallback;
        this.zone = zone;
    }

    static ChronoTickClock of(Path segment, Host host) {
        return new ChronoTickClock(new Attachment(segment, host), null, ZoneOffset.UTC);
    }

    /** The clock of a segment, which need not be there yet, in the zone UTC. */
    public static ChronoTickClock of(Path segment) {
        return of(segment, Host.Real.INSTANCE);
    }

    /**
     * This clock, with another to be asked while ChronoTick has no time. It is marked in no way which of the two answered, and
     * the time jumps by the other clock's error when they change places: for those to whom any time is better than none.
     * ChronoTick is tried again ten times a second.
     */
    public ChronoTickClock orElse(Clock other) {
        return new ChronoTickClock(attachment, Objects.requireNonNull(other), zone);
    }

    /**
     * The reader behind this clock; shared, and closed with it.
     *
     * @throws ChronoTickException as {@link ChronoTickReader#attach(Path)}, as long as it cannot be attached
     */
    public ChronoTickReader reader() {
        return attachment.reader();
    }

    /**
     * The best estimate of UTC now, ns since the Unix epoch.
     *
     * @throws ChronoTickException if ChronoTick has no time and there is no other clock
     */
    public long epochNanos() {
        Clock other = fallback;
        if (other == null) {
            return attachment.reader().at(Edge.ESTIMATE);
        }
        if (attachment.isToBeTried()) {
            try {
                long time = attachment.reader().at(Edge.ESTIMATE);
                attachment.failed = false;
                return time;
            } catch (ChronoTickException e) {
                attachment.setFailed();
            }
        }
        return EpochNanos.saturated(other.instant());
    }

    @Override
    public Instant instant() {
        return EpochNanos.toInstant(epochNanos());
    }

    @Override
    public long millis() {
        return Math.floorDiv(epochNanos(), 1_000_000L);
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    @Override
    public ChronoTickClock withZone(ZoneId newZone) {
        return new ChronoTickClock(attachment, fallback, Objects.requireNonNull(newZone));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChronoTickClock that
                && that.attachment == attachment
                && Objects.equals(that.fallback, fallback)
                && that.zone.equals(zone);
    }

    @Override
    public int hashCode() {
        return Objects.hash(System.identityHashCode(attachment), fallback, zone);
    }

    @Override
    public String toString() {
        return "ChronoTick[" + attachment.segment + "," + zone + (fallback == null ? "" : ", else " + fallback) + "]";
    }

    /** Lets go of the segment; later calls throw {@link IllegalStateException}, of all clocks made from this one. */
    @Override
    public void close() {
        attachment.close();
    }

    /** What the clocks made from one another share. */
    private static final class Attachment {
        final Path segment;
        final Host host;
        private volatile @Nullable ChronoTickReader reader;
        private boolean closed;

        /** Whether the last try found no time; its time in lastFailure, which is written before. */
        volatile boolean failed;

        private volatile long lastFailure;

        Attachment(Path segment, Host host) {
            this.segment = segment;
            this.host = host;
        }

        ChronoTickReader reader() {
            ChronoTickReader attached = reader;
            return attached != null ? attached : attach();
        }

        private synchronized ChronoTickReader attach() {
            if (closed) {
                throw new IllegalStateException("the clock of " + segment + " is closed");
            }
            ChronoTickReader attached = reader;
            if (attached == null) {
                attached = new ChronoTickReader(segment, host);
                reader = attached;
            }
            return attached;
        }

        boolean isToBeTried() {
            return !failed || host.monotonicNanos() - lastFailure >= RETRY_NANOS;
        }

        void setFailed() {
            lastFailure = host.monotonicNanos();
            failed = true;
        }

        synchronized void close() {
            closed = true;
            ChronoTickReader attached = reader;
            if (attached != null) {
                attached.close();
                reader = null;
            }
            failed = false; // or the other clock would answer
        }
    }
}
