// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.Exchange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Holds what readers are told against the truth, and knows when they could have been told something: whenever the honest
 * majority answers. Not thread-safe.
 *
 * <p>Of n servers f = ceil(n/2) - 1 may be wrong. The honest majority answers at an instant when all of this is so:
 *
 * <ul>
 *   <li>n - f servers that have not been wrong within the last hour have each had a reply that a client may use (to the request
 *       that was waiting, in time, of a synchronized server) within their last three polls and one timeout;
 *   <li>no discontinuity was reported and no daemon began within the last minute, and one runs;
 *   <li>these replies are good enough. A reply with delay d and root distance e puts the truth into an interval of d + 2e, which
 *       grows by what the frequency is not known to. That is, for each server from its newest reply and the oldest within the
 *       last hour, max_drift either way beyond what the two replies leave open. A point in n - f votes is in the
 *       vote of one of these servers at least, so the hull of all such points is at most twice as wide as the widest of them,
 *       in phase as in frequency, and nobody in it is off by more than that. Good enough is, when that is within the largest
 *       uncertainty of what is valid.
 * </ul>
 *
 * <p>So the rule alone, whatever an estimator makes of it, gives a bound that can be valid: nothing is an excuse.
 */
class BoundWatch {
    private static final long SECOND = 1_000_000_000L;

    /** Memory of the rule, ns. */
    private static final long MEMORY_NANOS = 3600 * SECOND;

    private static final double POLLS = 3;

    /** After a discontinuity or a start, s. */
    private static final double SETTLING = 60;

    /** Of an oscillator of which nothing is known, from end to end, s/s. */
    private static final double UNKNOWN = 200e-6;

    private final double maxUncertainty;
    private final double maxDrift;
    private final List<Seat> seats = new ArrayList<>();
    private double quietUntil = SETTLING;

    private int looks;
    private int outside;
    private double firstOutside = Double.NaN;
    private double lastOutside = Double.NaN;
    private double worstExcess;
    private double worstAt = Double.NaN;
    private int seconds;
    private int validSeconds;
    private int answeredSeconds;
    private int answeredValidSeconds;
    private double firstSilent = Double.NaN;

    /** What one server has told. */
    private static final class Seat {
        final double poll;
        final Deque<Answer> answers = new ArrayDeque<>();
        boolean lied;
        long liedNanos;

        Seat(double poll) {
            this.poll = poll;
        }
    }

    /** A reply that arrived when the raw clock read this, and what it leaves open, s. */
    private record Answer(long rawNanos, double width) {}

    /** What one server's newest answer is worth at an instant, s and s/s. */
    private record Worth(double width, double age, double frequencyWidth) {
        double alone() {
            return width + frequencyWidth * age;
        }
    }

    /**
     * @param maxUncertainty the standard deviation beyond which nothing is valid, s
     * @param maxDrift most by which the average frequencies of two stretches differ, s/s
     */
    BoundWatch(double maxUncertainty, double maxDrift) {
        this.maxUncertainty = maxUncertainty;
        this.maxDrift = maxDrift;
    }

    void addSeat(double poll) {
        seats.add(new Seat(poll));
    }

    /** Nobody remembers what this server has told. */
    void forget(int seat) {
        seats.get(seat).answers.clear();
        seats.get(seat).lied = false;
    }

    /** Until this true time, s, nobody is expected to say anything: the daemon does not run. */
    void excuseUntil(double second) {
        quietUntil = Math.max(quietUntil, second);
    }

    /** Nobody remembers anything: the clock is known to have jumped, or the daemon begins. */
    void forgetAll(double second) {
        for (int i = 0; i < seats.size(); i++) {
            forget(i);
        }
        excuseUntil(second + SETTLING);
    }

    /** A server was wrong in what it told. */
    void lied(int seat, long rawNanos) {
        seats.get(seat).lied = true;
        seats.get(seat).liedNanos = rawNanos;
    }

