// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What a reader asks of its machine beside the segment. Tests put virtual time in its place. */
interface Host {
    /**
     * CLOCK_MONOTONIC, ns. On Linux HotSpot's {@link System#nanoTime()} is exactly that clock, so it can be compared with
     * the record's monotonic_ns, which another process wrote.
     */
    long monotonicNanos();

    /** CLOCK_REALTIME, ns since the epoch. */
    long realtimeNanos();

    /** Sleeps about so long; may return early. */
    void park(long nanos);

    /** Passes a moment without giving up the CPU. */
    void spin();

    /** Whether the process exists and has not become a zombie. */
    boolean isAlive(long pid);

    /** The kernel's boot id; empty where it shows none. */
    Optional<UUID> bootId();

    /** Inode of the time namespace of this process; 0 where there are none. */
    long timeNamespace();

    /**
     * How far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC, ns: at least this much, and at most 11 ms more. Empty where it
     * cannot be told.
     */
    OptionalLong boottimeLeadNanos();

    /** Effective user id of this process; empty where there is no such number. */
    OptionalLong effectiveUserId();

    /** The environment's CHRONOTICK_TRUST_UID. */
    @Nullable
    String trustedUserId();

    /** The machine itself. */
    enum Real implements Host {
        INSTANCE;

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }

        @Override
        public long realtimeNanos() {
            return EpochNanos.saturated(Instant.now());
        }

        @Override
        public void park(long nanos) {
            LockSupport.parkNanos(nanos);
        }

        @Override
        public void spin() {
            Thread.onSpinWait();
        }

        @Override
        public boolean isAlive(long pid) {
            return ProcessState.isAlive(pid);
        }

        @Override
        public Optional<UUID> bootId() {
            return Proc.bootId();
        }

        @Override
        public long timeNamespace() {
            return Proc.timeNamespace();
        }

        @Override
        public OptionalLong boottimeLeadNanos() {
            return Proc.boottimeLeadNanos();
        }

        @Override
        public OptionalLong effectiveUserId() {
            return Proc.effectiveUserId();
        }

        @Override
        public @Nullable String trustedUserId() {
            return System.getenv("CHRONOTICK_TRUST_UID");
        }
    }
}
