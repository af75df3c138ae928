// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.UserException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** The data that come with the repository: {@code lab/data}. A distribution has none. */
final class LabData {
    private LabData() {}

    /** What `lab replay` and `lab report` work on when nobody names another. */
    static Path replay() {
        return of("replay", "clock and network noise");
    }

    /** The same of `lab trace`. */
    static Path traces() {
        return of("traces", "traces");
    }

    private static Path of(String name, String what) {
        Path directory = repository().resolve("lab").resolve("data").resolve(name);
        if (!Files.isDirectory(directory)) {
            throw new UserException(
                    ExitCode.USAGE,
                    "no " + what + " at " + directory + ": they come with the repository, as lab/data/" + name
                            + "; name that directory or your own");
        }
        return directory;
    }

    /** The directory that holds cli/target/..., from where this program runs; in a distribution the current directory. */
    private static Path repository() {
        CodeSource source = LabData.class.getProtectionDomain().getCodeSource();
        try {
            @Nullable
            Path at = source == null ? null : Path.of(source.getLocation().toURI());
            while (at != null) {
                Path parent = at.getParent();
                if (parent != null && at.endsWith(Path.of("cli", "target")) && parent.getParent() != null) {
                    return parent.getParent();
                }
                at = parent;
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return Path.of("").toAbsolutePath();
    }
}
