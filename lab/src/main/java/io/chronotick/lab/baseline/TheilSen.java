// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import java.util.Arrays;

/** The median of the slopes of all pairs, and the median of what remains (Theil 1950, Sen 1968). */
final class TheilSen extends Window {
    private final double[] slopes = new double[SIZE * (SIZE - 1) / 2];
    private final double[] levels = new double[SIZE];

    @Override
    public String name() {
        return "Theil-Sen";
    }

    @Override
    void fit() {
        int pairs = 0;
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < i; k++) {
                if (seconds[i] != seconds[k]) {
                    slopes[pairs++] = (offsets[i] - offsets[k]) / (seconds[i] - seconds[k]);
                }
            }
        }
        double slope = median(slopes, pairs, 0);
        double origin = seconds[0];
        for (int i = 0; i < count; i++) {
            levels[i] = offsets[i] - slope * (seconds[i] - origin);
        }
        line(origin, median(levels, count, 0), slope);
    }

    private static double median(double[] values, int count, double ofNothing) {
        if (count == 0) {
            return ofNothing;
        }
        Arrays.sort(values, 0, count);
        return (values[(count - 1) / 2] + values[count / 2]) / 2;
    }
}
