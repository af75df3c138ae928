// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * What Linux says in /proc of this process and its clocks; where there is no /proc, nothing is known. Thread-safe. Allocates, and
 * takes some ten microseconds a call.
 */
final class Proc {
    private static final Path TIME_NAMESPACE = Path.of("/proc/self/ns/time");

    /** A file of /proc that is read here is shorter, bytes. */
    private static final int MAX_SIZE = 4096;

    /** The two clocks are read within this time of each other, ns, or it is tried again. */
    private static final long TIGHT_NANOS = 1_000_000;

    private static final int MAX_READS = 5;

    private Proc() {}

    /** random(4). */
    static Optional<UUID> bootId() {
        try {
            return Optional.of(
                    UUID.fromString(read("/proc/sys/kernel/random/boot_id").strip()));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** namespaces(7): the link reads "time:[4026531834]". */
    static long timeNamespace() {
        try {
            String link = Files.readSymbolicLink(TIME_NAMESPACE).toString();
            return Long.parseUnsignedLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
        } catch (IOException | UnsupportedOperationException | IndexOutOfBoundsException | NumberFormatException e) {
            return 0;
        }
    }

    /**
     * proc(5): uptime is CLOCK_BOOTTIME in seconds, cut to hundredths. Truncated and read before the other clock is: so the
     * difference is never too large. (Java 17 has no other way to that clock.)
     */
    static OptionalLong boottimeLeadNanos() {
        try {
            long before = System.nanoTime();
            for (int i = 0; ; i++) {
                String uptime = read("/proc/uptime");
                long after = System.nanoTime();
                if (after - before <= TIGHT_NANOS || i == MAX_READS) {
                    return OptionalLong.of(nanosOfUptime(uptime) - after);
                }
                before = after;
            }
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** "12345.67 23456.78": the first is meant, in ns. */
    static long nanosOfUptime(String uptime) {
        int point = uptime.indexOf('.');
        String hundredths = uptime.substring(point + 1, point + 3);
        return Long.parseLong(uptime.substring(0, point)) * 1_000_000_000L + Integer.parseInt(hundredths) * 10_000_000L;
    }

    /** proc(5): "Uid:" and the real, effective, saved and file system user ids. */
    static OptionalLong effectiveUserId() {
        try {
            for (String line : read("/proc/self/status").split("\n", -1)) {
                if (line.startsWith("Uid:")) {
                    return OptionalLong.of(Long.parseLong(line.split("\\s+", -1)[2]));
                }
            }
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            return OptionalLong.empty();
        }
        return OptionalLong.empty();
    }

    /** Not by a channel, which would be closed, and the look lost, in a thread that is being interrupted. */
    private static String read(String file) throws IOException {
        try (FileInputStream in = new FileInputStream(file)) {
            return new String(in.readNBytes(MAX_SIZE), StandardCharsets.ISO_8859_1);
        }
    }
}
