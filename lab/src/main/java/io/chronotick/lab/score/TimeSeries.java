// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

import java.util.Arrays;

/**
 * What was published over time.
 *
 * @param seconds true time, ascending, s
 * @param errors stated minus true time, s; not-a-number when nothing valid was published
 * @param sds stated standard deviations, s
 * @param bounds stated hard bounds, from the middle to an end, s
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record TimeSeries(double[] seconds, double[] errors, double[] sds, double[] bounds) {

    /** Every n-th point. */
    public TimeSeries every(int n) {
        return new TimeSeries(thin(seconds, n), thin(errors, n), thin(sds, n), thin(bounds, n));
    }

    private static double[] thin(double[] values, int n) {
        double[] thin = new double[(values.length + n - 1) / n];
        Arrays.setAll(thin, i -> values[i * n]);
        return thin;
    }
}
