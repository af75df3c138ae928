// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.NetworkPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * What is believed of the clock: the {@link HypothesisBank}, the exchanges that it can be taught again, and the {@link ChangeDetector}
 * that suspects another route or a step of the clock. Deterministic; not thread-safe.
 */
public final class ClockModel {
    /** Evidence, in nats, by which fresh laws on half of the history have to win. */
    private static final double CLEARLY_BETTER = 3;

    /**
     * After this many exchanges with each server the delays tell more of the queues, and the history is gone through again with what
     * they tell: at every one of the first, since laws that know nothing take each packet for one that did not wait.
     */
    private static final int[] REPLAYS = {2, 3, 4, 5, 6, 7, 8, 12, 24, 48, 96};

    /** A route is judged after this many exchanges with the server. */
    private static final int EXCHANGES_FOR_ROUTE = 12;

    /** A round trip shorter than the base by this many standard deviations of the base, ... */
    private static final double ROUTE_SIGMAS = 10;

    /** ... a mean queue and this, s, says that the route has become shorter. */
    private static final double ROUTE_SLACK = 3e-6;

    /** A round trip longer than the base by this many mean queues raises the suspicion of a longer route. */
    private static final double ROUTE_QUEUES = 5;

    /** An offset that is off by this many standard deviations ... */
    private static final double STEP_SIGMAS = 6;

    /** ... and this, s, more than its packets waited raises the suspicion of a step. */
    private static final double STEP_SLACK = 2e-5;

    /** Exchanges kept for replays. */
    private static final int HISTORY = 1024;

    private final boolean suspects;
    private final IntPredicate believed;
    private final List<Exchange> history = new ArrayList<>();
    private HypothesisBank bank;
    private Optional<ChangeDetector> shadow = Optional.empty();

    /** How many of the newest exchanges are from after a step of the clock that has just been found. */
    private Optional<Integer> stepSince = Optional.empty();

    private boolean epochKnown;
    private long epochNanos;
    private int firstContradiction;

    /**
     * A model that knows nothing.
     *
     * @param covariates views of each
     * @param believed which servers may teach it
     */
    public ClockModel(Set<Ablation> without, List<List<Covariate>> covariates, IntPredicate believed) {
        this.believed = believed;
        suspects = !without.contains(Ablation.SHADOW);
        bank = newBank(without, covariates);
    }

    /**
     * Without the one-sided laws the symmetric ones are all there is, and get every hypothesis about the clock; beside them
     * random walks will do, since whoever has such noise sees no more of the clock.
     */
    private static HypothesisBank newBank(Set<Ablation> without, List<List<Covariate>> covariates) {
        boolean single = without.contains(Ablation.BANK);
        boolean cycles = !without.contains(Ablation.CYCLES) && !single;
        List<ClockHypothesis> walks = ClockHypothesis.randomWalks();
        List<ClockHypothesis> all = single ? List.of(walks.get(2)) : cycles ? ClockHypothesis.all() : walks;
        return without.contains(Ablation.ONE_SIDED_LAWS)
                ? new HypothesisBank(List.of(), List.of(), all, covariates)
                : new HypothesisBank(all, single ? List.of() : walks, single ? List.of() : walks, covariates);
    }

    /** The bank as it is now: another one after a replay, or when a suspicion has proved true. */
    public HypothesisBank bank() {
        return bank;
    }

    /** The exchanges kept, oldest first. */
    public List<Exchange> history() {
        return history;
    }

    /** What offsets are counted from: they are UTC - raw - this, ns. Set by the first exchange. */
    public long epochNanos() {
        return epochNanos;
    }

    /** UTC has stepped and the raw clock has not: all that is known of their difference moves along. */
    public void moveUtc(long nanos) {
        epochNanos += nanos;
        history.replaceAll(exchange -> exchange.withUtcMoved(nanos));
    }

    /** The measured offset at the middle of an exchange, s from the epoch. */
    public double middleOffset(Exchange exchange) {
        return (exchange.forwardOffset(epochNanos) + exchange.returnOffset(epochNanos)) / 2;
    }

    /** One server more. */
    public void addSource() {
        bank.addSource();
        shadow.ifPresent(suspicion -> suspicion.bank().addSource());
    }

    /** The way to a server has changed altogether. */
    public void forget(int source) {
        bank.forget(source);
        int earlier = Math.min(firstContradiction, history.size());
        firstContradiction -= (int) history.subList(0, earlier).stream()
                .filter(exchange -> exchange.source() == source)
                .count();
        history.removeIf(exchange -> exchange.source() == source);
    }

    /** The phase is void, the frequency hardly, by this much, s/s; what comes later is another history. */
    public void forgetPhase(double frequencySd) {
        bank.restartPhase(frequencySd);
        bank.paths().forEach(NetworkPath::restartLaws);
        shadow = Optional.empty();
    }

    /**
     * Keeps an exchange that has come, before anyone is taught by it.
     *
     * @return whether the servers that answer have on average just been heard as often as makes a replay worth while
     */
    public boolean record(Exchange exchange) {
        if (!epochKnown) {
            epochKnown = true;
            epochNanos = exchange.t2() - exchange.t1();
        }
        history.add(exchange);
        if (history.size() > HISTORY) {
            history.remove(0);
            firstContradiction = Math.max(firstContradiction - 1, 0);
        }
        bank.path(exchange.source()).count(exchange.delay());
        boolean due = replayIsDue();
        shadow.ifPresent(s -> s.bank().path(exchange.source()).count(exchange.delay()));
        return due;
    }

    private boolean replayIsDue() {
        long answering =
                bank.paths().stream().filter(path -> path.exchanges() > 0).count();
        for (int replay : REPLAYS) {
            if (history.size() == replay * answering) {
                return true;
            }
        }
        return false;
    }

