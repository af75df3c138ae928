// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

import io.chronotick.engine.Engine;
import io.chronotick.engine.FilterWeights;
import java.io.IOException;
import java.io.InputStream;

/** The weights of the learned filter that come with the engine. */
public final class LearnedWeights {
    private static final String NAME = "tuned-filter.safetensors";
    private static final FilterWeights SHIPPED = read();

    private LearnedWeights() {}

    /** Read once. */
    public static FilterWeights shipped() {
        return SHIPPED;
    }

    private static FilterWeights read() {
        try (InputStream in = Engine.class.getResourceAsStream(NAME)) {
            if (in == null) {
                throw new LabException(NAME + " is missing from the engine: build it again");
            }
            return FilterWeights.of(in.readAllBytes());
        } catch (IOException | IllegalArgumentException e) {
            throw new LabException(NAME + " of the engine " + e.getMessage() + ": build it again");
        }
    }
}
