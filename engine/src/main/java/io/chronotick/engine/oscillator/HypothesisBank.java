// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.math.Cholesky;
import io.chronotick.engine.math.CycleFinder;
import io.chronotick.engine.math.LogOdds;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.NetworkPath;
import io.chronotick.engine.path.QueueLaw;
import java.util.ArrayList;
import java.util.List;

/**
 * What is believed of the clock and of the ways to the servers: several hypotheses about the oscillator, fed with the same
 * exchanges and weighed by how well they forecast them, and the queue laws of every {@link NetworkPath}, which they share. Not
 * thread-safe.
 */
public final class HypothesisBank {
    /** Evidence fades by this factor an exchange, so that an oscillator that changes is noticed. */
    private static final double FORGETTING = 0.997;

    /** A hypothesis is never farther behind the best than this, in nats, so that it can come back. */
    private static final double DEEPEST = 25;

    /** What the long-term forecaster is judged by: forecasts this far ahead or farther, s. */
    private static final double LONG_LEAD = 300;

    /** An exchange counts as forecast when both directions fell inside the two-sided interval of sqrt(0.95). */
    private static final double TAIL = (1 - Math.sqrt(0.95)) / 2;

    /** The period of the learned cycle is looked at again after this many exchanges. */
    private static final int EXCHANGES_PER_TUNING = 16;

    /** A line has this many times the median power. Chance does that now and then, and the exchanges then refute it. */
    private static final double LINE = 6;

    /** A learned period that moves by less than this part is the same cycle, by less than that not worth following. */
    private static final double SAME_CYCLE = 0.2;

    private static final double SAME_PERIOD = 0.002;

    /** Most networks have queues. */
    private static final double SYMMETRIC_LOG_PRIOR = -3;

    private final List<ClockHypothesis> oneSided;
    private final List<ClockHypothesis> symmetric;
    private final List<List<Covariate>> covariates;

    /** One for each hypothesis; if cycles are learned one more at the end, asleep until a period is known. */
    private final KalmanState[] models;

    private final boolean learnsCycles;
    private boolean cycleLearned;
    private final CycleFinder finder = new CycleFinder();

    private final double[] logWeights;
    private final double[] weights;
    private final double[] gains;
    private final Prediction prediction = new Prediction();
    private final Observation[] observations;
    private final Observation overdue = new Observation();

    /** Evidence at the long lead fades by this factor a forecast: a memory of days. */
    private static final double LONG_FORGETTING = 0.999;

    private final double[] longLogWeights;
    private final double[] longWeights;
    private final double[] farGains;

    /** The models as they were, until a forecast from there comes due; empty when none is pending. */
    private KalmanState[] pending = new KalmanState[0];

    private final double[] pendingWeights;
    private final LogOdds near = new LogOdds();
    private final LogOdds far = new LogOdds();
    private final double[] averaged = new double[QueueLaw.SCALES];
    private final List<NetworkPath> paths = new ArrayList<>();
    private int exchanges;
    private double logEvidence;
    private double frequency;
    private double frequencySd;

