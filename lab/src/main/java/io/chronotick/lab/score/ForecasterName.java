// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import io.chronotick.engine.forecast.Forecast;
import java.util.Locale;

/** What a forecaster is called in reports. */
public final class ForecasterName {
    private ForecasterName() {}

    /** In small letters: short-term, long-term, fusion. */
    public static String of(Forecast forecast) {
        return forecast.forecaster().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
