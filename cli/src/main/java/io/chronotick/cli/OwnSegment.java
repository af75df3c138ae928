// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The segment of {@link OwnDaemon}, for readers that have no use for the rest of it. */
final class OwnSegment {
    private static final String NAME = "chronotick_shm";

    private OwnSegment() {}

    /** Where the processes of a user publish: in the directory that the system keeps for him, else beside other segments. */
    static Path of(Map<String, String> environment) {
        String directory = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (directory.startsWith("/") && Files.isDirectory(Path.of(directory))) {
            return Path.of(directory, NAME);
        }
        String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9_.-]", "_");
        return ChronoTickReader.resolve(NAME + "_" + user);
    }
}
