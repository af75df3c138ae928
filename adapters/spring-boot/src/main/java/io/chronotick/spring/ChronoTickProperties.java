// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickReader;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the time comes from.
 *
 * @param enabled whether the application's clock is ChronoTick's
 * @param segment the daemon's shared memory, a name or a path; by default CHRONOTICK_SHM of the environment, else
 *     chronotick_shm
 * @param fallback which clock is asked while ChronoTick has no time
 */
@ConfigurationProperties("chronotick")
public record ChronoTickProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable String segment,
        @DefaultValue("none") Fallback fallback) {

    /** The clock to be asked while ChronoTick has no time. */
    public enum Fallback {
        /** None: the application's clock throws. */
        NONE,
        /** The system clock. */
        SYSTEM
    }

    /** The segment's file. */
    Path file() {
        return segment == null || segment.isBlank()
                ? ChronoTickReader.defaultSegment()
                : ChronoTickReader.resolve(segment);
    }
}
