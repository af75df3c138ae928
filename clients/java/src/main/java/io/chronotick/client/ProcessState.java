// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a process lives. */
final class ProcessState {
    private ProcessState() {}

    static boolean isAlive(long pid) {
        if (!ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
            return false;
        }
        // A killed process that its parent has not waited for still counts as alive there; it will not write again.
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
            // proc(5): pid (comm) state ...; comm may itself hold parentheses.
            int state = stat.lastIndexOf(')') + 2;
            return state >= stat.length() || "ZXx".indexOf(stat.charAt(state)) < 0;
        } catch (IOException e) {
            return true; // no /proc on this system, or gone between the two looks: the next look will tell
        }
    }
}
