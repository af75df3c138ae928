// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.engine.external.ExternalForecasterConfig;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model from a file that stands beside one of the forecasters. Immutable.
 *
 * @param kind what runs it: the value of model_name
 * @param slot what it is shown, what it answers and how it is judged
 * @param file the model
 * @param input name of the input that takes the context; empty: the only one
 * @param output name of the output that holds the quantiles; empty: the first
 * @param gpu whether to run it on a GPU
 */
public record ModelConfig(
        String kind,
        ExternalForecasterConfig slot,
        Path file,
        Optional<String> input,
        Optional<String> output,
        boolean gpu) {}
