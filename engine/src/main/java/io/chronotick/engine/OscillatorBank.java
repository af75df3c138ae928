// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import java.util.List;

/**
 * Several hypotheses about the oscillator, fed with the same exchanges and weighed by how well they forecast them. Not
 * thread-safe.
 */
final class OscillatorBank {
    /** Spectral densities of the frequency's random walk, (s/s)^2/s: from an oven to a busy virtual machine. */
    private static final double[] WANDERS = {1e-19, 1e-18, 1e-17, 1e-16, 1e-15};

    /** Evidence fades by this factor an exchange, so that an oscillator that changes is noticed. */
    private static final double FORGETTING = 0.997;

    /** A hypothesis is never farther behind the best than this, in nats, so that it can come back. */
    private static final double DEEPEST = 25;

    /** An exchange counts as forecast when both directions fell inside the two-sided interval of sqrt(0.95). */
    private static final double TAIL = (1 - Math.sqrt(0.95)) / 2;

    private final OscillatorModel[] models = new OscillatorModel[WANDERS.length];
    private final double[] logWeights = new double[WANDERS.length];
    private final double[] weights = new double[WANDERS.length];
    private final double[] gains = new double[WANDERS.length];
    private final OneSidedUpdate update = new OneSidedUpdate();
    private final double[][] forward = new double[WANDERS.length][QueueLaw.SCALES];
    private final double[][] reverse = new double[WANDERS.length][QueueLaw.SCALES];
    private final double[] averaged = new double[QueueLaw.SCALES];
    private int exchanges;
    private double logEvidence;

    OscillatorBank() {
        for (int j = 0; j < models.length; j++) {
            models[j] = new OscillatorModel(WANDERS[j]);
        }
        restart();
    }

    /** Forgets everything. */
    void restart() {
        for (OscillatorModel model : models) {
            model.restart();
        }
        clearEvidence();
    }

    /** Forgets the phase and the paths; the frequency stays, loosened by {@code sd}, s/s. */
    void restartPhase(double sd) {
        if (!isStarted()) {
            restart();
            return;
        }
        double frequency = 0;
        double second = 0;
        for (int j = 0; j < models.length; j++) {
            double y = models[j].mean(OscillatorModel.Y);
            frequency += weights[j] * y;
            second += weights[j] * (models[j].covariance(OscillatorModel.Y, OscillatorModel.Y) + y * y);
        }
        for (OscillatorModel model : models) {
            model.restart(frequency, second - frequency * frequency + sd * sd);
        }
        clearEvidence();
    }

    private void clearEvidence() {
        java.util.Arrays.fill(logWeights, 0);
        java.util.Arrays.fill(weights, 1.0 / weights.length);
        exchanges = 0;
    }

    void forget(int source) {
        for (OscillatorModel model : models) {
            model.forget(source);
        }
    }

    boolean isStarted() {
        return models[0].isStarted();
    }

    boolean knows(int source) {
        return models[0].knows(source);
    }

    /** Natural logarithm of the predictive density of the newest exchange under the bank as it was before it. */
    double logEvidence() {
        return logEvidence;
    }

    /** Exchanges taken in since the last restart. */
    int exchanges() {
        return exchanges;
    }

    /**
     * Takes in one exchange and teaches the path's queue laws.
     *
     * @return whether the exchange fell inside the 95 % interval that the bank had forecast for it
     */
    boolean add(Exchange exchange, Path path, long epochNanos) {
        double up = (exchange.t2() - exchange.t1() - epochNanos) * 1e-9;
        double down = -(exchange.t3() - exchange.t4() - epochNanos) * 1e-9;
        double baseSd = baseWander(path);
        double upProbability = 0;
        double downProbability = 0;
        int source = exchange.source();
        for (int j = 0; j < models.length; j++) {
            OscillatorModel model = models[j];
            model.prepare(source, exchange.middle(), (up - down) / 2, exchange.delay());
            model.loosenBase(source, baseSd);
            model.update(source, +1, exchange.t1(), up, path.forward(), update);
            upProbability += weights[j] * update.probability();
            gains[j] = update.logEvidence();
            System.arraycopy(update.responsibilities(), 0, forward[j], 0, QueueLaw.SCALES);
            model.update(source, -1, exchange.t4(), down, path.reverse(), update);
            downProbability += weights[j] * update.probability();
            gains[j] += update.logEvidence();
            System.arraycopy(update.responsibilities(), 0, reverse[j], 0, QueueLaw.SCALES);
        }
        weigh();
        teach(path.forward(), forward);
        teach(path.reverse(), reverse);
        exchanges++;
        return inside(upProbability) && inside(downProbability);
    }