    /** A reply arrived that may be used. */
    void answered(Exchange exchange, boolean honest) {
        if (honest) {
            double width = exchange.delay() + 2 * exchange.serverError();
            Deque<Answer> answers = seats.get(exchange.source()).answers;
            answers.addLast(new Answer(exchange.t4(), width));
            while (exchange.t4() - answers.getFirst().rawNanos() > MEMORY_NANOS) {
                answers.removeFirst();
            }
        }
    }

    /** What readers would be told now, at any instant. */
    void look(Correction seen, long rawNanos, double second, long utcNanos) {
        looks++;
        if (!isValid(seen, rawNanos)) {
            return;
        }
        double excess = Math.abs(seen.utcNanosAt(rawNanos) - utcNanos) * 1e-9 - seen.maxErrorAt(rawNanos);
        if (!(excess <= 0)) {
            if (outside++ == 0) {
                firstOutside = second;
            }
            lastOutside = second;
            if (!(excess <= worstExcess)) {
                worstExcess = excess;
                worstAt = second;
            }
        }
    }

    /** Called once a second. */
    void count(Correction seen, long rawNanos, double second, long utcNanos) {
        boolean valid = isValid(seen, rawNanos);
        seconds++;
        validSeconds += valid ? 1 : 0;
        if (majorityAnswers(rawNanos, second)) {
            answeredSeconds++;
            answeredValidSeconds += valid ? 1 : 0;
            if (!valid && Double.isNaN(firstSilent)) {
                firstSilent = second;
            }
        }
    }

    static boolean isValid(Correction seen, long rawNanos) {
        return seen.source() != Correction.Source.NO_DATA
                && rawNanos - seen.rawNanos() <= seen.horizonNanos()
                && seen.validAt(rawNanos);
    }

    /** Whether the honest majority answers at this instant. */
    final boolean majorityAnswers(long rawNanos, double second) {
        if (second < quietUntil) {
            return false;
        }
        int needed = seats.size() - ((seats.size() + 1) / 2 - 1);
        List<Worth> worths = new ArrayList<>();
        for (Seat seat : seats) {
            if (seat.answers.isEmpty() || (seat.lied && rawNanos - seat.liedNanos <= MEMORY_NANOS)) {
                continue;
            }
            Answer newest = seat.answers.getLast();
            double age = (rawNanos - newest.rawNanos()) * 1e-9;
            if (age <= POLLS * seat.poll + SimulatedWorld.TIMEOUT) {
                Answer oldest = seat.answers.getFirst();
                double apart = (newest.rawNanos() - oldest.rawNanos()) * 1e-9;
                double frequency = 2 * maxDrift + (oldest.width() + newest.width()) / apart;
                worths.add(new Worth(newest.width(), age, apart > 0 ? Math.min(frequency, UNKNOWN) : UNKNOWN));
            }
        }
        if (worths.size() < needed) {
            return false;
        }
        worths.sort((a, b) -> Double.compare(a.alone(), b.alone()));
        List<Worth> best = worths.subList(0, needed);
        double frequency = 0;
        for (Worth worth : best) {
            frequency = Math.max(frequency, Math.min(2 * worth.frequencyWidth(), UNKNOWN));
        }
        double widest = 0;
        for (Worth worth : best) {
            widest = Math.max(widest, worth.width() + frequency * worth.age());
        }
        return 2 * widest <= maxUncertainty;
    }

    /** What came of it. */
    Findings findings(double[] bounds) {
        double[] known = Arrays.stream(bounds).filter(Double::isFinite).sorted().toArray();
        return new Findings(
                looks,
                outside,
                firstOutside,
                lastOutside,
                worstExcess,
                worstAt,
                seconds,
                validSeconds,
                answeredSeconds,
                answeredValidSeconds,
                firstSilent,
                known.length == 0 ? Double.NaN : known[known.length / 2]);
    }
}
