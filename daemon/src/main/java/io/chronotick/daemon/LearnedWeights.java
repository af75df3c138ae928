// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.Engine;
import io.chronotick.engine.FilterWeights;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The weights of the learned filter. Without them the clock model speaks alone; one line in the log says so. */
final class LearnedWeights {
    static final String SHIPPED = "tuned-filter.safetensors";

    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private LearnedWeights() {}

    /** Reads a resource of the engine. */
    static Optional<FilterWeights> load(String name) {
        try (InputStream in = Engine.class.getResourceAsStream(name)) {
            if (in == null) {
                return without(name, "is missing");
            }
            return Optional.of(FilterWeights.of(in.readAllBytes()));
        } catch (IOException | IllegalArgumentException e) {
            return without(name, String.valueOf(e.getMessage()));
        }
    }

    private static Optional<FilterWeights> without(String name, String why) {
        LOG.warn("learned filter: {} {}; the clock model speaks alone. Install ChronoTick again", name, why);
        return Optional.empty();
    }
}
