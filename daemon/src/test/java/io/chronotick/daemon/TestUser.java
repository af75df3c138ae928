// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who runs the tests. */
public final class TestUser {
    private TestUser() {}

    /** Whether it is root, whatever name it has here. */
    public static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return false; // no Linux
        }
    }
}
