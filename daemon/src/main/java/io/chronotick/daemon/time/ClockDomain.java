// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * Where CLOCK_MONOTONIC and CLOCK_BOOTTIME mean the same: one boot of one machine, and one time namespace of it. A process can
 * wake up in another when it is restored from a checkpoint. Immutable.
 *
 * @param bootId the kernel's boot id (random(4)); empty where it shows none
 * @param timeNamespace inode of the time namespace (namespaces(7)); 0 where there are none
 */
public record ClockDomain(Optional<UUID> bootId, long timeNamespace) {
    /** Where nothing is known. */
    public static final ClockDomain UNKNOWN = new ClockDomain(Optional.empty(), 0);

    private static final String BOOT_ID = "/proc/sys/kernel/random/boot_id";
    private static final Path TIME_NAMESPACE = Path.of("/proc/self/ns/time");
    private static final int UUID_CHARS = 36;

    /** Of this process now. Takes some ten microseconds and allocates. */
    static ClockDomain current() {
        return new ClockDomain(readBootId(), readTimeNamespace());
    }

    private static Optional<UUID> readBootId() {
        // Not by a channel, which would be closed, and the answer lost, in a thread that is being interrupted.
        try (FileInputStream in = new FileInputStream(BOOT_ID)) {
            return Optional.of(UUID.fromString(new String(in.readNBytes(UUID_CHARS), StandardCharsets.US_ASCII)));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The link reads "time:[4026531834]". */
    private static long readTimeNamespace() {
        try {
            String link = Files.readSymbolicLink(TIME_NAMESPACE).toString();
            return Long.parseUnsignedLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
        } catch (IOException | UnsupportedOperationException | IndexOutOfBoundsException | NumberFormatException e) {
            return 0;
        }
    }
}
