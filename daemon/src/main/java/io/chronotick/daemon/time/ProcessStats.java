// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import io.chronotick.engine.math.Nanos;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What this process takes from the machine. Read without the management beans, whose classes alone cost some tens of
 * milliseconds and megabytes. Thread-safe; a call costs some tens of microseconds and allocates.
 */
public final class ProcessStats {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";

    private ProcessStats() {}

    /** Resident memory, bytes; 0 where the system does not tell (other systems than Linux). */
    public static long residentBytes() {
        if (!Files.isReadable(STATUS)) {
            return 0;
        }
        try {
            for (String line : Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(RESIDENT)) {
                    String kibibytes =
                            line.substring(RESIDENT.length()).replace("kB", "").strip();
                    return Long.parseLong(kibibytes) * 1024;
                }
            }
        } catch (IOException | NumberFormatException e) {
            // The figure is for display: a kernel that tells it differently is no reason to fail.
        }
        return 0;
    }

    /** CPU time of all threads since the start of the process, s; on other systems than Linux rounded to their tick. */
    public static double cpuSeconds() {
        if (Libc.isSupported()) {
            return Nanos.toSeconds(LinuxClocks.processCpuNanos());
        }
        return Nanos.toSeconds(ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toNanos());
    }
}