    /**
     * How far a base delay may have moved since the last exchange, s: much while it is hardly known, then a thousandth of the
     * queue's own scale.
     */
    private static double baseWander(Path path) {
        double scale = Math.min(path.forward().mean(), path.reverse().mean());
        return (0.001 + 0.6 / (30 + path.exchanges())) * scale;
    }

    private void weigh() {
        double best = Double.NEGATIVE_INFINITY;
        double predicted = 0;
        double bestGain = Double.NEGATIVE_INFINITY;
        for (double gain : gains) {
            bestGain = Math.max(bestGain, gain);
        }
        for (int j = 0; j < models.length; j++) {
            predicted += weights[j] * Math.exp(gains[j] - bestGain);
        }
        logEvidence = bestGain + Math.log(predicted);
        for (int j = 0; j < models.length; j++) {
            logWeights[j] = FORGETTING * logWeights[j] + gains[j];
            best = Math.max(best, logWeights[j]);
        }
        double total = 0;
        for (int j = 0; j < models.length; j++) {
            logWeights[j] = Math.max(logWeights[j] - best, -DEEPEST);
            weights[j] = Math.exp(logWeights[j]);
            total += weights[j];
        }
        for (int j = 0; j < models.length; j++) {
            weights[j] /= total;
        }
    }

    private void teach(QueueLaw law, double[][] responsibilities) {
        java.util.Arrays.fill(averaged, 0);
        for (int j = 0; j < models.length; j++) {
            for (int k = 0; k < averaged.length; k++) {
                averaged[k] += weights[j] * responsibilities[j][k];
            }
        }
        law.learn(averaged);
    }

    private static boolean inside(double probability) {
        return probability >= TAIL && probability <= 1 - TAIL;
    }

    /**
     * The published time's distribution when the raw clock reads {@code raw}: the mixture's moments of z = x + sum w_i a_i.
     *
     * <p>The weights of the servers are those of the best linear unbiased mean of what they say, each with its own noise and
     * the asymmetry expected of its base delay: w ~ (C + A)^-1 1. What the servers are found to disagree by, beyond what their
     * noise explains, is added as the sampling variance of that mean. What all servers have in common cannot be seen from here
     * and is covered by the hard bound alone.
     *
     * @param sources the servers that may speak, all of them known, at least one
     */
    Estimate estimate(long raw, List<Integer> sources) {
        double[] w = serverWeights(sources);
        double z = 0;
        double y = 0;
        double wander = 0;
        double[] zs = new double[models.length];
        for (int j = 0; j < models.length; j++) {
            zs[j] = combined(models[j], raw, sources, w);
            z += weights[j] * zs[j];
            y += weights[j] * models[j].mean(OscillatorModel.Y);
            wander += weights[j] * models[j].wander();
        }
        double p00 = 0;
        double p01 = 0;
        double p11 = 0;
        for (int j = 0; j < models.length; j++) {
            OscillatorModel m = models[j];
            double dt = (raw - m.rawNanos()) * 1e-9;
            double q = m.wander();
            double v11 = m.covariance(OscillatorModel.Y, OscillatorModel.Y);
            double v01 = combinedWith(m, OscillatorModel.Y, sources, w);
            double v00 = combinedWith(m, OscillatorModel.X, sources, w);
            for (int i = 0; i < w.length; i++) {
                v00 += w[i] * combinedWith(m, OscillatorModel.asymmetry(sources.get(i)), sources, w);
            }
            double dz = zs[j] - z;
            double dy = m.mean(OscillatorModel.Y) - y;
            p00 += weights[j] * (v00 + 2 * dt * v01 + dt * dt * v11 + q * Math.abs(dt * dt * dt) / 3 + dz * dz);
            p01 += weights[j] * (v01 + dt * v11 + q * dt * Math.abs(dt) / 2 + dz * dy);
            p11 += weights[j] * (v11 + q * Math.abs(dt) + dy * dy);
        }
        return new Estimate(raw, z, y, p00 + disagreement(sources, w), p01, p11, wander);
    }

