// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

import java.util.ArrayList;
import java.util.List;

/**
 * Overlapping Allan deviation: how much the frequency differs from one averaging time to the next (IEEE 1139; Riley, NIST SP
 * 1065, section 5.2.4). Immutable.
 *
 * @param tau averaging times, s
 * @param deviation at each of them, s/s
 */
public record AllanDeviation(List<Double> tau, List<Double> deviation) {

    /**
     * At averaging times of one, two, four ... steps, as long as a fifth of the series. Where the series has a gap, the differences that would reach into
     * it are left out.
     *
     * @param phase time error at every step, s; not a number where it is not known
     * @param stepSeconds between two of them, s
     */
    public static AllanDeviation of(double[] phase, double stepSeconds) {
        List<Double> taus = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        for (int m = 1; m <= phase.length / 5; m *= 2) {
            double sum = 0;
            int count = 0;
            for (int i = 0; i < phase.length - 2 * m; i++) {
                double second = phase[i + 2 * m] - 2 * phase[i + m] + phase[i];
                if (!Double.isNaN(second)) {
                    sum += second * second;
                    count++;
                }
            }
            if (count > 0) {
                double tau = m * stepSeconds;
                taus.add(tau);
                deviations.add(Math.sqrt(sum / (2.0 * count)) / tau);
            }
        }
        return new AllanDeviation(List.copyOf(taus), List.copyOf(deviations));
    }
}