    /**
     * Teaches the bank one exchange and watches the route.
     *
     * @return whether the exchange fell inside the 95 % interval that the bank had forecast for it
     */
    public boolean add(Exchange exchange) {
        stepSince = Optional.empty();
        return absorb(exchange);
    }

    private boolean absorb(Exchange exchange) {
        int source = exchange.source();
        if (bank.knows(source) && bank.path(source).exchanges() >= EXCHANGES_FOR_ROUTE) {
            watchRoute(exchange);
        }
        if (shadow.isEmpty() && bank.knows(source) && bank.exchanges() >= EXCHANGES_FOR_ROUTE) {
            watchPhase(exchange);
        }
        boolean hit = bank.add(exchange, epochNanos);
        if (shadow.isPresent()) {
            switch (shadow.get().add(exchange, epochNanos, bank)) {
                case ADOPT -> {
                    bank = shadow.get().bank();
                    stepSince = shadow.get().change() == ChangeDetector.Change.STEP
                            ? Optional.of(shadow.get().exchanges())
                            : Optional.empty();
                    shadow = Optional.empty();
                }
                case DROP -> shadow = Optional.empty();
                case UNDECIDED -> {}
            }
        }
        return hit;
    }

    /** Resets a base delay that is plainly too long; suspects a new route when a round trip is much longer than its base. */
    private void watchRoute(Exchange exchange) {
        int source = exchange.source();
        double queue = bank.path(source).meanQueue();
        double base = bank.base(source);
        double excess = exchange.delay() - 2 * base;
        if (excess < -(ROUTE_SIGMAS * bank.baseSd(source) + queue + ROUTE_SLACK)) {
            bank.resetBase(source, exchange.delay() / 2, -excess);
            shadow = Optional.empty();
        } else if (excess > ROUTE_QUEUES * queue && shadow.isEmpty() && suspects) {
            shadow = Optional.of(ChangeDetector.ofRoute(bank, source, exchange.delay() / 2, excess / 4));
        }
    }

    /** Suspects a step of the clock when an offset is off by more than half of what its packets waited, which no queue can do. */
    private void watchPhase(Exchange exchange) {
        int source = exchange.source();
        Estimate expected = bank.estimate(exchange.middle(), List.of(source));
        double surprise = Math.abs(middleOffset(exchange) - expected.offset());
        double excess = Math.max(exchange.delay() - 2 * bank.base(source), 0) / 2;
        double ordinary = STEP_SIGMAS * Math.hypot(expected.sd(), bank.baseSd(source)) + STEP_SLACK;
        if (surprise - excess > ordinary && suspects) {
            shadow = Optional.of(ChangeDetector.ofStep(bank, source, surprise));
        }
    }

    /** How many of the newest exchanges are from after a step of the clock that the last {@link #add} has found. */
    public Optional<Integer> stepSince() {
        return stepSince;
    }

    /** The bank that takes the clock to have stepped, while that is a suspicion that more than one exchange confirms. */
    public Optional<HypothesisBank> suspectedStep() {
        return shadow.filter(suspicion -> suspicion.change() == ChangeDetector.Change.STEP && suspicion.exchanges() > 1)
                .map(ChangeDetector::bank);
    }

    /** All but the newest {@code exchanges} are void. */
    public void keepNewest(int exchanges) {
        history.subList(0, Math.max(history.size() - exchanges, 0)).clear();
    }

    /** The newest exchange is the first that contradicts what the bank believes. */
    public void markContradiction() {
        firstContradiction = history.size() - 1;
    }

    /** Learns from what has come since the first contradiction, and from nothing else. */
    public void restartFromContradiction() {
        history.subList(0, Math.min(firstContradiction, history.size())).clear();
        replay(0, 0);
    }

    /** Learns from what came before it could be known who is believed. */
    public void start() {
        replay(0, 0);
    }

    /** Forgets what it learned, and the older half of the history. */
    public void startAfresh() {
        history.subList(0, history.size() / 2).clear();
        restartBank();
        bank.paths().forEach(NetworkPath::seedLaws);
        replay(0, 0);
    }

    /**
     * Starts the bank again and feeds it the history of the servers that are believed now, in the better of two ways.
     *
     * <p>All of the history is usually best. But a bank that began wrongly (the first packets waited for milliseconds in one
     * direction, as at a busy start) does not leave its mistake, since a Gaussian cannot. So the newer half of the history is tried
     * alone, and taken when it forecasts clearly better. The laws begin anew in both, from no more than the round trips: those learned
     * so far have learned from the same exchanges, which would count twice.
     */
    public void rebuild() {
        int half = history.size() / 2;
        int judged = half + (history.size() - half) / 2;
        HypothesisBank fresh = bank.copy();
        restartBank();
        bank.paths().forEach(NetworkPath::seedLaws);
        double wholeEvidence = replay(0, judged);
        HypothesisBank whole = bank;
        bank = fresh;
        restartBank();
        bank.paths().forEach(NetworkPath::seedLaws);
        double freshEvidence = replay(half, judged);
        if (freshEvidence <= wholeEvidence + CLEARLY_BETTER) {
            bank = whole;
            shadow = Optional.empty();
        }
    }

    private void restartBank() {
        bank.restart();
        shadow = Optional.empty();
    }

    /** Feeds the history from an index on; the log evidence of what comes from {@code judged} on. */
    private double replay(int from, int judged) {
        double evidence = 0;
        for (int i = from; i < history.size(); i++) {
            Exchange past = history.get(i);
            if (believed.test(past.source())) {
                absorb(past);
                evidence += i >= judged ? bank.logEvidence() : 0;
            }
        }
        return evidence;
    }
}
