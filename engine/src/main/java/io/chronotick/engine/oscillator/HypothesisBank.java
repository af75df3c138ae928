// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.math.LogOdds;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.NetworkPath;
import io.chronotick.engine.path.QueueLaw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is believed of the clock and of the ways to the servers: several hypotheses about the oscillator, fed with the same
 * exchanges and weighed by how well they forecast them, and the queue laws of every {@link NetworkPath}, which they share. Not
 * thread-safe.
 */
public final class HypothesisBank {
    // Long because: arrays with an entry for each hypothesis that nearly every method goes over; another cut would pass
    // them all round.

    /** Evidence fades by this factor an exchange, so that an oscillator that changes is noticed. */
    private static final double FORGETTING = 0.997;

    /** Evidence at the long lead fades by this factor a forecast: a memory of days. */
    private static final double LONG_FORGETTING = 0.999;

    /** An exchange counts as forecast when both directions fell inside the two-sided interval of sqrt(0.95). */
    private static final double TAIL = (1 - Math.sqrt(0.95)) / 2;

    /** Most networks have queues. */
    private static final double SYMMETRIC_LOG_PRIOR = -3;

    /**
     * But nobody has seen their edges yet: at first half of all weight is with those who need none. They know their noise from the
     * round trips ({@link NetworkPath#seedLaws}), and err on the safe side.
     */
    private static final double SYMMETRIC_FIRST_LOG = 1;

    private final List<ClockHypothesis> oneSided;
    private final List<ClockHypothesis> humped;
    private final List<ClockHypothesis> symmetric;
    private final List<List<Covariate>> covariates;

    private final KalmanState[] models;

    /** By one-step predictions, and by those far ahead: what the two forecasters weigh the hypotheses by. */
    private final EvidenceWeights weights;

    private final EvidenceWeights longWeights;
    private final LongForecast longForecast;
    private final ServerCombiner servers;
    private final LogOdds near = new LogOdds();
    private final LogOdds far = new LogOdds();

    private final double[] gains;
    private final Prediction prediction = new Prediction();
    private final Observation[] observations;
    private final Observation tried = new Observation();
    private final double[] averaged = new double[QueueLaw.LARGEST];
    private final List<NetworkPath> paths = new ArrayList<>();
    private int exchanges;
    private double logEvidence;
    private double frequency;
    private double frequencySd;

    /**
     * A bank that knows nothing yet.
     *
     * @param oneSided what it weighs of clocks seen through {@link DelayModel#ONE_SIDED} delays
     * @param humped of clocks seen through {@link DelayModel#HUMPED} ones
     * @param symmetric of clocks seen through {@link DelayModel#SYMMETRIC} ones; at least one of these or the first
     * @param covariates what the clock may follow, each in the ways in which it is seen; shared with whoever feeds them
     */
    HypothesisBank(
            List<ClockHypothesis> oneSided,
            List<ClockHypothesis> humped,
            List<ClockHypothesis> symmetric,
            List<List<Covariate>> covariates) {
        this.oneSided = List.copyOf(oneSided);
        this.humped = List.copyOf(humped);
        this.symmetric = List.copyOf(symmetric);
        this.covariates = List.copyOf(covariates);
        // Where the evidence is for humped delays, what follows a covariate has to be there, too.
        List<DelayModel> followed = oneSided.isEmpty()
                ? List.of(DelayModel.SYMMETRIC)
                : humped.isEmpty() ? List.of(DelayModel.ONE_SIDED) : List.of(DelayModel.ONE_SIDED, DelayModel.HUMPED);
        int followers = followed.size()
                * covariates.stream()
                        .mapToInt(
                                views -> ClockHypothesis.followers(views.size()).size())
                        .sum();
        int n = oneSided.size() + humped.size() + symmetric.size() + followers;
        models = new KalmanState[n];
        observations = new Observation[n];
        gains = new double[n];
        int j = 0;
        for (ClockHypothesis hypothesis : symmetric) {
            models[j++] = new KalmanState(hypothesis, DelayModel.SYMMETRIC);
        }
        for (ClockHypothesis hypothesis : oneSided) {
            models[j++] = new KalmanState(hypothesis, DelayModel.ONE_SIDED);
        }
        for (ClockHypothesis hypothesis : humped) {
            models[j++] = new KalmanState(hypothesis, DelayModel.HUMPED);
        }
        for (DelayModel delays : followed) {
            for (List<Covariate> views : covariates) {
                for (ClockHypothesis hypothesis : ClockHypothesis.followers(views.size())) {
                    models[j++] = new KalmanState(hypothesis, delays, views);
                }
            }
        }
        for (int i = 0; i < n; i++) {
            observations[i] = new Observation();
        }
        double[] logPriors =
                Arrays.stream(models).mapToDouble(HypothesisBank::logPrior).toArray();
        double[] firstLogs =
                Arrays.stream(models).mapToDouble(HypothesisBank::firstLog).toArray();
        weights = new EvidenceWeights(FORGETTING, logPriors, firstLogs);
        longWeights = new EvidenceWeights(LONG_FORGETTING, logPriors, firstLogs);
        longForecast = new LongForecast(n);
        servers = new ServerCombiner(models, weights, this::shapeVariance);
        restart();
    }

