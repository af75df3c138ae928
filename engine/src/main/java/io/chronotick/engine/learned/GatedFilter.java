// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import io.chronotick.engine.forecast.Calibration;
import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.oscillator.KalmanState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The learned filter beside the oscillator bank, one {@link NeuralKalmanFilter} for each server, and what keeps it from doing harm: a
 * gate before it, a judgement of what it forecast, a quarantine. It is fused with the bank by covariance intersection, since
 * both have seen the same exchanges, with shares that follow the likelihoods that they gave to what then came.
 *
 * <p>Not thread-safe.
 */
public final class GatedFilter {
    /** It has no say before a server's filter has seen this many exchanges. */
    private static final int FIRST_WORD = 32;

    /** An exchange is impossible where it leaves less room than this many deviations of what the bank believes, ... */
    private static final double GATE_SIGMAS = 6;

    /** ... and this, s. */
    private static final double GATE_SLACK = 2e-6;

    /** So many impossible ones in a row are the truth: it is the bank that is wrong. */
    private static final int INSISTENCE = 3;

    /** Memory of how often the truth was outside its intervals, in forecasts. */
    private static final double MEMORY = 0.98;

    /** Share of forecasts outside their 95 % interval at which nothing is believed any more, and at which it is again. */
    private static final double TOO_MANY_MISSES = 0.2;

    private static final double FEW_MISSES = 0.1;

    private static final double INTERVAL_SIGMAS = 1.96;

    /** Before anything was judged the bank is ahead by this, in nats: it states what it believes, the filter what it was taught. */
    private static final double FIRST_ADVANTAGE = 1;

    /** Memory of the judgements, in forecasts; one counts for at most this, all for at most that, in nats. */
    private static final double JUDGEMENT_MEMORY = 0.98;

    private static final double LARGEST_JUDGEMENT = 1;
    private static final double LARGEST_ADVANTAGE = 4;

    /** Share of the bank at which the filter has lost, and at which it is heard again. */
    private static final double LOST = 0.95;

    private static final double RECOVERED = 0.7;

    /** The bank knows next to nothing when its deviation is this many times the filter's. */
    private static final double CLUELESS = 5;

    /**
     * It is heard in full up to this many times the time ahead at which it has been judged, and beyond that less and less, until
     * it is not heard at all: nobody has seen what it is worth there.
     */
    private static final double HEARD_LEADS = 2;

    private static final double LAST_LEADS = 4;

    /** Memory of the times ahead, in judgements. */
    private static final double LEAD_MEMORY = 0.9;

    private final FilterWeights weights;
    private final List<Filtered> filters = new ArrayList<>();
    private double bankAdvantage;

    /** Mean time ahead at which it is judged, s; 0 before it has been. */
    private double judgedLead;

    private double misses;
    private int judged;
    private long quarantines;
    private boolean lost;
    private boolean unreliable;

    private static final class Filtered {
        final NeuralKalmanFilter filter;
        final Calibration calibration = new Calibration();
        int refused;
        /** Half of the base round trip, s, as the bank had it last. */
        double base;

        Filtered(NeuralKalmanFilter filter) {
            this.filter = filter;
        }

        Estimate estimate(long raw) {
            return filter.estimate(raw).scaled(calibration.scale());
        }
    }

    public GatedFilter(FilterWeights weights) {
        this.weights = weights;
    }

    public void addSource() {
        filters.add(new Filtered(new NeuralKalmanFilter(weights)));
    }

    /** The way to a server has changed altogether. */
    public void forget(int source) {
        filters.get(source).filter.restart();
        filters.get(source).refused = 0;
    }

    /** The clock has jumped: everything is forgotten but how good it has been. */
    public void restart() {
        for (int i = 0; i < filters.size(); i++) {
            forget(i);
        }
    }

    /** Scores a normal law of the offset, N(mean, variance), by the exchange that is about to be taken in: its log evidence. */
    public interface Judge {
        double logEvidence(double offset, double variance);
    }

