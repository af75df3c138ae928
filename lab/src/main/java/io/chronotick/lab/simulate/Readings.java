// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.lab.score.TimeSeries;
import java.util.Arrays;
import java.util.stream.IntStream;

/** What a reader saw at every whole second. */
final class Readings {
    private double[] seconds = new double[4096];
    private double[] errors = new double[4096];
    private double[] sds = new double[4096];
    private double[] combined = new double[4096];
    private double[] bounds = new double[4096];
    private int count;

    /** Adds one; a correction that is not valid tells no error. */
    void add(double second, Correction seen, long rawNanos, long utcNanos) {
        if (count == seconds.length) {
            seconds = Arrays.copyOf(seconds, 2 * count);
            errors = Arrays.copyOf(errors, 2 * count);
            sds = Arrays.copyOf(sds, 2 * count);
            combined = Arrays.copyOf(combined, 2 * count);
            bounds = Arrays.copyOf(bounds, 2 * count);
        }
        seconds[count] = second;
        errors[count] = seen.validAt(rawNanos) ? (seen.utcNanosAt(rawNanos) - utcNanos) * 1e-9 : Double.NaN;
        sds[count] = seen.statisticalSdAt(rawNanos);
        combined[count] = seen.sdAt(rawNanos);
        bounds[count] = seen.maxErrorAt(rawNanos);
        count++;
    }

    int count() {
        return count;
    }

    double second(int index) {
        return seconds[index];
    }

    /** Stated minus true time, s; not-a-number when nothing valid was published. */
    double error(int index) {
        return errors[index];
    }

    /** The statistical deviation, s. */
    double sd(int index) {
        return sds[index];
    }

    /** The stated uncertainty, statistical and systematic, s. */
    double combined(int index) {
        return combined[index];
    }

    double bound(int index) {
        return bounds[index];
    }

    /** The bounds of all that was valid, s. */
    double[] validBounds() {
        return IntStream.range(0, count)
                .filter(i -> !Double.isNaN(errors[i]))
                .mapToDouble(i -> bounds[i])
                .toArray();
    }

    TimeSeries series() {
        return new TimeSeries(
                Arrays.copyOf(seconds, count),
                Arrays.copyOf(errors, count),
                Arrays.copyOf(sds, count),
                Arrays.copyOf(bounds, count));
    }
}
