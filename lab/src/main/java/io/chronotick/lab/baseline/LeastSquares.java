// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

/** The line of least squares through the newest measurements. */
final class LeastSquares extends Window {
    @Override
    public String name() {
        return "least squares";
    }

    @Override
    void fit() {
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < count; i++) {
            meanX += seconds[i] / count;
            meanY += offsets[i] / count;
        }
        double xx = 0;
        double xy = 0;
        for (int i = 0; i < count; i++) {
            double dx = seconds[i] - meanX;
            xx += dx * dx;
            xy += dx * (offsets[i] - meanY);
        }
        line(meanX, meanY, xx == 0 ? 0 : xy / xx);
    }
}
