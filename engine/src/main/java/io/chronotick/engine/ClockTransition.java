// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

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
 * in closed form, and the covariance Q = integral of F(u) D F(u)^T du of the noise that comes in meanwhile (Van Loan 1978,
 * equation 1.4): closed for y, by Gauss-Legendre quadrature for c and s. Reused; not thread-safe; allocates nothing after
 * construction.
 */
final class ClockTransition {
    /** Nodes and weights of the four-point Gauss-Legendre rule on 0..1 (Abramowitz and Stegun, table 25.4). */
    private static final double[] NODE = {
        0.06943184420297371, 0.33000947820757187, 0.6699905217924281, 0.9305681557970263
    };

    private static final double[] NODE_WEIGHT = {
        0.17392742256872692, 0.32607257743127305, 0.32607257743127305, 0.17392742256872692
    };

    /** Longest piece of a quadrature, as a part of the cycle's period: four nodes are then good to 1e-7. */
    private static final double PIECE = 0.25;

    double t;
    double xc;
    double xs;
    double cc;
    double cs;
    double sc;
    double ss;

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
        transition(hypothesis, seconds);
        double q = hypothesis.wander();
        qxx = q * seconds * seconds * seconds / 3 + ClockHypothesis.PHASE_NOISE * seconds;
        qxy = q * seconds * seconds / 2;
        qyy = q * seconds;
        qxc = 0;
        qxs = 0;
        qcc = 0;
        qcs = 0;
        qss = 0;
        if (hypothesis.secondary() && seconds > 0) {
            integrate(hypothesis, seconds);
            transition(hypothesis, seconds);
        }
    }

    /** The transition alone; {@code seconds} may be negative for a look back over a short time. */
    void transition(ClockHypothesis hypothesis, double seconds) {
        t = seconds;
        double w = hypothesis.omega();
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
    }

    private void integrate(ClockHypothesis hypothesis, double seconds) {
        double longest = hypothesis.omega() > 0 ? PIECE * 2 * Math.PI / hypothesis.omega() : seconds;
        int pieces = (int) Math.ceil(seconds / longest);
        double piece = seconds / pieces;
        double noiseC = hypothesis.cNoise();
        double noiseS = hypothesis.sNoise();
        for (int i = 0; i < pieces; i++) {
            for (int k = 0; k < NODE.length; k++) {
                transition(hypothesis, (i + NODE[k]) * piece);
                double c = noiseC * NODE_WEIGHT[k] * piece;
                double s = noiseS * NODE_WEIGHT[k] * piece;
                qxx += c * xc * xc + s * xs * xs;
                qxc += c * xc * cc + s * xs * cs;
                qxs += c * xc * sc + s * xs * ss;
                qcc += c * cc * cc + s * cs * cs;
                qcs += c * cc * sc + s * cs * ss;
                qss += c * sc * sc + s * ss * ss;
            }
        }
    }
}
