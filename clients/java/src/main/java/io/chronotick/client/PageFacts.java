// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * What a reader of the record has to know of the page. None of it changes in a file once the magic is there, so it is read
 * outside the page's seqlock.
 *
 * @param magic 0 while the page has not been written
 * @param version of the page
 * @param updateFrequency records a second
 * @param bootId of the daemon's kernel, where it is known
 * @param timeNamespace inode of the daemon's time namespace; 0 where it is not known
 */
record PageFacts(long magic, int version, double updateFrequency, Optional<UUID> bootId, long timeNamespace) {
    private static final UUID NO_BOOT_ID = new UUID(0, 0);

    static PageFacts of(ByteBuffer segment) {
        // The magic is written last: with it the rest is there.
        long magic = (long) Segment.LONG.getAcquire(segment, PageLayout.MAGIC);
        return new PageFacts(
                magic,
                (int) Segment.INT.get(segment, PageLayout.PAGE_VERSION),
                (double) Segment.DOUBLE.get(segment, PageLayout.UPDATE_FREQUENCY),
                bootId(segment),
                (long) Segment.LONG.get(segment, PageLayout.TIME_NAMESPACE));
    }

    /** Big-endian, unlike all numbers of the segment. */
    static Optional<UUID> bootId(ByteBuffer segment) {
        UUID id = new UUID(
                Long.reverseBytes((long) Segment.LONG.get(segment, PageLayout.BOOT_ID)),
                Long.reverseBytes((long) Segment.LONG.get(segment, PageLayout.BOOT_ID + Long.BYTES)));
        return id.equals(NO_BOOT_ID) ? Optional.empty() : Optional.of(id);
    }

    boolean isWritten() {
        return magic != 0;
    }

    /**
     * Throws unless this is a page, if any, that this client reads.
     *
     * @throws IncompatibleSegmentException if not
     */
    void requireKnownLayout(Path path) {
        if (isWritten() && magic != PageLayout.MAGIC_VALUE) {
            throw new IncompatibleSegmentException(
                    path + " is not a ChronoTick segment (wrong magic); check the name, or use another with --shm");
        }
        if (isWritten() && version != PageLayout.VERSION) {
            throw new IncompatibleSegmentException(path + " has page version " + Integer.toUnsignedString(version)
                    + ", this client reads " + PageLayout.VERSION + ": use a client and a daemon of the same release");
        }
    }

    /**
     * Throws if the daemon's CLOCK_MONOTONIC is known to be another than that of this process. Where one side cannot tell, the
     * age of the record has to do.
     *
     * @throws ClockDomainException if so
     */
    void requireClockDomainOf(Host host, Path path) {
        if (!isWritten()) {
            return;
        }
        Optional<UUID> here = host.bootId();
        if (bootId.isPresent() && here.isPresent() && !bootId.equals(here)) {
            throw new ClockDomainException(
                    path + " was written by another boot of this machine, or on another one (boot id " + bootId.get()
                            + ", here " + here.get() + "): " + Segment.start(path));
        }
        long namespace = host.timeNamespace();
        if (timeNamespace != 0 && namespace != 0 && timeNamespace != namespace) {
            throw new ClockDomainException(path + " was written in time namespace "
                    + Long.toUnsignedString(timeNamespace) + " and this process is in "
                    + Long.toUnsignedString(namespace) + ", where the clocks show something else: run a daemon here,"
                    + " on a segment of its own (" + Segment.PROGRAM + " daemon --shm NAME)");
        }
    }
}