    /**
     * A bank that knows nothing yet.
     *
     * @param oneSided what it weighs of clocks seen through {@link DelayModel#ONE_SIDED} delays
     * @param symmetric of clocks seen through {@link DelayModel#SYMMETRIC} ones; at least one of either
     * @param covariates what the clock may follow, each in the ways in which it is seen; shared with whoever feeds them
     * @param learnsCycles whether a cycle may join them whose period is learned
     */
    HypothesisBank(
            List<ClockHypothesis> oneSided,
            List<ClockHypothesis> symmetric,
            List<List<Covariate>> covariates,
            boolean learnsCycles) {
        this.oneSided = List.copyOf(oneSided);
        this.symmetric = List.copyOf(symmetric);
        this.covariates = List.copyOf(covariates);
        this.learnsCycles = learnsCycles;
        int followers = covariates.stream()
                .mapToInt(views -> ClockHypothesis.followers(views.size()).size())
                .sum();
        int n = oneSided.size() + symmetric.size() + followers + (learnsCycles ? 1 : 0);
        models = new KalmanState[n];
        observations = new Observation[n];
        logWeights = new double[n];
        weights = new double[n];
        gains = new double[n];
        longLogWeights = new double[n];
        longWeights = new double[n];
        farGains = new double[n];
        pendingWeights = new double[n];
        int j = 0;
        for (ClockHypothesis hypothesis : symmetric) {
            models[j++] = new KalmanState(hypothesis, DelayModel.SYMMETRIC);
        }
        for (ClockHypothesis hypothesis : oneSided) {
            models[j++] = new KalmanState(hypothesis, DelayModel.ONE_SIDED);
        }
        DelayModel delays = oneSided.isEmpty() ? DelayModel.SYMMETRIC : DelayModel.ONE_SIDED;
        for (List<Covariate> views : covariates) {
            for (ClockHypothesis hypothesis : ClockHypothesis.followers(views.size())) {
                models[j++] = new KalmanState(hypothesis, delays, views);
            }
        }
        if (learnsCycles) {
            models[j] = new KalmanState(ClockHypothesis.learnedCycle(1), delays);
        }
        for (int i = 0; i < n; i++) {
            observations[i] = new Observation();
        }
        restart();
    }

    /** An independent copy: a second opinion that goes its own way. */
    HypothesisBank copy() {
        HypothesisBank copy = new HypothesisBank(oneSided, symmetric, covariates, learnsCycles);
        for (int j = 0; j < models.length; j++) {
            copy.models[j] = models[j].copy();
            copy.logWeights[j] = logWeights[j];
            copy.weights[j] = weights[j];
            copy.longLogWeights[j] = longLogWeights[j];
            copy.longWeights[j] = longWeights[j];
        }
        copy.near.copyFrom(near);
        copy.far.copyFrom(far);
        copy.cycleLearned = cycleLearned;
        copy.finder.copyFrom(finder);
        paths.forEach(path -> copy.paths.add(path.copy()));
        copy.exchanges = exchanges;
        copy.logEvidence = logEvidence;
        copy.averageFrequency();
        return copy;
    }

    public void addSource() {
        paths.add(new NetworkPath());
    }

    public NetworkPath path(int source) {
        return paths.get(source);
    }

    List<NetworkPath> paths() {
        return paths;
    }

    /** Models that take part. */
    private int active() {
        return learnsCycles && !cycleLearned ? models.length - 1 : models.length;
    }

    /** Forgets everything but the paths' laws. */
    void restart() {
        for (KalmanState model : models) {
            model.restart();
        }
        clearEvidence();
    }

    /** Forgets the phase and the base delays; the frequency stays, loosened by {@code sd}, s/s. */
    void restartPhase(double sd) {
        if (!isStarted()) {
            restart();
            return;
        }
        for (KalmanState model : models) {
            model.restart(frequency, frequencySd * frequencySd + sd * sd);
        }
        clearEvidence();
    }

    private void clearEvidence() {
        for (int j = 0; j < models.length; j++) {
            logWeights[j] = logPrior(j);
            longLogWeights[j] = logPrior(j);
        }
        pending = new KalmanState[0];
        near.clear();
        far.clear();
        cycleLearned = false;
        finder.clear();
        exchanges = 0;
        normalizeWeights();
        averageFrequency();
    }

    private double logPrior(int j) {
        return models[j].hypothesis().logPrior()
                + (models[j].delays() == DelayModel.SYMMETRIC ? SYMMETRIC_LOG_PRIOR : 0);
    }

    /** The way to a server has changed altogether: another address. */
    void forget(int source) {
        paths.get(source).clear();
        for (KalmanState model : models) {
            model.forget(source);
        }
    }

    public boolean isStarted() {
        return models[0].isStarted();
    }

    public boolean knows(int source) {
        return models[0].knows(source);
    }

    /** Natural logarithm of the predictive density of the newest exchange under the bank as it was before it. */
    double logEvidence() {
        return logEvidence;
    }

