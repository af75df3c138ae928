// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.model;

import io.chronotick.daemon.config.ModelConfig;

/** Loads models of one kind; found by {@link java.util.ServiceLoader}. */
public interface ForecastModelProvider {
    /** The value of model_name that it is for. */
    String kind();

    /**
     * Loads a model and makes sure, by a forecast for a context of zeros, that it is what the configuration says.
     *
     * @throws ForecastModelException if it cannot be used, with cause and remedy in one line
     */
    ForecastModel open(ModelConfig config) throws ForecastModelException;
}