    /** What one server says UTC - raw - epoch is when the raw clock reads {@code raw}, s. */
    double offsetOf(int source, long raw) {
        List<Integer> alone = List.of(source);
        double[] one = {1};
        double z = 0;
        for (int j = 0; j < models.length; j++) {
            z += weights[j] * combined(models[j], raw, alone, one);
        }
        return z;
    }

    private static double combined(OscillatorModel m, long raw, List<Integer> sources, double[] w) {
        double z = m.mean(OscillatorModel.X) + m.mean(OscillatorModel.Y) * (raw - m.rawNanos()) * 1e-9;
        for (int i = 0; i < w.length; i++) {
            z += w[i] * m.mean(OscillatorModel.asymmetry(sources.get(i)));
        }
        return z;
    }

    /** Covariance of x + sum w_i a_i with the state {@code row}. */
    private static double combinedWith(OscillatorModel m, int row, List<Integer> sources, double[] w) {
        double c = m.covariance(row, OscillatorModel.X);
        for (int i = 0; i < w.length; i++) {
            c += w[i] * m.covariance(row, OscillatorModel.asymmetry(sources.get(i)));
        }
        return c;
    }

    private OscillatorModel likeliest() {
        int best = 0;
        for (int j = 1; j < models.length; j++) {
            best = weights[j] > weights[best] ? j : best;
        }
        return models[best];
    }

    private double[] serverWeights(List<Integer> sources) {
        int n = sources.size();
        double[] w = new double[n];
        if (n == 1) {
            w[0] = 1;
            return w;
        }
        OscillatorModel m = likeliest();
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            int ai = OscillatorModel.asymmetry(sources.get(i));
            for (int k = 0; k < n; k++) {
                int ak = OscillatorModel.asymmetry(sources.get(k));
                c[i][k] = m.covariance(ai, ak)
                        + m.covariance(OscillatorModel.X, ai)
                        + m.covariance(OscillatorModel.X, ak)
                        + m.covariance(OscillatorModel.X, OscillatorModel.X);
            }
            c[i][i] += OscillatorModel.asymmetryVariance(m.mean(OscillatorModel.base(sources.get(i))));
        }
        LinearAlgebra.solveWithOnes(c, w);
        double total = 0;
        for (int i = 0; i < n; i++) {
            // Strongly correlated servers can get a weight below zero; that buys nothing here.
            w[i] = Math.max(w[i], 0);
            total += w[i];
        }
        for (int i = 0; i < n; i++) {
            w[i] /= total;
        }
        return w;
    }

    /** Sampling variance of the weighted mean from the servers' disagreement, s^2, less what their noise explains. */
    private double disagreement(List<Integer> sources, double[] w) {
        if (w.length == 1) {
            return 0;
        }
        OscillatorModel m = likeliest();
        double centre = 0;
        double squares = 0;
        for (int i = 0; i < w.length; i++) {
            centre += w[i] * m.mean(OscillatorModel.asymmetry(sources.get(i)));
            squares += w[i] * w[i];
        }
        double spread = 0;
        for (int i = 0; i < w.length; i++) {
            int a = OscillatorModel.asymmetry(sources.get(i));
            double d = m.mean(a) - centre;
            double noise = m.covariance(a, a) - combinedAsymmetry(m, a, sources, w);
            spread += w[i] * Math.max(d * d - Math.max(noise, 0), 0);
        }
        return squares < 1 ? spread / (1 - squares) * squares : 0;
    }

    /** Covariance of an asymmetry with the servers' weighted mean asymmetry. */
    private static double combinedAsymmetry(OscillatorModel m, int row, List<Integer> sources, double[] w) {
        double c = 0;
        for (int i = 0; i < w.length; i++) {
            c += w[i] * m.covariance(row, OscillatorModel.asymmetry(sources.get(i)));
        }
        return c;
    }
}
