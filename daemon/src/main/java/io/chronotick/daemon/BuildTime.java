// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Properties;

/** When this program was made: no time before that is right. */
final class BuildTime {
    /** ns since the Unix epoch. */
    static final long NANOS = read().getEpochSecond() * 1_000_000_000L;

    private BuildTime() {}

    private static Instant read() {
        Properties properties = new Properties();
        try (InputStream in = BuildTime.class.getResourceAsStream("build.properties")) {
            if (in == null) {
                throw new IllegalStateException("build.properties is missing from this program");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Instant.parse(properties.getProperty("time"));
    }
}
