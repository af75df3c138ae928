// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * How a learned forecaster is doing. Immutable.
 *
 * @param forecaster whose term it is; LEARNED for the filter that comes with the engine
 * @param state what it may do at present
 * @param weight its weight against the built-in forecaster of that term, 0..1; 0 unless fused
 * @param judged forecasts judged in the present trial
 * @param quarantines how often it has been quarantined
 * @param missed recent share of exchanges outside the 95 % intervals that it forecast, 0..1; not a number for a model from a
 *     file, which is judged by its likelihood alone
 * @param reason why it is quarantined; empty otherwise
 */
public record ForecasterReport(
        Forecast.Forecaster forecaster,
        State state,
        double weight,
        int judged,
        long quarantines,
        double missed,
        String reason) {

    /** What a learned forecaster may do. */
    public enum State {
        /** No model is there. */
        ABSENT,
        /** The model is there, its context is still being filled. */
        COLLECTING,
        /** It forecasts and is judged, and has no say. */
        TRIAL,
        /** It has proven itself and has a say. */
        FUSED,
        /** It failed, was late or lost, and is not asked for some time. */
        QUARANTINED
    }

    /** One line for people. */
    public String text() {
        String term = switch (forecaster) {
            case LEARNED -> "filter";
            case SHORT_TERM -> "short-term";
            default -> "long-term";
        };
        return term
                + switch (state) {
                    case ABSENT -> " absent";
                    case COLLECTING -> " collecting";
                    case TRIAL -> " on trial, " + judged + " judged";
                    case FUSED -> " fused, " + Math.round(100 * weight) + " %";
                    case QUARANTINED -> " quarantined: " + reason;
                };
    }
}
