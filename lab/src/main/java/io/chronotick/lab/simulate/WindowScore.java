// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.lab.score.ErrorScore;
import io.chronotick.lab.score.IntervalScore;

/**
 * What was published in a window of time, all runs together. Readings that were not valid are in {@code valid} only.
 *
 * @param from true time, s
 * @param to true time, s
 * @param error of the valid readings
 * @param interval stated with them, by the statistical deviation alone
 * @param combined the same by the combined uncertainty
 * @param boundCovered share of them whose hard bound held, 0..1
 * @param boundMedian median of the hard bound, from the middle to an end, s
 * @param valid share of all readings, 0..1
 */
public record WindowScore(
        double from,
        double to,
        ErrorScore error,
        IntervalScore interval,
        IntervalScore combined,
        double boundCovered,
        double boundMedian,
        double valid) {}
