// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

/**
 * How a {@link ClockHypothesis} carries the clock's state over a time: the transition matrix
 *
 * <pre>
 *       [ 1  t  xc xs ]
 *   F = [ 0  1  0  0  ]     of [ x, y, c, s ]
 *       [ 0  0  cc cs ]
 *       [ 0  0  sc ss ]
 * </pre>
 *
 * and the covariance Q = integral of F(u) D F(u)^T du of the noise that comes in meanwhile (Van Loan 1978, equation 1.4), both
 * in closed form. The noise of a cycle is the same in all its phases (sNoise = w^2 cNoise), so that with l = a - i w,
 *
 * <pre>
 *   h(u) = exp(-l u)                 = cc + i w cs
 *   g(u) = (1 - exp(-l u)) / l       = xc + i w xs
 *   Qxx = N int |g|^2     Qxc = N Re int g h*     Qxs = N w Im int g h*     Qcc = N int |h|^2 = Qss / w^2     Qcs = 0
 * </pre>
 *
 * Reused; not thread-safe; allocates nothing.
 */
final class ClockTransition {
    double t;
    double xc;
    double xs;
    double cc;
    double cs;
    double sc;
    double ss;

    /** What the phase and c are, a step of w later, per rad/s: of a cycle whose w is not known for sure. */
    double xcw;

    double xsw;
    double ccw;
    double csw;
    double scw;
    double ssw;

    double qxx;
    double qxy;
    double qyy;
    double qxc;
    double qxs;
    double qcc;
    double qcs;
    double qss;

    /** Sets transition and noise for {@code seconds} >= 0. */
    void set(ClockHypothesis hypothesis, double seconds) {
        set(hypothesis, hypothesis.omega(), seconds);
    }

    /** The same with another angular frequency of the cycle, rad/s, > 0 if it is one. */
    void set(ClockHypothesis hypothesis, double omega, double seconds) {
        transition(hypothesis, omega, seconds);
        double q = hypothesis.wander();
        qxx = q * seconds * seconds * seconds / 3 + ClockHypothesis.PHASE_NOISE * seconds;
        qxy = q * seconds * seconds / 2;
        qyy = q * seconds;
        qxc = 0;
        qxs = 0;
        qcc = 0;
        qcs = 0;
        qss = 0;
        if (hypothesis.secondary()) {
            if (hypothesis.omega() > 0) {
                cycleNoise(hypothesis.cNoise(), hypothesis.damping(), omega);
            } else {
                slopeNoise(hypothesis.sNoise());
            }
        }
    }

    /** The transition alone; {@code seconds} may be negative for a look back over a short time. */
    void transition(ClockHypothesis hypothesis, double seconds) {
        transition(hypothesis, hypothesis.omega(), seconds);
    }

    /** The same with another angular frequency of the cycle, rad/s, > 0 if it is one; with the derivatives by it. */
    void transition(ClockHypothesis hypothesis, double omega, double seconds) {
        t = seconds;
        double w = omega;
        if (!hypothesis.secondary() || w == 0) {
            xc = seconds;
            xs = seconds * seconds / 2;
            cc = 1;
            cs = seconds;
            sc = 0;
            ss = 1;
            return;
        }
        double a = hypothesis.damping();
        double e = Math.exp(-a * seconds);
        double cos = Math.cos(w * seconds);
        double sin = Math.sin(w * seconds);
        double norm = a * a + w * w;
        cc = e * cos;
        cs = e * sin / w;
        sc = -e * w * sin;
        ss = e * cos;
        xc = (a + e * (w * sin - a * cos)) / norm;
        xs = (w - e * (a * sin + w * cos)) / (norm * w);
        ccw = -e * seconds * sin;
        csw = e * (seconds * cos - sin / w) / w;
        scw = -e * (sin + w * seconds * cos);
        ssw = ccw;
        xcw = (e * (sin + seconds * (w * cos + a * sin)) - 2 * w * xc) / norm;
        xsw = (1 - e * (cos + seconds * (a * cos - w * sin)) - (a * a + 3 * w * w) * xs) / (norm * w);
    }

    /** The integrals over the response to noise on s: xs = u^2 / 2, cs = u, ss = 1. */
    private void slopeNoise(double n) {
        double t2 = t * t;
        qxx += n * t2 * t2 * t / 20;
        qxc = n * t2 * t2 / 8;
        qxs = n * t2 * t / 6;
        qcc = n * t2 * t / 3;
        qcs = n * t2 / 2;
        qss = n * t;
    }

    private void cycleNoise(double n, double a, double w) {
        double norm = a * a + w * w;
        double both = -Math.expm1(-2 * a * t) / (2 * a);
        // int g h* = (k / l* - both) / l in parts, with k = (1 - exp(-l* t)) the conjugate of 1 - h.
        double re = 1 - cc;
        double im = w * cs;
        // k / l* = (re + i im) / (a + i w)
        double kRe = (re * a + im * w) / norm;
        double kIm = (im * a - re * w) / norm;
        double dRe = kRe - both;
        // (dRe + i kIm) / (a - i w)
        double iRe = (dRe * a - kIm * w) / norm;
        double iIm = (kIm * a + dRe * w) / norm;
        qxx += n * Math.max(t - 2 * xc + both, 0) / norm;
        qxc = n * iRe;
        qxs = n * w * iIm;
        qcc = n * both;
        qss = n * w * w * both;
    }
}
