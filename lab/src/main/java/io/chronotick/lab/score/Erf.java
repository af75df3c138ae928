// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.score;

/** The error function. */
final class Erf {
    private static final double SMALL = 2;
    private static final int TERMS = 60;

    private Erf() {}

    /**
     * erf(x) for x >= 0, to some 1e-12 absolute; not-a-number is taken as 1, a truth that no interval can hold.
     *
     * <p>Abramowitz and Stegun 7.1.6 (series of positive terms) below 2, 7.1.14 (continued fraction) above.
     */
    static double erf(double x) {
        if (!(x < 6)) {
            return 1;
        }
        double scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
        if (x < SMALL) {
            double term = x;
            double sum = x;
            for (int n = 1; n < TERMS; n++) {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return Math.min(2 * scale * sum, 1);
        }
        double fraction = 0;
        for (int n = TERMS; n >= 1; n--) {
            fraction = n / 2.0 / (x + fraction);
        }
        return 1 - scale / (x + fraction);
    }
}
