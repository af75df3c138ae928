// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import io.chronotick.engine.math.Normal;
import java.util.List;

/**
 * What can be known of the time by whoever knows every law: the strength of the clock's noises, its cycles, the bases of both
 * ways and the laws of their queues. Nobody does; how near an estimator comes to it shows what is left to learn.
 *
 * <p>A filter of phase and frequency, random walks of the true strengths, the cycles taken out. The two stamps of an exchange
 * are two updates by a delay that is never negative: exact moments of the posterior, kept as a Gaussian (assumed-density
 * filtering). That is within 4 % of a particle filter with the same laws. Not thread-safe.
 */
public final class Oracle implements Baseline {
    public static final String NAME = "oracle";

    /** Of the stamps, s: half of what the recordings are rounded to. */
    private static final double STAMP = 1e-7;

    private final ClockLaw clock;
    private final PathLaw path;
    private boolean begun;
    private double at;
    private double phase;
    private double frequency;
    private double p00;
    private double p01;
    private double p11;

    public Oracle(ClockLaw clock, PathLaw path) {
        this.clock = clock;
        this.path = path;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void add(double seconds, double offset, double delay) {
        double cycles = cycles(seconds);
        if (!begun) {
            begun = true;
            phase = offset - cycles;
            frequency = -clock.frequency();
            p00 = delay * delay / 4;
            p11 = 1e4 * clock.wander() * clock.wander();
        } else {
            predict(seconds - at);
        }
        at = seconds;
        double half = delay / 2;
        update(path.forward(), 1, half, offset + half - cycles);
        update(path.back(), -1, half, -(offset - half - cycles));
    }

    private void predict(double dt) {
        double q = clock.wander() * clock.wander();
        phase += frequency * dt;
        p00 += 2 * dt * p01 + dt * dt * p11 + q * dt * dt * dt / 3 + clock.noise() * clock.noise() * dt;
        p01 += dt * p11 + q * dt * dt / 2;
        p11 += q * dt;
    }

    /** What the cycles have made of UTC - raw clock since second 0, s. */
    private double cycles(double seconds) {
        double sum = 0;
        for (ClockLaw.Cycle cycle : clock.cycles()) {
            double rate = 2 * Math.PI / cycle.period();
            sum -= cycle.amplitude() / rate * (1 - Math.cos(rate * seconds / (1 + clock.frequency())));
        }
        return sum;
    }

    /**
     * Takes one stamp.
     *
     * @param sign of the phase in what was seen
     * @param half of the round trip: the packet left this long before the middle, or came this long after it, s
     * @param seen the phase with this sign, and the delay
     */
    private void update(PathLaw.Way way, int sign, double half, double seen) {
        double h1 = -half;
        double v = p00 + 2 * sign * h1 * p01 + h1 * h1 * p11 + STAMP * STAMP;
        double sd = Math.sqrt(v);
        double e = seen - (sign * phase + h1 * frequency + way.base());
        List<PathLaw.Queue> queue = way.queue();
        double[] logZ = new double[queue.size()];
        double best = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < logZ.length; k++) {
            double s = queue.get(k).mean();
            double t = v / s;
            logZ[k] = Math.log(queue.get(k).share() / s) - e / s + t / (2 * s) + Normal.logCdf((e - t) / sd);
            best = Math.max(best, logZ[k]);
        }
        double total = 0;
        double first = 0;
        double second = 0;
        for (int k = 0; k < logZ.length; k++) {
            double t = v / queue.get(k).mean();
            double beta = (e - t) / sd;
            double hazard = Normal.hazard(beta);
            double mean = t - sd * hazard;
            double z = Math.exp(logZ[k] - best);
            total += z;
            first += z * mean;
            second += z * (v * Normal.truncatedVariance(beta, hazard) + mean * mean);
        }
        double mean = first / total;
        double gain = (second / total - mean * mean - v) / (v * v);
        double ph0 = sign * p00 + h1 * p01;
        double ph1 = sign * p01 + h1 * p11;
        phase += ph0 * mean / v;
        frequency += ph1 * mean / v;
        p00 += ph0 * ph0 * gain;
        p01 += ph0 * ph1 * gain;
        p11 += ph1 * ph1 * gain;
    }

    @Override
    public double offsetAt(double seconds) {
        return begun ? phase + frequency * (seconds - at) + cycles(seconds) : Double.NaN;
    }
}