    /**
     * What was forecast for an exchange is judged by it.
     *
     * @param bank the bank's forecast of its middle, from before it, calibrated
     * @param sources the servers that speak
     */
    public void judge(Exchange exchange, Estimate bank, List<Integer> sources, Judge judge) {
        Optional<Estimate> own = estimate(exchange.middle(), sources);
        if (own.isEmpty()) {
            return;
        }
        Estimate estimate = own.get();
        double forBank = judge.logEvidence(bank.offset(), bank.p00());
        double forOwn = judge.logEvidence(estimate.offset(), estimate.p00());
        double judgement = Math.min(Math.max(forBank - forOwn, -LARGEST_JUDGEMENT), LARGEST_JUDGEMENT);
        // How far ahead this server's filter had to look: another's exchange has just come, as likely as not.
        double lead = lead(exchange.middle(), List.of(exchange.source()));
        judgedLead = judged == 0 ? lead : LEAD_MEMORY * judgedLead + (1 - LEAD_MEMORY) * lead;
        judged++;
        double moved = JUDGEMENT_MEMORY * bankAdvantage + judgement;
        bankAdvantage = Math.min(Math.max(moved, -LARGEST_ADVANTAGE), LARGEST_ADVANTAGE);
    }

    /**
     * Takes in an exchange.
     *
     * @param bank the bank's forecast of its middle, from before it, calibrated; empty when it has none
     * @param base the bank's base delay one way, s
     * @param baseSd its standard deviation, s
     */
    public void add(Exchange exchange, long epochNanos, Optional<Estimate> bank, double base, double baseSd) {
        Filtered filtered = filters.get(exchange.source());
        double up = exchange.forwardOffset(epochNanos);
        double down = exchange.returnOffset(epochNanos);
        double offset = (up + down) / 2;
        if (filtered.filter.exchanges() > 0 && exchange.middle() <= filtered.filter.rawNanos()) {
            return;
        }
        if (bank.isPresent() && isImpossible(offset, exchange.delay(), bank.get(), base, baseSd)) {
            if (++filtered.refused < INSISTENCE) {
                return;
            }
        }
        filtered.refused = 0;
        filtered.base = base;
        NeuralKalmanFilter filter = filtered.filter;
        boolean spoke = filter.exchanges() >= FIRST_WORD;
        Optional<Estimate> before = spoke ? Optional.of(filtered.estimate(exchange.middle())) : Optional.empty();
        double variance = spoke ? filter.estimate(exchange.middle()).p00() : 0;
        filter.add(exchange.middle(), offset, exchange.delay());
        if (before.isPresent()) {
            double error = offset + filter.shift() - before.get().offset();
            double sd = Math.sqrt(before.get().p00() + filter.noise());
            boolean missed = Math.abs(error) > INTERVAL_SIGMAS * sd;
            Estimate after = filter.estimate(exchange.middle());
            filtered.calibration.add(after.offset() - before.get().offset(), variance, after.p00());
            misses = MEMORY * misses + (missed ? 1 - MEMORY : 0);
        }
        if (!filter.isSound()) {
            filter.restart();
            misses = 1;
        }
        boolean wasQuarantined = isQuarantined();
        lost = bankShare() > (lost ? RECOVERED : LOST);
        unreliable = misses > (unreliable ? FEW_MISSES : TOO_MANY_MISSES);
        quarantines += isQuarantined() && !wasQuarantined ? 1 : 0;
    }

    /** A queue moves the offset by at most half of what it adds to the round trip; the rest has to be within what is believed. */
    private static boolean isImpossible(double offset, double delay, Estimate bank, double base, double baseSd) {
        double room = Math.max(delay / 2 - base, 0) + GATE_SIGMAS * (bank.sd() + baseSd) + GATE_SLACK;
        return Math.abs(offset - bank.offset()) > room;
    }

    /**
     * Whether it is judged but not heard: its intervals do not hold, or it has lost against the bank. An opinion that has lost
     * is still better than none: it is heard while the bank has just begun anew and itself says that it knows next to nothing.
     */
    public boolean isQuarantined() {
        return lost || unreliable;
    }