    /** An independent copy: a second opinion that goes its own way. */
    HypothesisBank copy() {
        HypothesisBank copy = new HypothesisBank(oneSided, humped, symmetric, covariates);
        for (int j = 0; j < models.length; j++) {
            copy.models[j] = models[j].copy();
        }
        copy.weights.copyFrom(weights);
        copy.longWeights.copyFrom(longWeights);
        copy.near.copyFrom(near);
        copy.far.copyFrom(far);
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
        return weights.active();
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
        weights.restart(models.length);
        longWeights.restart(models.length);
        longForecast.drop();
        near.clear();
        far.clear();
        exchanges = 0;
        averageFrequency();
    }

    private static double logPrior(KalmanState model) {
        return model.hypothesis().logPrior() + (model.delays() == DelayModel.SYMMETRIC ? SYMMETRIC_LOG_PRIOR : 0);
    }

    private static double firstLog(KalmanState model) {
        return model.hypothesis().logPrior() + (model.delays() == DelayModel.SYMMETRIC ? SYMMETRIC_FIRST_LOG : 0);
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
        return servers.base(source);
    }

    /** Standard deviation of {@link #base}, s. */
    public double baseSd(int source) {
        return servers.baseSd(source);
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
        longForecast.drop();
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
        int source = exchange.source();
        // The clock by this server as it was known before, its deviation from what the exchange alone says: for the
        // shape of the queues.
        double measured = (up - down) / 2;
        double mean = 0;
        double square = 0;
        for (int j = 0; j < active(); j++) {
            KalmanState model = models[j];
            model.prepare(source, exchange.middle(), measured, exchange.delay());
            double d = model.offset(source) - measured;
            mean += weights.share(j) * d;
            square += weights.share(j) * (model.offsetVariance(source) + d * d);
            model.loosenBase(source, baseWander(path, model.delays()));
            model.observe(exchange, up, down, path, observations[j]);
            gains[j] = observations[j].logEvidence();
            // A packet that came earlier than possible was not believed; but if many do, the base is wrong.
            model.loosenBase(source, observations[j].early());
        }
        double waited = (up + down) / 2;
        path.shape(waited - mean, waited + mean, Math.sqrt(Math.max(square - mean * mean, 0)));
        boolean hit = isHit();
        path.age();
        weigh();
        longForecast.judge(exchange, up, down, path, longWeights, far, models, weights);
        teach(path);
        exchanges++;
        averageFrequency();
        if (CycleTracker.reseed(exchanges, models, weights, longWeights)) {
            longForecast.drop();
        }
        return hit;
    }

    /** Whether the newest exchange was where those who are believed most of the views of delays expected it. */
    private boolean isHit() {
        DelayModel believed = DelayModel.ONE_SIDED;
        for (DelayModel delays : DelayModel.values()) {
            believed = share(delays) > share(believed) ? delays : believed;
        }
        double total = 0;
        double first = 0;
        double second = 0;
        for (int j = 0; j < active(); j++) {
            if (models[j].delays() == believed) {
                total += weights.share(j);
                first += weights.share(j) * observations[j].firstProbability();
                second += weights.share(j) * observations[j].secondProbability();
            }
        }
        return inside(first / total) && inside(second / total);
    }

    /**
     * What one hypothesis counts for.
     *
     * @param name of the hypothesis, and how it takes delays
     * @param shortTerm weight in forecasts seconds ahead, 0..1
     * @param longTerm the same, minutes ahead
     */
    public record Weight(String name, double shortTerm, double longTerm) {}

    /** The hypotheses that count for most seconds ahead, heaviest first, {@code most} at most. Allocates: for people. */
    public List<Weight> heaviest(int most) {
        return IntStream.range(0, active())
                .mapToObj(j -> new Weight(
                        models[j].hypothesis().name()
                                + switch (models[j].delays()) {
                                    case ONE_SIDED -> "";
                                    case HUMPED -> ", humped delays";
                                    case SYMMETRIC -> ", symmetric delays";
                                },
                        weights.share(j),
                        longWeights.share(j)))
                .sorted(Comparator.comparingDouble(Weight::shortTerm).reversed())
                .limit(most)
                .toList();
    }

    /** Weight of one of these servers in the time that they make up, 0..1; 0 if it is none of them. Allocates: for people. */
    public double weight(int source, List<Integer> sources) {
        int i = sources.indexOf(source);
        return i < 0 ? 0 : servers.serverWeights(sources)[i];
    }

    /** Weight of the models that take delays so, 0..1. */
    private double share(DelayModel delays) {
        double share = 0;
        for (int j = 0; j < active(); j++) {
            share += models[j].delays() == delays ? weights.share(j) : 0;
        }
        return share;
    }

