// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.model;

/** A model that is loaded. For one thread, but for {@link #cancel}. */
public interface ForecastModel extends AutoCloseable {
    /**
     * Forecasts.
     *
     * @param context offsets, s, as {@link io.chronotick.engine.Action.Infer} describes them
     * @return the configured quantiles at the configured horizon, s
     * @throws ForecastModelException if it fails or is cancelled
     */
    double[] forecast(double[] context) throws ForecastModelException;

    /** Makes a forecast that is under way fail soon, if there is one. Any thread; does not wait. */
    void cancel();

    /** Releases the model, when no forecast is under way. */
    @Override
    void close();
}
