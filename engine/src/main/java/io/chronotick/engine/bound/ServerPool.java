// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * All configured servers as voters on where UTC is: the hard bound, which believes no model. Deterministic; not thread-safe.
 *
 * <p>One rule: every {@link Seat} that somebody sits in votes, always. Fewer than half of the seats are wrong, so the truth lies in at least n - f of
 * their votes ({@link Intersection}); the same vote over the frequencies that their exchanges bound gives what carries offsets
 * to another instant. Nothing is known while the result is infinite, so there is no other rule for a quorum, the start, silence,
 * refusal or unreachability, and none of them can make the electorate smaller. Only a place that never had a server has no vote
 * ({@link #vacate}).
 *
 * <p>Why it holds, and what it rests on: docs/estimation.md, Hard bound.
 */
public final class ServerPool {
    // Long because: one vote and all that decides whether its result may be given out; what concerns one server is in
    // Seat.

    /** Why the time must not be given out although it may be known. */
    public enum Doubt {
        NONE,
        /** Too few servers have answered. */
        TOO_FEW_HEARD,
        /** No time lies in enough votes: more servers are wrong than may be. */
        NO_MAJORITY,
        /** Too many servers contradict what they said before: they, or the local clock, have jumped. */
        CONTRADICTION,
        /** The same as a contradiction, it has persisted, and it is farther than may be followed. */
        STEP_TOO_LARGE,
        /** The majority has moved to where it cannot be, by what it said when the time was good, and somebody stands by that. */
        MOVED,
        /** Fewer servers agree than the configuration asks for. */
        TOO_FEW_AGREE,
        /** The first time is far from where it is expected, and no majority of all servers agrees on it. */
        UNEXPECTED
    }

    /** So long a server may take to say whether it stands by what it said, ns. */
    private static final long ANSWER_NANOS = Seat.PERSISTENT_SECONDS * 1_000_000_000L;

    /** So long the former servers may vote after a change at most, ns: a look-up, a burst and a lost answer or two. */
    static final long CHANGE_NANOS = 64_000_000_000L;

    /** Where the truth was, and what it may have moved by since. */
    private record Known(Interval interval, Interval frequency, long rawNanos) {
        /** Soundly for an hour; later it still tells who has moved. */
        Interval at(long raw) {
            double elapsed = Math.max(0, Nanos.toSeconds(raw - rawNanos));
            return new Interval(
                    interval.low() + frequency.low() * elapsed, interval.high() + frequency.high() * elapsed);
        }
    }

    private double maxDrift;
    private final double maxStep;
    private final int minServers;
    private final List<Seat> seats = new ArrayList<>();

    /** Whether servers are being added or removed, and the former ones still vote; and until when at most. */
    private boolean changing;

    private OptionalLong changeEndNanos = OptionalLong.empty();
    private Interval frequency = CorrectnessInterval.ANY_FREQUENCY;
    private boolean synchronizedOnce;
    private long epochNanos;
    private Optional<Known> known = Optional.empty();

    /** Whether the majority has been where it cannot be, since the time was good. */
    private boolean moved;

    private long earliestNanos = Long.MIN_VALUE;
    private long latestNanos = Long.MAX_VALUE;

    /**
     * @param maxDrift most by which average frequencies of the oscillator over two stretches of an hour differ, s/s
     * @param maxStep most by which servers may move together once they have been followed, s
     * @param minServers so many servers have to agree on a time, beside the majority that it needs
     */
    public ServerPool(double maxDrift, double maxStep, int minServers) {
        this.maxDrift = maxDrift;
        this.maxStep = maxStep;
        this.minServers = minServers;
    }

    /** From now on another {@code max_drift}, s/s; what was said before was carried with the former one. */
    public void setMaxDrift(double other) {
        if (other != maxDrift) {
            maxDrift = other;
            measureFrequency();
        }
    }

    /** UTC - raw, ns, is expected to be within these when it becomes known: elsewhere it takes most of all servers to believe it. */
    public void expect(long earliest, long latest) {
        earliestNanos = earliest;
        latestNanos = latest;
    }

    /**
     * Another server, which votes from now on; where others have been heard, once the change is made ({@link #change}).
     *
     * @return its seat: one that somebody has left, or else a new one
     */
    public int addSeat() {
        int seat = 0;
        while (seat < seats.size() && !seats.get(seat).isFree()) {
            seat++;
        }
        if (seat == seats.size()) {
            seats.add(new Seat());
        }
        seats.get(seat).join();
        beginChange();
        return seat;
    }

    /** A server is not to be asked any more: it votes until the others have the time without it. */
    public void removeSeat(int seat) {
        seats.get(seat).leave();
        if (seats.get(seat).isJoining()) {
            seats.get(seat).settle(); // it has never voted
        }
        beginChange();
    }

    private void beginChange() {
        changing = seats.stream().anyMatch(Seat::isHeard);
        changeEndNanos = OptionalLong.empty();
        if (!changing) {
            seats.forEach(Seat::settle);
        }
        measureFrequency();
    }

    /**
     * Makes a change of the servers as soon as those that are to vote have the time, so that it is not withdrawn for as long as new ones take to
     * answer; at once where the former ones have none, and in any case {@value #CHANGE_NANOS} ns after the change was wanted: from then
     * on all is as if the daemon had been started with them.
     */
    public void change(long rawNanos) {
        if (!changing) {
            return;
        }
        if (changeEndNanos.isEmpty()) {
            changeEndNanos = OptionalLong.of(rawNanos + CHANGE_NANOS);
        }
        boolean mayWait = rawNanos - changeEndNanos.getAsLong() < 0 && doubt(rawNanos) == Doubt.NONE;
        boolean movedBefore = moved;
        changing = false;
        measureFrequency();
        if (mayWait && doubt(rawNanos) != Doubt.NONE) {
            changing = true;
            moved = movedBefore;
        } else {
            seats.forEach(Seat::settle);
        }
        measureFrequency();
    }

    /**
     * A place for which there is no server: a pool of so many was asked for, and its name leads to fewer. It has no vote until
     * {@link #clear} says who sits there; nobody who has once sat there loses his.
     */
    public void vacate(int seat) {
        seats.get(seat).vacate();
        measureFrequency();
    }

    /** The seats that vote: without anybody, all, and nothing is known. */
    private List<Seat> voters() {
        List<Seat> voters = seats.stream().filter(this::mayVote).toList();
        return voters.isEmpty() ? seats : voters;
    }

    private boolean mayVote(Seat seat) {
        return !seat.isVacant() && !(changing ? seat.isJoining() : seat.isLeaving());
    }

    /** Another server sits there now. */
    public void clear(int seat) {
        seats.get(seat).occupy();
        seats.get(seat).clear();
        measureFrequency();
    }

    /** The raw clock has jumped: nothing that was said before holds. */
    public void clearAll() {
        seats.forEach(Seat::clear);
        known = Optional.empty();
        moved = false;
        measureFrequency();
    }

    /**
     * UTC has stepped and the raw clock has not: what every server has said moves along, and the epoch. One that does not step
     * contradicts itself from now on.
     */
    public void moveUtc(long nanos) {
        seats.forEach(seat -> seat.moveUtc(nanos));
        epochNanos += nanos;
    }

    /** From now on the servers' time has been given out: they may not move at will any more. */
    public void markSynchronized() {
        synchronizedOnce = true;
    }

    boolean isHeard(int seat) {
        return seats.get(seat).isHeard();
    }

    /**
     * A server's accepted exchange.
     *
     * @return false if it contradicts all that the server has said before
     */
    public boolean add(Exchange exchange, long epochNanos) {
        long now = exchange.t4();
        // The present frequency interval is sound over the memory and until this exchange; what is older was carried
        // with
        // the one of its time.
        for (Seat seat : seats) {
            seat.age(now, frequency);
        }
        boolean consistent = seats.get(exchange.source()).add(exchange, epochNanos, frequency, maxDrift);
        double largest = synchronizedOnce ? maxStep : Double.POSITIVE_INFINITY;
        for (int i = 0; i < seats.size(); i++) {
            if (!seats.get(i).isConsistent()) {
                seats.get(i).decide(now, frequency, largest, staleVotes(seats.get(i), now), isOutvoted(i, now));
            }
        }
        measureFrequency();
        this.epochNanos = epochNanos;
        kept(now).ifPresent(agreed -> seats.get(exchange.source()).compare(exchange, epochNanos, agreed.interval()));
        return consistent;
    }

    private List<Interval> staleVotes(Seat contradicted, long rawNanos) {
        return seats.stream()
                .filter(seat -> seat != contradicted && seat.isStaleSince(contradicted.contradictedNanos()))
                .map(seat -> seat.vote(rawNanos, frequency))
                .toList();
    }

    /**
     * Whether most servers put the time where it cannot be if the oscillator keeps to what is assumed of it. Then either it does
     * not or the ways to most servers have become unequal: only what each has said last is a guarantee for sure.
     */
    boolean isAssumptionDoubtful() {
        return isMajorityOutside(Seat.Side.BELOW) || isMajorityOutside(Seat.Side.ABOVE);
    }

    private boolean isMajorityOutside(Seat.Side side) {
        List<Seat> voters = voters();
        return voters.stream().filter(seat -> seat.outside() == side).count() >= Intersection.needed(voters.size());
    }

    /** Whether enough others stand by what they said and agree, so that this one cannot move the majority. */
    private boolean isOutvoted(int seat, long rawNanos) {
        List<Interval> steadfast = new ArrayList<>();
        for (int i = 0; i < seats.size(); i++) {
            if (i != seat
                    && mayVote(seats.get(i))
                    && seats.get(i).isHeard()
                    && seats.get(i).isConsistent()) {
                steadfast.add(seats.get(i).vote(rawNanos, frequency));
            }
        }
        return Intersection.of(steadfast, Intersection.needed(voters().size())).isPresent();
    }

    private void measureFrequency() {
        List<Interval> votes =
                voters().stream().map(seat -> seat.frequencyVote(maxDrift)).toList();
        frequency = votes.isEmpty()
                ? CorrectnessInterval.ANY_FREQUENCY
                : Intersection.of(votes)
                        .map(Intersection.Agreement::interval)
                        .orElse(CorrectnessInterval.ANY_FREQUENCY);
    }

    /** What holds the average frequency of UTC - raw until the next exchange, s/s. */
    public Interval frequency() {
        return isAssumptionDoubtful() ? CorrectnessInterval.ANY_FREQUENCY : frequency;
    }

    /** Where UTC - raw - epoch is, s; infinite while too few have answered, empty when no time lies in enough votes. */
    public Optional<Intersection.Agreement> agreement(long rawNanos) {
        Optional<Intersection.Agreement> kept = kept(rawNanos);
        if (kept.isEmpty() || !isAssumptionDoubtful()) {
            return kept;
        }
        return Intersection.of(voters().stream()
                        .map(seat -> seat.vouchedNow(epochNanos, rawNanos))
                        .toList())
                .map(now -> new Intersection.Agreement(
                        kept.get().interval().hull(now.interval()), kept.get().isDivided()));
    }

    /** The same by all that the seats have said, as long as the oscillator keeps to the assumption. */
    private Optional<Intersection.Agreement> kept(long rawNanos) {
        return Intersection.of(
                voters().stream().map(seat -> seat.vote(rawNanos, frequency)).toList());
    }

    /** Whether an offset from the epoch, s, lies in enough votes. */
    public boolean holds(double offset, long rawNanos) {
        List<Seat> voters = voters();
        long votes = voters.stream()
                .filter(seat -> seat.vote(rawNanos, frequency).contains(offset))
                .count();
        return votes >= Intersection.needed(voters.size());
    }

    /** The same by the newest that each has said: where the servers are going, which is no guarantee. */
    public Optional<Intersection.Agreement> newestAgreement(long rawNanos) {
        return Intersection.of(voters().stream()
                .map(seat -> seat.newestVote(rawNanos, frequency))
                .toList());
    }

    /** The smallest interval that holds what each server that was heard votes for; empty if none was. */
    public Optional<Interval> hull(long rawNanos) {
        return seats.stream()
                .filter(Seat::isHeard)
                .map(seat -> seat.vote(rawNanos, frequency))
                .reduce(Interval::hull);
    }

    /** What a server says now, whatever it said before it contradicted itself; s. */
    public Interval newestVote(int seat, long rawNanos) {
        return seats.get(seat).newestVote(rawNanos, frequency);
    }

    /** Whether a server has contradicted itself and it is not decided yet which to believe. */
    public boolean isContradicted(int seat) {
        return !seats.get(seat).isConsistent();
    }

    /** Seats that have said nothing and are missed for a majority. */
    public int missing() {
        int heard = (int) voters().stream().filter(Seat::isHeard).count();
        // The truth may be anywhere as long as those not heard can lift any point to a majority by one more.
        return Math.max(Intersection.tolerated(voters().size()) + 1 - heard, 0);
    }

    /** How far the servers have moved beyond what may be followed, s; 0 if they have not. */
    public double refusedStep() {
        return seats.stream().mapToDouble(Seat::refusedStep).max().orElse(0);
    }

    /** How far the majority now is from where it was when the time was good, and what may have become of that, s; else 0. */
    public double move(long rawNanos) {
        return agreement(rawNanos)
                .map(agreed -> move(agreed.interval(), rawNanos))
                .orElse(0.0);
    }

    private double move(Interval agreed, long rawNanos) {
        return known.map(before -> before.at(rawNanos).gapTo(agreed)).orElse(0.0);
    }

    /** The time is good now, and known as well as these votes say: the majority may not move away from it at will any more. */
    public void remember(Intersection.Agreement agreed, long rawNanos) {
        if (synchronizedOnce && !agreed.isDivided()) {
            known = Optional.of(new Known(agreed.interval(), frequency(), rawNanos));
            moved = false;
        }
    }

    /** Whether a server stands by where the time was, or has not had the time to say so. */
    private boolean isStoodBy(Known before, Interval moved, long rawNanos) {
        Interval then = before.at(rawNanos);
        boolean mayYetAnswer = rawNanos - before.rawNanos() < ANSWER_NANOS;
        return voters().stream()
                .filter(seat -> seat.isHeard() && seat.isConsistent())
                .filter(seat -> seat.isHeardSince(mayYetAnswer ? Long.MIN_VALUE : before.rawNanos(), rawNanos))
                .map(seat -> seat.newestVote(rawNanos, frequency))
                .anyMatch(vote -> vote.gapTo(then) < vote.gapTo(moved));
    }

    /** How many servers have to agree on a time: what the configuration asks for, and of a surprising one most of all. */
    public int toAgree(long rawNanos) {
        return toAgree(agreement(rawNanos)
                .filter(agreed -> isUnexpected(agreed.interval()))
                .isPresent());
    }

    private int toAgree(boolean unexpected) {
        return unexpected ? Math.max(minServers, voters().size() / 2 + 1) : minServers;
    }

    private boolean isUnexpected(Interval agreed) {
        return !synchronizedOnce
                && (epochNanos + Nanos.ofSeconds(agreed.low()) < earliestNanos
                        || epochNanos + Nanos.ofSeconds(agreed.high()) > latestNanos);
    }

    private boolean doAgree(int servers, Interval agreed, long rawNanos) {
        List<Interval> votes = voters().stream()
                .filter(seat -> seat.isHeard() && seat.isConsistent())
                .map(seat -> seat.newestVote(rawNanos, frequency))
                .filter(vote -> vote.intersects(agreed))
                .toList();
        return votes.size() >= servers && Intersection.of(votes, servers).isPresent();
    }

    /** What stands against giving out the time. */
    public Doubt doubt(long rawNanos) {
        Optional<Intersection.Agreement> agreed = agreement(rawNanos);
        if (agreed.isEmpty()) {
            return Doubt.NO_MAJORITY;
        }
        if (!agreed.get().interval().isFinite()) {
            return Doubt.TOO_FEW_HEARD;
        }
        List<Seat> voters = voters();
        long consistent = voters.stream().filter(Seat::isConsistent).count();
        if (consistent < Intersection.needed(voters.size())) {
            return refusedStep() > 0 ? Doubt.STEP_TOO_LARGE : Doubt.CONTRADICTION;
        }
        Interval now = agreed.get().interval();
        if (known.isPresent()) {
            double move = move(now, rawNanos);
            moved |= move > 0;
            if (moved && (move > maxStep || isStoodBy(known.get(), now, rawNanos))) {
                return Doubt.MOVED;
            }
        }
        boolean unexpected = isUnexpected(now);
        if (!doAgree(toAgree(unexpected), now, rawNanos)) {
            return unexpected ? Doubt.UNEXPECTED : Doubt.TOO_FEW_AGREE;
        }
        return Doubt.NONE;
    }
}