    private void averageFrequency() {
        frequency = 0;
        for (int j = 0; j < active(); j++) {
            frequency += weights.share(j) * models[j].frequency();
        }
        double variance = 0;
        for (int j = 0; j < active(); j++) {
            double d = models[j].frequency() - frequency;
            variance += weights.share(j) * (models[j].frequencyVariance() + d * d);
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
                share += weights.share(j);
                mean += weights.share(j) * k;
                second += weights.share(j) * (k * k + models[j].sensitivityVariance());
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
    private static double baseWander(NetworkPath path, DelayModel delays) {
        DelayModel directions = delays == DelayModel.SYMMETRIC ? DelayModel.ONE_SIDED : delays;
        double forward = path.first(directions).mean();
        double reverse = path.second(directions).mean();
        double smaller = Math.min(forward, reverse);
        double larger = Math.max(forward, reverse);
        return (3e-4 + 0.6 / (30 + path.baseAge())) * smaller + 1e-4 * Math.min(larger - smaller, 30 * smaller);
    }

    private void weigh() {
        logEvidence = weights.mixture(gains);
        near.add(logEvidence, longWeights.mixture(gains));
        weights.add(gains);
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
        double[] asymmetries = asymmetries(sources, servers.serverWeights(sources));
        KalmanState model = likeliest().copy();
        model.prepare(exchange.source(), exchange.middle(), (up - down) / 2, exchange.delay());
        model.believe(asymmetries, offset, variance);
        model.observe(exchange, up, down, path, tried);
        return tried.logEvidence();
    }

    /** The hypothesis that has forecast best. */
    KalmanState likeliest() {
        return models[weights.likeliest()];
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
        Arrays.fill(averaged, 0);
        for (int j = 0; j < active(); j++) {
            if (models[j].delays() == delays) {
                double[] responsibilities = first ? observations[j].first() : observations[j].second();
                for (int k = 0; k < averaged.length; k++) {
                    averaged[k] += weights.share(j) / share * responsibilities[k];
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
     * <p>The servers are combined by {@link ServerCombiner}.
     *
     * @param sources the servers that may speak, all of them known, at least one
     */
    public Estimate estimate(long raw, List<Integer> sources) {
        return estimates(raw, sources).fused();
    }

    /**
     * One server's part in the published time.
     *
     * @param weight in the mean, 0..1
     * @param base its base delay one way, s
     * @param difference square of what it differs from the mean by, less what noise explains, s^2
     * @param shapeVariance variance of its offset by what the shapes of its queues leave open, s^2
     */
    public record Part(double weight, double base, double difference, double shapeVariance) {}

    /** The servers' parts in the published time, in the order of {@code sources}, as in {@link #estimate}. */
    public List<Part> parts(List<Integer> sources) {
        double[] w = servers.serverWeights(sources);
        double[] differences = servers.differences(sources, w);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < w.length; i++) {
            int source = sources.get(i);
            parts.add(new Part(w[i], servers.base(source), differences[i], shapeVariance(source)));
        }
        return parts;
    }

    /** Variance of a server's offset by what the shapes of its queues leave open, s^2. */
    private double shapeVariance(int source) {
        // Those who take delays to be symmetric go by no edge.
        return (1 - share(DelayModel.SYMMETRIC)) * paths.get(source).shapeVariance();
    }

    /** What the two forecasters and their fusion say of one instant. */
    public record Estimates(Estimate shortTerm, Estimate longTerm, double shortTermWeight, Estimate fused) {}

    /** {@link #estimate} with what it is made of. */
    public Estimates estimates(long raw, List<Integer> sources) {
        double[] w = servers.serverWeights(sources);
        double[] asymmetries = asymmetries(sources, w);
        Mixture shortTerm = new Mixture();
        Mixture longTerm = new Mixture();
        for (int j = 0; j < active(); j++) {
            models[j].predict(raw, asymmetries, prediction);
            ClockHypothesis hypothesis = models[j].hypothesis();
            double wander = hypothesis.wander() + hypothesis.cNoise();
            shortTerm.add(weights.share(j), prediction, wander);
            longTerm.add(longWeights.share(j), prediction, wander);
        }
        Estimate first = shortTerm.estimate(raw);
        Estimate second = longTerm.estimate(raw);
        double share = shortTermShare(raw);
        return new Estimates(first, second, share, CovarianceIntersection.fuse(first, second, share));
    }

    /** Share of the short-term forecaster in the fusion: from its record one step ahead to that at long leads. */
    private double shortTermShare(long raw) {
        double lead = Nanos.toSeconds(raw - models[0].rawNanos()) / LongForecast.LEAD;
        return near.share() + Math.min(Math.max(lead, 0), 1) * (far.share() - near.share());
    }

    /** The servers' weights by source index. */
    private double[] asymmetries(List<Integer> sources, double[] w) {
        double[] asymmetries = new double[paths.size()];
        for (int i = 0; i < w.length; i++) {
            asymmetries[sources.get(i)] = w[i];
        }
        return asymmetries;
    }
}
