// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static io.chronotick.client.Segment.DOUBLE;

import java.nio.file.Path;
import java.util.Locale;

/** Says why there is no time: off the hot path, with cause and remedy. Thread-safe. */
final class Refusal {
    private final Path path;
    private final Host host;
    private final SegmentFollower follower;

    Refusal(Path path, Host host, SegmentFollower follower) {
        this.path = path;
        this.host = host;
        this.follower = follower;
    }

    /** Throws what is wrong with the record; returns if nothing is any more. */
    void explain(Segment current) {
        CorrectionRecord record = new CorrectionRecord();
        follower.load(current, record);
        long mono = host.monotonicNanos(); // or a record that has come meanwhile would be from the future
        requireWritten(record);
        if (!current.isPageWritten()) {
            throw new NotReadyException(
                    path + " has a record but no page yet: its daemon is starting, or died doing so; see: "
                            + Segment.PROGRAM + " status");
        }
        double maxDrift = (double) DOUBLE.get(current.buffer, PageLayout.MAX_DRIFT);
        // A daemon that knows nothing yet publishes infinities, but never as valid.
        if (record.isValid() && !(record.isPlausible() && CorrectionMath.isPlausibleMaxDrift(maxDrift))) {
            throw new IncompatibleSegmentException(path + " holds values that no clock has (" + record + ", max_drift "
                    + maxDrift + "): something else writes to it; check the name, or " + Segment.start(path));
        }
        boolean inTime = record.isValid() && !record.isExpiredAt(mono);
        boolean stale = record.ageNanos(mono) > current.staleNanos;
        Suspend suspend = inTime && stale ? Suspend.since((int) record.sequenceNumber(), current, host) : Suspend.NONE;
        if (suspend == Suspend.RECORD_GONE || (inTime && suspend == Suspend.NONE)) {
            return;
        }
        String writer = "its writer (process " + record.writerPid() + ")";
        String age = String.format(Locale.ROOT, "%.3f s old", record.ageNanos(mono) * 1e-9);
        if (!follower.writerAlive(current)) {
            throw new DeadWriterException(
                    "the record in " + path + " is " + age + " and " + writer + " is gone; " + Segment.start(path));
        }
        if (!record.isValid() && !record.isWarmupComplete()) {
            throw new NotReadyException(path + " has no valid time yet: " + writer
                    + " is measuring; see its progress with: " + Segment.PROGRAM + " status");
        }
        if (suspend == Suspend.HAPPENED) {
            throw new ExpiredException(
                    "the record in " + path + " is expired (" + age + "): the machine was suspended since," + " and "
                            + writer + " has not written another; see: " + Segment.PROGRAM + " status");
        }
        if (suspend == Suspend.CANNOT_BE_TOLD) {
            throw new ExpiredException(
                    "the record in " + path + " is expired (" + age + "): whether the machine was suspended"
                            + " since cannot be told without the kernel's own /proc/uptime; mount /proc, and not lxcfs over it");
        }
        throw new ExpiredException("the record in " + path + " is expired (" + age + "): " + writer
                + " is stopped or has lost its servers; see: " + Segment.PROGRAM + " status");
    }

    void requireWritten(CorrectionRecord record) {
        if (!record.isWritten()) {
            throw new NotReadyException(
                    path + " has never been written: its daemon is starting, or died doing so; see: " + Segment.PROGRAM
                            + " status");
        }
        if (record.layoutVersion() != RecordLayout.VERSION) {
            throw new IncompatibleSegmentException(
                    path + " has record layout " + record.layoutVersion() + ", this client reads "
                            + RecordLayout.VERSION + ": use a client and a daemon of the same release");
        }
    }
}
