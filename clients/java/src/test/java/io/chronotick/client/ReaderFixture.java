// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A place for a segment, a host in virtual time, and readers of both. */
abstract class ReaderFixture {
    /** The host's monotonic clock at the anchor; any number does. */
    static final long MONO = 5_000_000_000_000L;

    static final long SECOND = 1_000_000_000L;

    @TempDir
    Path directory = Path.of("");

    Path path = Path.of("");
    final VirtualHost host = new VirtualHost(MONO);
    final TimeInterval now = new TimeInterval();

    @BeforeEach
    void name() {
        path = directory.resolve("shm");
    }

    ChronoTickReader reader() {
        return new ChronoTickReader(path, host);
    }
}