    /** Mean over the hypotheses of a server's base delay one way, s; only when it is known. */
    public double base(int source) {
        double base = 0;
        for (int j = 0; j < active(); j++) {
            base += weights[j] * models[j].mean(models[j].base(source));
        }
        return base;
    }

    /** Standard deviation of {@link #base}, s. */
    public double baseSd(int source) {
        double mean = base(source);
        double second = 0;
        for (int j = 0; j < active(); j++) {
            int b = models[j].base(source);
            double d = models[j].mean(b) - mean;
            second += weights[j] * (models[j].covariance(b, b) + d * d);
        }
        return Math.sqrt(second);
    }

    /** Sets the base delay of a server to {@code base} +- {@code sd}, s: its route has changed. */
    void resetBase(int source, double base, double sd) {
        paths.get(source).renewBase();
        for (int j = 0; j < active(); j++) {
            models[j].resetBase(source, base, sd);
        }
    }

    /** The clock may have stepped by about {@code size}, s; everything else stays. */
    void loosenPhase(double size) {
        for (int j = 0; j < active(); j++) {
            models[j].loosenPhase(size);
        }
        pending = new KalmanState[0];
    }

    /** Exchanges taken in since the last restart. */
    public int exchanges() {
        return exchanges;
    }

    /**
     * Takes in one exchange and teaches the path's queue laws.
     *
     * @return whether the exchange fell inside the 95 % interval that the bank had forecast for it
     */
    boolean add(Exchange exchange, long epochNanos) {
        NetworkPath path = paths.get(exchange.source());
        double up = exchange.forwardOffset(epochNanos);
        double down = -exchange.returnOffset(epochNanos);
        double baseSd = baseWander(path);
        int source = exchange.source();
        for (int j = 0; j < active(); j++) {
            KalmanState model = models[j];
            model.prepare(source, exchange.middle(), (up - down) / 2, exchange.delay());
            model.loosenBase(source, baseSd);
            model.observe(exchange, up, down, path, observations[j]);
            gains[j] = observations[j].logEvidence();
            // A packet that came earlier than possible was not believed; but if many do, the base is wrong.
            model.loosenBase(source, observations[j].early());
        }
        boolean hit = isHit();
        path.age();
        weigh();
        lookBack(exchange, up, down);
        teach(path);
        exchanges++;
        averageFrequency();
        finder.add(exchange.middle(), frequency);
        if (learnsCycles && exchanges % EXCHANGES_PER_TUNING == 0 && finder.find(LINE)) {
            tune(finder.period());
        }
        return hit;
    }

    /** Whether the newest exchange was where those who are believed more of the two views of delays expected it. */
    private boolean isHit() {
        double share = share(DelayModel.SYMMETRIC);
        DelayModel believed = share > 0.5 ? DelayModel.SYMMETRIC : DelayModel.ONE_SIDED;
        double total = 0;
        double first = 0;
        double second = 0;
        for (int j = 0; j < active(); j++) {
            if (models[j].delays() == believed) {
                total += weights[j];
                first += weights[j] * observations[j].firstProbability();
                second += weights[j] * observations[j].secondProbability();
            }
        }
        return inside(first / total) && inside(second / total);
    }

    /** Weight of the models that take delays so, 0..1. */
    private double share(DelayModel delays) {
        double share = 0;
        for (int j = 0; j < active(); j++) {
            share += models[j].delays() == delays ? weights[j] : 0;
        }
        return share;
    }

    /** A cycle was found: the learned one follows it, or begins with what the likeliest hypothesis knows of the rest. */
    private void tune(double period) {
        KalmanState learned = models[models.length - 1];
        ClockHypothesis better = ClockHypothesis.learnedCycle(period);
        double change = Math.abs(learned.hypothesis().period() / period - 1);
        if (cycleLearned && change < SAME_PERIOD) {
            return;
        }
        learned.retune(better);
        if (!cycleLearned || change > SAME_CYCLE) {
            int best = -1;
            for (int j = 0; j < models.length - 1; j++) {
                boolean fits = models[j].delays() == learned.delays()
                        && models[j].hypothesis().clockStates() == 2;
                best = fits && (best < 0 || logWeights[j] > logWeights[best]) ? j : best;
            }
            learned.startFrom(models[best]);
            logWeights[models.length - 1] = better.logPrior();
            longLogWeights[models.length - 1] = better.logPrior();
            pending = new KalmanState[0];
            cycleLearned = true;
            normalizeWeights();
        }
    }

