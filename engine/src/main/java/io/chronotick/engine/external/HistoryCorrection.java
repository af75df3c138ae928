// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

/**
 * What a new measurement does to the predictions that a learned forecaster sees in its context: those made since the
 * measurement before. With t the time since that one, D the time between the two, e the new measurement less what had been
 * predicted for it:
 *
 * <pre>
 *   NONE              nothing
 *   LINEAR            + e t / D
 *   DRIFT_AWARE       + e (w + (1 - w) t / D),  w = so^2 / (so^2 + (sd D)^2): the error shared out between offset and drift
 *   ADVANCED          + e v(t) / sum v,  v(t) = sm^2 + so^2 + (sd t)^2: by their variances, all corrections together give e
 *   ADVANCE_ABSOLUTE  towards the line between both measurements, by the share min(1, n v(t) / (2 sum v)) of the way
 *   BACKTRACKING      onto the line between both measurements
 * </pre>
 *
 * so and sd are the configured uncertainties of offset (s) and drift (s/s), sm that of the new measurement (s), n the number of
 * predictions. The methods and their names are those of the earlier ChronoTick (github.com/JaimeCernuda/ChronoTick,
 * docs/algorithms); its line began at zero, here it begins at the measurement before.
 *
 * <p>Stateless and thread-safe.
 */
public enum HistoryCorrection {
    NONE,
    LINEAR,
    DRIFT_AWARE,
    ADVANCED,
    ADVANCE_ABSOLUTE,
    BACKTRACKING;

    /**
     * Two measurements in a row and how far the prediction for the second was off.
     *
     * @param seconds from the first to the second, s, > 0
     * @param first offset measured first, s
     * @param second offset measured second, s
     * @param error the second less what had been predicted for it, s
     * @param sd standard deviation of the second, s
     */
    record Step(double seconds, double first, double second, double error, double sd) {}

    /**
     * The corrected predictions.
     *
     * @param elapsed when each prediction was for, since the first measurement, s, 0..{@code step.seconds()}
     * @param offsets the predictions, s; left as they are
     * @param offsetSd standard deviation of a predicted offset, s
     * @param driftSd standard deviation of a predicted drift, s/s
     */
    double[] apply(double[] elapsed, double[] offsets, Step step, double offsetSd, double driftSd) {
        double[] variances = new double[offsets.length];
        double total = 0;
        for (int i = 0; i < offsets.length; i++) {
            double drifted = driftSd * elapsed[i];
            variances[i] = step.sd() * step.sd() + offsetSd * offsetSd + drifted * drifted;
            total += variances[i];
        }
        double drifted = driftSd * step.seconds();
        double both = offsetSd * offsetSd + drifted * drifted;
        double offsetShare = both > 0 ? offsetSd * offsetSd / both : 0;
        double[] corrected = new double[offsets.length];
        for (int i = 0; i < offsets.length; i++) {
            double part = elapsed[i] / step.seconds();
            double share = total > 0 ? variances[i] / total : 1.0 / offsets.length;
            double line = step.first() + part * (step.second() - step.first());
            corrected[i] = switch (this) {
                case NONE -> offsets[i];
                case LINEAR -> offsets[i] + step.error() * part;
                case DRIFT_AWARE -> offsets[i] + step.error() * (offsetShare + (1 - offsetShare) * part);
                case ADVANCED -> offsets[i] + step.error() * share;
                case ADVANCE_ABSOLUTE -> offsets[i] + (line - offsets[i]) * Math.min(1, share * offsets.length / 2);
                case BACKTRACKING -> line;
            };
        }
        return corrected;
    }
}
