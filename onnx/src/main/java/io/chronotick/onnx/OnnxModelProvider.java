// SPDX-License-Identifier: Apache-2.0
package io.chronotick.onnx;

import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.model.ForecastModel;
import io.chronotick.daemon.model.ForecastModelException;
import io.chronotick.daemon.model.ForecastModelProvider;

/** {@code model_name: onnx}. Stateless and thread-safe. */
public final class OnnxModelProvider implements ForecastModelProvider {
    @Override
    public String kind() {
        return "onnx";
    }

    @Override
    public ForecastModel open(ModelConfig config) throws ForecastModelException {
        return OnnxModel.open(config);
    }
}