    private void averageFrequency() {
        frequency = 0;
        for (int j = 0; j < active(); j++) {
            frequency += weights[j] * models[j].frequency();
        }
        double variance = 0;
        for (int j = 0; j < active(); j++) {
            double d = models[j].frequency() - frequency;
            variance += weights[j] * (models[j].frequencyVariance() + d * d);
        }
        frequencySd = Math.sqrt(variance);
    }

    /** Frequency at the newest exchange, s/s. */
    public double frequency() {
        return frequency;
    }

    /** What the models that follow a covariate make of it. */
    public CovariateReport report(List<Covariate> views) {
        double share = 0;
        double mean = 0;
        double second = 0;
        for (int j = 0; j < active(); j++) {
            if (models[j].drivers().equals(views)) {
                double k = models[j].sensitivity();
                share += weights[j];
                mean += weights[j] * k;
                second += weights[j] * (k * k + models[j].sensitivityVariance());
            }
        }
        double k = mean / share;
        double sd = Math.sqrt(Math.max(second / share - k * k, 0));
        CovariateConfig config = views.get(0).config();
        return new CovariateReport(config, views.get(0).newest(), k / config.swing(), sd / config.swing(), share);
    }

    /** Standard deviation of {@link #frequency}, s/s. */
    public double frequencySd() {
        return frequencySd;
    }

    /**
     * How far a base delay may have moved since the last exchange, s: much while it is hardly known, then 3e-4 of the smaller
     * queue's own scale and 1e-4 of what the other is larger by, up to 30 times. The latter is what moments cost: an edge that
     * packets of a long queue seldom touch has no Gaussian posterior, and is known less well than one would have it.
     */
    private static double baseWander(NetworkPath path) {
        double smaller = Math.min(path.forward().mean(), path.reverse().mean());
        double larger = Math.max(path.forward().mean(), path.reverse().mean());
        return (3e-4 + 0.6 / (30 + path.baseAge())) * smaller + 1e-4 * Math.min(larger - smaller, 30 * smaller);
    }

    private void weigh() {
        logEvidence = mixture(weights, gains);
        near.add(logEvidence, mixture(longWeights, gains));
        for (int j = 0; j < active(); j++) {
            double prior = logPrior(j);
            logWeights[j] = prior + FORGETTING * (logWeights[j] - prior) + gains[j];
        }
        normalizeWeights();
    }

    /**
     * Judges what was forecast for about now, {@value #LONG_LEAD} s or more ago: the hypotheses' weights for long leads follow
     * from that, and the fusion's.
     */
    private void lookBack(Exchange exchange, double up, double down) {
        int source = exchange.source();
        if (pending.length > 0
                && Nanos.toSeconds(exchange.middle() - pending[0].rawNanos()) >= LONG_LEAD
                && pending[0].knows(source)) {
            NetworkPath path = paths.get(source);
            for (int j = 0; j < pending.length; j++) {
                KalmanState model = pending[j];
                model.prepare(source, exchange.middle(), (up - down) / 2, exchange.delay());
                model.observe(exchange, up, down, path, overdue);
                farGains[j] = overdue.logEvidence();
            }
            far.add(mixture(pendingWeights, farGains), mixture(longWeights, farGains));
            for (int j = 0; j < pending.length; j++) {
                double prior = logPrior(j);
                longLogWeights[j] = prior + LONG_FORGETTING * (longLogWeights[j] - prior) + farGains[j];
            }
            normalizeWeights();
            pending = new KalmanState[0];
        }
        if (pending.length == 0) {
            pending = new KalmanState[active()];
            for (int j = 0; j < pending.length; j++) {
                pending[j] = models[j].copy();
                pendingWeights[j] = weights[j];
            }
        }
    }

