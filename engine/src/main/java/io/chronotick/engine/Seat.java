// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import java.util.ArrayList;
import java.util.List;

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

    /** The first is what was believed before the contradiction. */
    private final List<Version> versions = new ArrayList<>();

    private int newest;
    private boolean contradicted;
    private long contradictedNanos;
    private int exchangesSince;

    /** How far the seat has moved from what it said before, which is more than it may without being asked, s; else 0. */
    private double refusedStep;

    /** Another server sits here now, or the raw clock has jumped: nothing that was said holds. */
    void clear() {
        versions.clear();
        newest = 0;
        contradicted = false;
        refusedStep = 0;
    }

    /** Whether it has said anything. */
    boolean isHeard() {
        return !versions.isEmpty();
    }

    /** Whether all it has said of late can be true. */
    boolean isConsistent() {
        return !contradicted;
    }

    double refusedStep() {
        return refusedStep;
    }

    /** Carries what was said before {@code rawNanos} to that instant, see {@link CorrectnessInterval#carryTo}. */
    void carryTo(long rawNanos, Interval frequency) {
        for (Version version : versions) {
            version.interval.carryTo(rawNanos, frequency);
        }
    }

    /** Takes in an exchange; parameters as for {@link CorrectnessInterval#add}. */
    void add(Exchange exchange, long epochNanos, Interval frequency, double maxDrift) {
        boolean accepted = false;
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
     * @param outvoted whether enough others hold what they said, so that a seat that moves is a falseticker and no danger
     */
    void decide(long rawNanos, Interval frequency, double maxStep, boolean outvoted) {
        refusedStep = 0;
        for (int i = versions.size() - 1; i >= 0 && versions.size() > 1; i--) {
            Version version = versions.get(i);
            if (version.refusals < PERSISTENT_EXCHANGES || rawNanos - version.refusedSinceNanos < PERSISTENT_NANOS) {
                continue;
            }
            double step = i == 0 ? stepFrom(version, rawNanos, frequency) : 0;
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

    private double stepFrom(Version believed, long rawNanos, Interval frequency) {
        return believed.interval
                .at(rawNanos, frequency)
                .gapTo(versions.get(newest).interval.at(rawNanos, frequency));
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

    /** What holds the average frequency of UTC - raw if the seat is right, s/s. */
    Interval frequencyVote(double maxDrift) {
        // Of a frequency that was measured across a contradiction nothing holds.
        return versions.size() == 1 ? versions.get(0).interval.frequency(maxDrift) : CorrectnessInterval.ANY_FREQUENCY;
    }
}
