// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.math;

/**
 * The standard normal law's lower tail, accurate to about 1e-11 relative: near the middle the rational approximation of Hart
 * (Computer Approximations, 1968, 5666) in the form G. West gives (Better approximations to cumulative normal functions,
 * Wilmott, 2005), farther out Laplace's continued fraction (Abramowitz and Stegun 26.2.14). Both are written for the Mills
 * ratio, so that nothing underflows. Thread-safe; allocates nothing.
 */
public final class Normal {
    private static final double SQRT_2_PI = 2.5066282746310002;

    /** Beyond it the continued fraction is used: there it needs few terms, and West's coefficients have too few digits. */
    private static final double RATIONAL_LIMIT = 3.5;

    /** Terms that bring the continued fraction to 1e-12 at the limit. */
    private static final int TERMS = 26;

    /**
     * Below it the truncated variance loses more digits as a difference of nearly equal numbers than its asymptotic series
     * leaves out (some 1e-8 on either side).
     */
    private static final double ASYMPTOTIC_LIMIT = -60;

    private Normal() {}

    /** Density at x. */
    static double density(double x) {
        return Math.exp(-0.5 * x * x) / SQRT_2_PI;
    }

    /** Probability of a value below x. */
    public static double cdf(double x) {
        double tail = density(x) * millsRatio(Math.abs(x));
        return x < 0 ? tail : 1 - tail;
    }

    /** The x below which lies a share {@code p} of the law, 0 < p < 1, to about 1e-12: bisection, for what is asked rarely. */
    public static double quantile(double p) {
        double low = -40;
        double high = 40;
        for (int i = 0; i < 60; i++) {
            double middle = (low + high) / 2;
            if (cdf(middle) < p) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /** Natural logarithm of {@link #cdf}, finite for every finite x above -1e150. */
    public static double logCdf(double x) {
        if (x < 0) {
            return -0.5 * x * x + Math.log(millsRatio(-x) / SQRT_2_PI);
        }
        return Math.log1p(-density(x) * millsRatio(x));
    }

    /** density(x) / cdf(x), the inverse Mills ratio of the lower tail. */
    public static double hazard(double x) {
        return x < 0 ? 1 / millsRatio(-x) : density(x) / cdf(x);
    }

    /** Variance of a standard normal value that is known to lie below x: 1 - x h - h^2, h its {@link #hazard}. */
    public static double truncatedVariance(double x, double hazard) {
        if (x < ASYMPTOTIC_LIMIT) {
            double s = 1 / (x * x);
            return s * (1 - s * (6 - s * 50));
        }
        return Math.max(1 - x * hazard - hazard * hazard, 0);
    }

    /** (1 - cdf(x)) / density(x) for x >= 0. */
    private static double millsRatio(double x) {
        if (x < RATIONAL_LIMIT) {
            double n = 3.52624965998911e-2;
            n = n * x + 0.700383064443688;
            n = n * x + 6.37396220353165;
            n = n * x + 33.912866078383;
            n = n * x + 112.079291497871;
            n = n * x + 221.213596169931;
            n = n * x + 220.206867912376;
            double d = 8.83883476483184e-2;
            d = d * x + 1.75566716318264;
            d = d * x + 16.064177579207;
            d = d * x + 86.7807322029461;
            d = d * x + 296.564248779674;
            d = d * x + 637.333633378831;
            d = d * x + 793.826512519948;
            d = d * x + 440.413735824752;
            return SQRT_2_PI * n / d;
        }
        double tail = x;
        for (int k = TERMS; k > 0; k--) {
            tail = x + k / tail;
        }
        return 1 / tail;
    }
}
