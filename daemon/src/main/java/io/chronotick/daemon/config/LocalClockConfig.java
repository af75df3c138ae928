// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A clock of this host beside the servers, as the operator named it. Immutable.
 *
 * @param kind what it is
 * @param device of a PTP hardware clock: {@code /dev/ptp0}, or {@link #AUTO} until it has been looked for; else empty
 * @param maxErrorSeconds what it may be off from UTC by, s; empty: what its driver or the kernel states
 * @param timescale what a hardware clock counts; empty: known by its name
 */
public record LocalClockConfig(
        Kind kind, String device, OptionalDouble maxErrorSeconds, Optional<Timescale> timescale) {
    /** The one that a hypervisor offers. */
    public static final String AUTO = "auto";

    /** What clocks there are. */
    public enum Kind {
        /** A PTP hardware clock. */
        PHC,
        /** The system clock, which another program steers. */
        SYSTEM
    }

    /** What a hardware clock counts. */
    public enum Timescale {
        /** UTC, as the clocks of hypervisors do. */
        UTC,
        /** TAI, as IEEE 1588 has it. */
        TAI
    }

    /** Whether its device is still to be found. */
    public boolean isToBeFound() {
        return device.equals(AUTO);
    }

    /** What a person calls it. */
    String name() {
        return switch (kind) {
            case PHC -> isToBeFound() ? "phc" : device;
            case SYSTEM -> "system clock";
        };
    }

    /** The same clock at a device that has been found. */
    public LocalClockConfig at(String found) {
        return new LocalClockConfig(kind, found, maxErrorSeconds, timescale);
    }
}
