// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/** The fusion of two estimates whose errors may be correlated in any way. Stateless. */
public final class CovarianceIntersection {
    private CovarianceIntersection() {}

    /**
     * Fuses what two forecasters say. They have seen the same exchanges, so their errors are common for the most part, and
     * adding their precisions would count the evidence twice. Covariance intersection (Julier and Uhlmann 1997) is what is
     * safe under any correlation: precisions weighted by shares that sum to one.
     */
    public static Estimate fuse(Estimate a, Estimate b, double share) {
        double pa = share / a.p00();
        double pb = (1 - share) / b.p00();
        double ka = pa / (pa + pb);
        double kb = 1 - ka;
        // The spread between the two keeps the fusion honest where they disagree.
        double dz = a.offset() - b.offset();
        double dy = a.frequency() - b.frequency();
        double spread = ka * kb;
        return new Estimate(
                a.rawNanos(),
                ka * a.offset() + kb * b.offset(),
                ka * a.frequency() + kb * b.frequency(),
                1 / (pa + pb) + spread * dz * dz,
                ka * a.p01() + kb * b.p01() + spread * dz * dy,
                ka * a.p11() + kb * b.p11() + spread * dy * dy,
                ka * a.wander() + kb * b.wander());
    }
}
