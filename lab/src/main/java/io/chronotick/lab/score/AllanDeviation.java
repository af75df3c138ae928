// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import java.util.ArrayList;
import java.util.List;

/**
 * Overlapping Allan deviation: how much the frequency differs from one averaging time to the next (IEEE 1139; Riley, NIST SP
 * 1065, section 5.2.4).
 *
 * @param tau averaging times, s
 * @param deviation at each of them, s/s
 */
public record AllanDeviation(List<Double> tau, List<Double> deviation) {

    /**
     * At averaging times of one, two, four ... seconds, as long as a fifth of the series.
     *
     * @param phase time error at every second, s
     */
    public static AllanDeviation of(double[] phase) {
        List<Double> taus = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        for (int m = 1; m <= phase.length / 5; m *= 2) {
            double sum = 0;
            int count = phase.length - 2 * m;
            for (int i = 0; i < count; i++) {
                double second = phase[i + 2 * m] - 2 * phase[i + m] + phase[i];
                sum += second * second;
            }
            taus.add((double) m);
            deviations.add(Math.sqrt(sum / (2.0 * count)) / m);
        }
        return new AllanDeviation(List.copyOf(taus), List.copyOf(deviations));
    }
}