    /** How it is doing. */
    public ForecasterReport report() {
        boolean ready = filters.stream().anyMatch(filtered -> filtered.filter.exchanges() >= FIRST_WORD);
        ForecasterReport.State state = ForecasterReport.State.COLLECTING;
        if (ready) {
            state = isQuarantined() ? ForecasterReport.State.QUARANTINED : ForecasterReport.State.FUSED;
        }
        String reason = unreliable ? "its intervals do not hold" : "the clock model forecasts better";
        return new ForecasterReport(
                Forecast.Forecaster.LEARNED,
                state,
                state == ForecasterReport.State.FUSED ? 1 - bankShare() : 0,
                judged,
                quarantines,
                misses,
                state == ForecasterReport.State.QUARANTINED ? reason : "");
    }

    private boolean isHeard(Estimate own, Estimate bank) {
        return !unreliable && (!lost || bank.sd() > CLUELESS * own.sd());
    }

    /** Share of the bank in the fusion, 0..1, by what both have forecast. */
    public double bankShare() {
        return 1 / (1 + Math.exp(-FIRST_ADVANTAGE - bankAdvantage));
    }

    /**
     * What the filters of several servers say of one instant: their mean, weighed by their variances and by the asymmetry that
     * may be expected of each base delay, as the bank does. Empty until every speaking server's filter has seen enough.
     */
    public Optional<Estimate> estimate(long raw, List<Integer> sources) {
        double total = 0;
        double offset = 0;
        double frequency = 0;
        double p00 = 0;
        double p01 = 0;
        double p11 = 0;
        double wander = 0;
        double first = 0;
        double squares = 0;
        int count = 0;
        for (int source : sources) {
            Filtered filtered = filters.get(source);
            if (filtered.filter.exchanges() < FIRST_WORD || raw < filtered.filter.rawNanos()) {
                continue;
            }
            Estimate one = filtered.estimate(raw);
            double weight = sources.size() == 1 ? 1 : 1 / (one.p00() + KalmanState.asymmetryVariance(filtered.base));
            first = total == 0 ? one.offset() : first;
            total += weight;
            count++;
            double distance = one.offset() - first;
            offset += weight * distance;
            squares += weight * distance * distance;
            frequency += weight * one.frequency();
            p00 += weight * weight * one.p00();
            p01 += weight * weight * one.p01();
            p11 += weight * weight * one.p11();
            wander += weight * one.wander();
        }
        if (!(total > 0)) {
            return Optional.empty();
        }
        double mean = offset / total;
        double norm = total * total;
        // What the servers disagree by is the sampling error of their mean.
        double spread = Math.max(squares / total - mean * mean, 0) / count;
        return Optional.of(new Estimate(
                raw, first + mean, frequency / total, p00 / norm + spread, p01 / norm, p11 / norm, wander / total));
    }

    /** Time from the newest exchange of those that speak to an instant, s. */
    private double lead(long raw, List<Integer> sources) {
        long newest = Long.MIN_VALUE;
        for (int source : sources) {
            NeuralKalmanFilter filter = filters.get(source).filter;
            newest = filter.exchanges() > 0 ? Math.max(newest, filter.rawNanos()) : newest;
        }
        return Nanos.toSeconds(raw - newest);
    }

    /** Share of the bank that far ahead. */
    private double bankShare(double lead) {
        double fade = (LAST_LEADS - lead / judgedLead) / (LAST_LEADS - HEARD_LEADS);
        return 1 - (1 - bankShare()) * Math.min(Math.max(fade, 0), 1);
    }

    /** Fuses the bank's estimate, calibrated, with the learned one; while there is none it stays as it is. */
    public Estimate fuse(Estimate bank, List<Integer> sources) {
        double share = judged == 0 ? 1 : bankShare(lead(bank.rawNanos(), sources));
        return estimate(bank.rawNanos(), sources)
                .filter(own -> share < 1 && isHeard(own, bank))
                .map(own -> CovarianceIntersection.fuse(bank, own, share))
                .orElse(bank);
    }
}