    /**
     * Log evidence of an exchange that is yet to come in, if the published time at its middle is N(offset, variance) and all
     * else as the likeliest hypothesis has it: what any forecaster is judged by, whatever it forecasts with.
     *
     * @param sources the servers whose mean the published time is, as in {@link #estimate}
     */
    public double logEvidence(
            Exchange exchange, long epochNanos, List<Integer> sources, double offset, double variance) {
        NetworkPath path = paths.get(exchange.source());
        double up = exchange.forwardOffset(epochNanos);
        double down = -exchange.returnOffset(epochNanos);
        double[] asymmetries = asymmetries(sources, serverWeights(sources));
        KalmanState model = likeliest().copy();
        model.prepare(exchange.source(), exchange.middle(), (up - down) / 2, exchange.delay());
        model.believe(asymmetries, offset, variance);
        model.observe(exchange, up, down, path, overdue);
        return overdue.logEvidence();
    }

    /** Log evidence of a mixture of hypotheses. */
    private double mixture(double[] shares, double[] logEvidences) {
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < active(); j++) {
            best = Math.max(best, logEvidences[j]);
        }
        double sum = 0;
        for (int j = 0; j < active(); j++) {
            sum += shares[j] * Math.exp(logEvidences[j] - best);
        }
        return best + Math.log(Math.max(sum, Double.MIN_NORMAL));
    }

    private void normalizeWeights() {
        normalize(logWeights, weights);
        normalize(longLogWeights, longWeights);
    }

    private void normalize(double[] logs, double[] shares) {
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < active(); j++) {
            best = Math.max(best, logs[j]);
        }
        double total = 0;
        for (int j = 0; j < active(); j++) {
            logs[j] = Math.max(logs[j] - best, -DEEPEST);
            shares[j] = Math.exp(logs[j]);
            total += shares[j];
        }
        for (int j = 0; j < active(); j++) {
            shares[j] /= total;
        }
    }

    /** Each law learns from the models that use it. */
    private void teach(NetworkPath path) {
        for (DelayModel delays : DelayModel.values()) {
            double share = share(delays);
            if (share > 0) {
                average(delays, share, true);
                path.first(delays).learn(averaged);
                average(delays, share, false);
                path.second(delays).learn(averaged);
            }
        }
    }

    private void average(DelayModel delays, double share, boolean first) {
        java.util.Arrays.fill(averaged, 0);
        for (int j = 0; j < active(); j++) {
            if (models[j].delays() == delays) {
                double[] responsibilities = first ? observations[j].first() : observations[j].second();
                for (int k = 0; k < averaged.length; k++) {
                    averaged[k] += weights[j] / share * responsibilities[k];
                }
            }
        }
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
    public Estimate estimate(long raw, List<Integer> sources) {
        return estimates(raw, sources).fused();
    }

    /** What the two forecasters and their fusion say of one instant. */
    public record Estimates(Estimate shortTerm, Estimate longTerm, double shortTermWeight, Estimate fused) {}

    /** {@link #estimate} with what it is made of. */
    public Estimates estimates(long raw, List<Integer> sources) {
        double[] w = serverWeights(sources);
        double[] asymmetries = asymmetries(sources, w);
        Mixture shortTerm = new Mixture();
        Mixture longTerm = new Mixture();
        for (int j = 0; j < active(); j++) {
            models[j].predict(raw, asymmetries, prediction);
            ClockHypothesis hypothesis = models[j].hypothesis();
            double wander = hypothesis.wander() + hypothesis.cNoise();
            shortTerm.add(weights[j], prediction, wander);
            longTerm.add(longWeights[j], prediction, wander);
        }
        double disagreement = disagreement(sources, w);
        Estimate first = shortTerm.estimate(raw, disagreement);
        Estimate second = longTerm.estimate(raw, disagreement);
        double share = shortTermShare(raw);
        return new Estimates(first, second, share, CovarianceIntersection.fuse(first, second, share));
    }

    /** Share of the short-term forecaster in the fusion: from its record one step ahead to that at long leads. */
    private double shortTermShare(long raw) {
        double lead = Nanos.toSeconds(raw - models[0].rawNanos()) / LONG_LEAD;
        return near.share() + Math.min(Math.max(lead, 0), 1) * (far.share() - near.share());
    }

    /** First two moments of a mixture, by Welford's update for weighted data: nearly equal means keep their digits. */
    private static final class Mixture {
        private double total;
        private double offset;
        private double frequency;
        private double wander;
        private double s00;
        private double s01;
        private double s11;

        void add(double share, Prediction p, double noise) {
            total += share;
            double ratio = total > 0 ? share / total : 0;
            double dz = p.offset - offset;
            double dy = p.frequency - frequency;
            offset += ratio * dz;
            frequency += ratio * dy;
            s00 += share * (p.p00 + (1 - ratio) * dz * dz);
            s01 += share * (p.p01 + (1 - ratio) * dz * dy);
            s11 += share * (p.p11 + (1 - ratio) * dy * dy);
            wander += share * noise;
        }

        Estimate estimate(long raw, double more) {
            return new Estimate(raw, offset, frequency, s00 + more, s01, s11, wander);
        }
    }

    private KalmanState likeliest() {
        int best = 0;
        for (int j = 1; j < active(); j++) {
            best = weights[j] > weights[best] ? j : best;
        }
        return models[best];
    }

    /** The servers' weights by source index. */
    private double[] asymmetries(List<Integer> sources, double[] w) {
        double[] asymmetries = new double[paths.size()];
        for (int i = 0; i < w.length; i++) {
            asymmetries[sources.get(i)] = w[i];
        }
        return asymmetries;
    }

    private double[] serverWeights(List<Integer> sources) {
        int n = sources.size();
        double[] w = new double[n];
        if (n == 1) {
            w[0] = 1;
            return w;
        }
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                for (int j = 0; j < active(); j++) {
                    KalmanState m = models[j];
                    int ai = m.asymmetry(sources.get(i));
                    int ak = m.asymmetry(sources.get(k));
                    c[i][k] += weights[j]
                            * (m.covariance(ai, ak)
                                    + m.covariance(KalmanState.X, ai)
                                    + m.covariance(KalmanState.X, ak)
                                    + m.covariance(KalmanState.X, KalmanState.X));
                }
            }
            c[i][i] += KalmanState.asymmetryVariance(base(sources.get(i)));
        }
        Cholesky.solveWithOnes(c, w);
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

    /**
     * Sampling variance of the weighted mean from the servers' disagreement, s^2, less what their noise explains; mean over the
     * hypotheses, so that nothing jumps when one becomes likelier than another.
     */
    private double disagreement(List<Integer> sources, double[] w) {
        if (w.length == 1) {
            return 0;
        }
        double squares = 0;
        for (double weight : w) {
            squares += weight * weight;
        }
        double spread = 0;
        for (int j = 0; j < active(); j++) {
            spread += weights[j] * spread(models[j], sources, w);
        }
        return squares < 1 ? Math.max(spread, 0) / (1 - squares) * squares : 0;
    }

    /** Mean square of what the servers' asymmetries are from their mean, less what their noise explains, s^2. */
    private static double spread(KalmanState m, List<Integer> sources, double[] w) {
        double centre = 0;
        for (int i = 0; i < w.length; i++) {
            centre += w[i] * m.mean(m.asymmetry(sources.get(i)));
        }
        double spread = 0;
        for (int i = 0; i < w.length; i++) {
            int a = m.asymmetry(sources.get(i));
            double d = m.mean(a) - centre;
            double noise = m.covariance(a, a) - combinedAsymmetry(m, a, sources, w);
            spread += w[i] * (d * d - Math.max(noise, 0));
        }
        return spread;
    }

    /** Covariance of an asymmetry with the servers' weighted mean asymmetry. */
    private static double combinedAsymmetry(KalmanState m, int row, List<Integer> sources, double[] w) {
        double c = 0;
        for (int i = 0; i < w.length; i++) {
            c += w[i] * m.covariance(row, m.asymmetry(sources.get(i)));
        }
        return c;
    }
}
