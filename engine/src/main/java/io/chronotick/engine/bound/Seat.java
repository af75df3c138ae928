// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import io.chronotick.engine.ntp.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One configured server's vote on where UTC is and how fast the raw clock runs. A seat votes always: for everything while it has
 * said nothing, wider and wider while it is silent, and for the hull of all that it said while its exchanges contradict each
 * other. Not thread-safe.
 *
 * <p>Exchanges that do not contradict each other form a {@link CorrectnessInterval}. A contradiction begins another one. Either
 * is given up when it has refused {@value #PERSISTENT_EXCHANGES} exchanges in a row over at least
 * {@value #PERSISTENT_SECONDS} s, so that neither one packet nor one minute of an attack decides; two that meet again become one
 * that holds both.
 */
final class Seat {
    /** So many exchanges in a row ... */
    static final int PERSISTENT_EXCHANGES = 8;

    /** ... over so long, s, decide a contradiction. */
    static final int PERSISTENT_SECONDS = 120;

    private static final long PERSISTENT_NANOS = PERSISTENT_SECONDS * 1_000_000_000L;

    /** What time stamps and the change of the frequency within a round trip may add to the queues, s. */
    private static final double COMPARISON_SLACK = 2e-6;

    /** A seat that says more different things than this is heard as one that says everything between them. */
    private static final int MOST_VERSIONS = 4;

    /** What exchanges that agree with each other say, and since when others have been refusing to. */
    private static final class Version {
        CorrectnessInterval interval;
        int refusals;
        long refusedSinceNanos;

        Version(CorrectnessInterval interval) {
            this.interval = interval;
        }
    }

    /** On which side of an interval something lies. */
    enum Side {
        BELOW,
        NEITHER,
        ABOVE
    }

    /** The shortest round trip of the last half hour to hour: what the queues have least to do with. */
    private static final class LeastDelay {
        private static final long TURN_NANOS = CorrectnessInterval.MEMORY_NANOS / 2;

        private double before = Double.POSITIVE_INFINITY;
        private double now = Double.POSITIVE_INFINITY;
        private long turnNanos = Long.MIN_VALUE;

        void add(double delay, long rawNanos) {
            if (turnNanos == Long.MIN_VALUE || rawNanos - turnNanos >= TURN_NANOS) {
                turnNanos = rawNanos;
                before = now;
                now = Double.POSITIVE_INFINITY;
            }
            now = Math.min(now, delay);
        }

        double seconds() {
            return Math.min(before, now);
        }
    }

    /** The first is what was believed before the contradiction. */
    private final List<Version> versions = new ArrayList<>();

    private int newest;
    private final LeastDelay leastDelay = new LeastDelay();
    private Side outside = Side.NEITHER;
    private boolean contradicted;
    private long contradictedNanos;
    private int exchangesSince;
    private Optional<Exchange> newestExchange = Optional.empty();

    /** How far the seat has moved from what it said before, which is more than it may without being asked, s; else 0. */
    private double refusedStep;

    /** Whether there is nobody to sit here, and never was. */
    private boolean vacant;

    /** Whether its server has been added to servers that have the time, and it does not vote before they make room. */
    private boolean joining;

    /** Whether its server has been removed, and it votes only until those that remain have the time. */
    private boolean leaving;

    boolean isVacant() {
        return vacant;
    }

    boolean isJoining() {
        return joining;
    }

    boolean isLeaving() {
        return leaving;
    }

    void join() {
        joining = true;
        leaving = false;
        vacant = false;
    }

    void leave() {
        leaving = true;
    }

    /** The change is over: who joins has joined, and who leaves has left. */
    void settle() {
        joining = false;
        if (leaving) {
            clear();
            vacant = true;
        }
    }

    /** Whether another server may have this seat. */
    boolean isFree() {
        return leaving && vacant;
    }

    /** Nobody sits here; of no effect once somebody has been heard. */
    void vacate() {
        vacant = versions.isEmpty();
    }

    void occupy() {
        vacant = false;
    }

    /** Another server sits here now, or the raw clock has jumped: nothing that was said holds. */
    void clear() {
        versions.clear();
        newest = 0;
        contradicted = false;
        refusedStep = 0;
        outside = Side.NEITHER;
        newestExchange = Optional.empty();
    }

    /** UTC has stepped, and with it the epoch that everything else is counted from. */
    void moveUtc(long nanos) {
        newestExchange = newestExchange.map(exchange -> exchange.withUtcMoved(nanos));
    }

    /** Whether it has said anything. */
    boolean isHeard() {
        return !versions.isEmpty();
    }

    /** Whether all it has said of late can be true. */
    boolean isConsistent() {
        return !contradicted;
    }

    /**
     * On which side of the agreed interval, or too near to which of its ends, the newest exchange puts the time, by more than its
     * queues explain. Nothing guaranteed is contradicted by that; but if the ways there and back have not changed, the clock has, by
     * more than was assumed of it.
     */
    Side outside() {
        return outside;
    }

    double refusedStep() {
        return refusedStep;
    }

    /** When it contradicted itself last; only when it is not consistent. */
    long contradictedNanos() {
        return contradictedNanos;
    }

    /** Whether what it says is older than {@code rawNanos}, but not so old that nobody would take it for news. */
    boolean isStaleSince(long rawNanos) {
        return newestExchange
                .filter(exchange ->
                        exchange.t4() < rawNanos && rawNanos - exchange.t4() < CorrectnessInterval.MEMORY_NANOS)
                .isPresent();
    }

    /** Whether it has been heard since {@code rawNanos}, and within the last hour. */
    boolean isHeardSince(long rawNanos, long now) {
        return newestExchange
                .filter(exchange -> exchange.t4() > rawNanos && now - exchange.t4() < CorrectnessInterval.MEMORY_NANOS)
                .isPresent();
    }

    /** Time has passed, see {@link CorrectnessInterval#age}. */
    void age(long now, Interval former) {
        for (Version version : versions) {
            version.interval.age(now, former);
        }
    }

    /**
     * Takes in an exchange; parameters as for {@link CorrectnessInterval#add}.
     *
     * @return false if it contradicts all that was said before
     */
    boolean add(Exchange exchange, long epochNanos, Interval frequency, double maxDrift) {
        boolean accepted = false;
        newestExchange = Optional.of(exchange);
        for (int i = 0; i < versions.size(); i++) {
            Version version = versions.get(i);
            if (version.interval.add(exchange, epochNanos, frequency, maxDrift)) {
                version.refusals = 0;
                newest = i;
                accepted = true;
            } else if (version.refusals++ == 0) {
                version.refusedSinceNanos = exchange.t4();
            }
        }
        exchangesSince++;
        if (!accepted) {
            if (isHeard()) {
                contradicted = true;
                contradictedNanos = exchange.t4();
                exchangesSince = 0;
            }
            newest = versions.size();
            versions.add(new Version(CorrectnessInterval.of(exchange, epochNanos)));
        }
        mergeThoseThatMeet(exchange.t4(), frequency);
        if (versions.size() > MOST_VERSIONS) {
            merge(0, 1, exchange.t4(), frequency);
        }
        return accepted || !contradicted;
    }

    /** Notes where the newest exchange lies beside what all seats together guarantee at its T4. */
    void compare(Exchange exchange, long epochNanos, Interval agreed) {
        leastDelay.add(exchange.delay(), exchange.t4());
        double forward = exchange.forwardOffset(epochNanos);
        double back = exchange.returnOffset(epochNanos);
        double middle = (forward + back) / 2;
        double least = leastDelay.seconds();
        double queues = (exchange.delay() - least) / 2 + COMPARISON_SLACK;
        // An end is half a round trip away from the middle; halfway there it is time to look.
        Interval unsuspicious = agreed.narrowed(least / 4);
        outside = middle - queues > unsuspicious.high()
                ? Side.ABOVE
                : middle + queues < unsuspicious.low() ? Side.BELOW : Side.NEITHER;
    }

    private void mergeThoseThatMeet(long rawNanos, Interval frequency) {
        for (int i = 0; i < versions.size(); i++) {
            for (int j = i + 1; j < versions.size(); j++) {
                Interval one = versions.get(i).interval.at(rawNanos, frequency);
                if (one.intersects(versions.get(j).interval.at(rawNanos, frequency))) {
                    merge(i, j, rawNanos, frequency);
                    j = i;
                }
            }
        }
    }

    private void merge(int first, int second, long rawNanos, Interval frequency) {
        Version kept = versions.get(first);
        Version other = versions.remove(second);
        kept.interval = CorrectnessInterval.either(kept.interval, other.interval, rawNanos, frequency);
        kept.refusals = Math.min(kept.refusals, other.refusals);
        if (newest == second) {
            newest = first;
        } else if (newest > second) {
            newest--;
        }
    }

    /**
     * Gives up what has been refused long enough. Only for a seat that is not consistent.
     *
     * @param maxStep most by which the seat may move from what was believed, s
     * @param stale votes of seats that have not been heard since this one contradicted itself: what one of them said before is
     *     no support for moving there
     * @param outvoted whether enough others hold what they said, so that a seat that moves is a falseticker and no danger
     */
    void decide(long rawNanos, Interval frequency, double maxStep, List<Interval> stale, boolean outvoted) {
        refusedStep = 0;
        for (int i = versions.size() - 1; i >= 0 && versions.size() > 1; i--) {
            Version version = versions.get(i);
            if (version.refusals < PERSISTENT_EXCHANGES || rawNanos - version.refusedSinceNanos < PERSISTENT_NANOS) {
                continue;
            }
            Interval now = newestVote(rawNanos, frequency);
            Interval then = version.interval.at(rawNanos, frequency);
            if (stale.stream().anyMatch(vote -> vote.intersects(now) && !vote.intersects(then))) {
                continue;
            }
            double step = i == 0 ? then.gapTo(now) : 0;
            if (step > maxStep && !outvoted) {
                refusedStep = step;
                continue;
            }
            versions.remove(i);
            newest = newest > i ? newest - 1 : Math.min(newest, versions.size() - 1);
        }
        contradicted = versions.size() > 1
                || exchangesSince < PERSISTENT_EXCHANGES
                || rawNanos - contradictedNanos < PERSISTENT_NANOS;
    }

    /** Where UTC - raw - epoch is if the seat is right, s. */
    Interval vote(long rawNanos, Interval frequency) {
        if (!isHeard()) {
            return Interval.EVERYTHING;
        }
        Interval vote = versions.get(0).interval.at(rawNanos, frequency);
        for (int i = 1; i < versions.size(); i++) {
            vote = vote.hull(versions.get(i).interval.at(rawNanos, frequency));
        }
        return vote;
    }

    /** Where it is by the newest exchange and those that agree with that, s. */
    Interval newestVote(long rawNanos, Interval frequency) {
        return isHeard() ? versions.get(newest).interval.at(rawNanos, frequency) : Interval.EVERYTHING;
    }

    /** What its newest exchange guarantees by itself, whatever the oscillator has done before; s. */
    Interval vouchedNow(long epochNanos, long rawNanos) {
        return newestExchange
                .map(exchange -> CorrectnessInterval.alone(exchange, epochNanos, rawNanos))
                .orElse(Interval.EVERYTHING);
    }

    /** What holds the average frequency of UTC - raw if the seat is right, s/s. */
    Interval frequencyVote(double maxDrift) {
        // Of a frequency that was measured across a contradiction nothing holds.
        return versions.size() == 1 ? versions.get(0).interval.frequency(maxDrift) : CorrectnessInterval.ANY_FREQUENCY;
    }
}
