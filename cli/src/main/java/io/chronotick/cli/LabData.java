// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** Where evaluation data lies when nobody says otherwise: {@code shared/data} beside the repository. */
final class LabData {
    private LabData() {}

    static Path beside(String name) {
        return repository().resolveSibling("shared").resolve("data").resolve(name);
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
