// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;

/**
 * What exchanges of one server that do not contradict each other guarantee about UTC - raw and about its rate, without any
 * model (RFC 5905, section 11.2, calls the first one the correctness interval).
 *
 * <p>An exchange says that UTC - raw was at least t3 - T4 - e when the reply arrived, since that left before, and at most
 * t2 - T1 + e when the request left, whatever the queues did; e is what the server may be wrong by. Two facts follow:
 *
 * <ul>
 *   <li><i>Offset.</i> The ends of the last hour are intersected, each carried to the present with the interval that holds the
 *       frequency.
 *   <li><i>Frequency.</i> Of an earlier exchange j and a later one k, the average rate between is at least
 *       (low_k - high_j) / (T4_k - T1_j) and at most (high_k - low_j) / (T1_k - T4_j). By assumption the average over any other
 *       stretch within {@link #MEMORY_NANOS} differs from that by at most {@code maxDrift}.
 * </ul>
 *
 * <p>For the second the newest {@value #RECENT} exchanges are kept, and the best lower and the best upper end of every
 * {@value #PARTS}th part of the memory; the frequency comes from the pairs that end in the newest. That is a choice among true
 * constraints: it costs width, never truth. Not thread-safe; an exchange costs some 600 divisions and allocates nothing.
 */
final class CorrectnessInterval {
    /**
     * How far back exchanges tell of the frequency, ns: long enough for 0.03 ppm from a round trip of 0.1 ms, short enough that a
     * room does not change by more than maxDrift says.
     */
    static final long MEMORY_NANOS = 3_600_000_000_000L;

    /** No oscillator of a computer is farther off than this, s/s (RFC 5905 allows 500 ppm, with what a program may add). */
    static final Interval ANY_FREQUENCY = new Interval(-1e-4, 1e-4);

    /** Reading error of the local clock, s: two reads of a nanosecond counter, scheduling excluded. */
    private static final double READING_ERROR = 1e-7;

    static final int PARTS = 32;
    static final int RECENT = 8;
    private static final int RUNS = 8;
    private static final long RUN_NANOS = MEMORY_NANOS / RUNS;
    private static final long PART_NANOS = MEMORY_NANOS / PARTS;

    /** Lower and upper ends with their instants: one a slot; nothing where the slot is not used yet. */
    private static final class Ends {
        final boolean[] used;
        final double[] low;
        final double[] high;
        final long[] lowNanos;
        final long[] highNanos;

        Ends(int size) {
            used = new boolean[size];
            low = new double[size];
            high = new double[size];
            lowNanos = new long[size];
            highNanos = new long[size];
        }

        void setLow(int i, double value, long nanos) {
            low[i] = value;
            lowNanos[i] = nanos;
        }

        void setHigh(int i, double value, long nanos) {
            high[i] = value;
            highNanos[i] = nanos;
        }

        boolean isWithinMemory(int i, long now) {
            // One part less: what is measured now is used for as long as a part lasts.
            return used[i] && now - Math.min(lowNanos[i], highNanos[i]) <= MEMORY_NANOS - PART_NANOS;
        }
    }

    /** The offsets: the intersection of what came in each eighth of the memory. What is older binds no more: it may have been false. */
    private final Ends runs = new Ends(RUNS);

    private final long[] runNumber = new long[RUNS];
    private long newestRun;

    /** What the parts of the memory are counted from. */
    private final long originNanos;

    private final Ends parts = new Ends(PARTS);
    private final long[] partNumber = new long[PARTS];
    private final Ends recent = new Ends(RECENT);
    private int nextRecent;

    /** Bounds of the average frequency over stretches that were measured, s/s. */
    private double slowest = Double.NEGATIVE_INFINITY;

    private double fastest = Double.POSITIVE_INFINITY;
    private long measuredNanos;

    private CorrectnessInterval(long originNanos) {
        this.originNanos = originNanos;
        this.measuredNanos = originNanos;
    }

    /** What one exchange guarantees. */
    static CorrectnessInterval of(Exchange exchange, long epochNanos) {
        CorrectnessInterval interval = new CorrectnessInterval(exchange.t4());
        double low = lowOf(exchange, epochNanos);
        double high = highOf(exchange, epochNanos);
        interval.run(exchange.t4(), low, exchange.t1(), high, ANY_FREQUENCY);
        interval.keep(exchange.t4(), low, exchange.t1(), high);
        return interval;
    }

    /** What holds if either of two holds; of the frequency they say nothing together. */
    static CorrectnessInterval either(
            CorrectnessInterval one, CorrectnessInterval other, long rawNanos, Interval frequency) {
        Interval hull = one.at(rawNanos, frequency).hull(other.at(rawNanos, frequency));
        CorrectnessInterval either = new CorrectnessInterval(rawNanos);
        either.run(rawNanos, hull.low(), rawNanos, hull.high(), frequency);
        return either;
    }

    /** What one exchange alone guarantees when the raw clock reads {@code rawNanos}, whatever the oscillator did before. */
    static Interval alone(Exchange exchange, long epochNanos, long rawNanos) {
        double sinceT4 = Nanos.toSeconds(Math.abs(rawNanos - exchange.t4()));
        double sinceT1 = Nanos.toSeconds(Math.abs(rawNanos - exchange.t1()));
        return new Interval(
                lowOf(exchange, epochNanos) + ANY_FREQUENCY.low() * sinceT4,
                highOf(exchange, epochNanos) + ANY_FREQUENCY.high() * sinceT1);
    }

    /** Lower end of UTC - raw - epoch at T4, s. */
    private static double lowOf(Exchange exchange, long epochNanos) {
        double low = exchange.returnOffset(epochNanos);
        // The ulp: an epoch that a liar has set decades away leaves few digits.
        return low - exchange.serverError() - READING_ERROR - Math.ulp(low);
    }

    /** Upper end of UTC - raw - epoch at T1, s. */
    private static double highOf(Exchange exchange, long epochNanos) {
        double high = exchange.forwardOffset(epochNanos);
        return high + exchange.serverError() + READING_ERROR + Math.ulp(high);
    }

    /**
     * Takes in an exchange if it does not contradict what is known.
     *
     * @param epochNanos what is subtracted from UTC - raw, ns
     * @param frequency what holds the frequency since the exchange before
     * @param maxDrift most by which average frequencies of two stretches differ, s/s
     * @return false if it contradicts: then nothing has changed. Either an exchange was false, or the oscillator has changed by
     *     more than maxDrift, or the raw clock has jumped
     */
    boolean add(Exchange exchange, long epochNanos, Interval frequency, double maxDrift) {
        double newLow = lowOf(exchange, epochNanos);
        double newHigh = highOf(exchange, epochNanos);
        long t1 = exchange.t1();
        long t4 = exchange.t4();
        long run = runOf(t4);
        double bestLow = Math.max(newLow, lowAt(t4, frequency, run));
        double bestHigh = Math.min(newHigh, highAt(t1, frequency, run));
        if (bestLow > carriedHigh(bestHigh, t4 - t1, frequency)) {
            return false;
        }
        measureFrequency(t4);
        double formerSlowest = slowest;
        double formerFastest = fastest;
        pairWithAll(newLow, t4, newHigh, t1, t4);
        if (slowest - fastest > maxDrift
                || slowest - maxDrift > ANY_FREQUENCY.high()
                || fastest + maxDrift < ANY_FREQUENCY.low()) {
            slowest = formerSlowest;
            fastest = formerFastest;
            return false;
        }
        run(t4, newLow, t1, newHigh, frequency);
        keep(t4, newLow, t1, newHigh);
        return true;
    }

    private void measureFrequency(long now) {
        measuredNanos = now;
        slowest = Double.NEGATIVE_INFINITY;
        fastest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < RECENT; i++) {
            if (recent.isWithinMemory(i, now)) {
                pairWithAll(recent.low[i], recent.lowNanos[i], recent.high[i], recent.highNanos[i], now);
            }
        }
    }

    /** Narrows the bounds of the average frequency by the stretches between all that is kept and one later exchange. */
    private void pairWithAll(double laterLow, long laterLowNanos, double laterHigh, long laterHighNanos, long now) {
        pairWith(parts, laterLow, laterLowNanos, laterHigh, laterHighNanos, now);
        pairWith(recent, laterLow, laterLowNanos, laterHigh, laterHighNanos, now);
    }

    private void pairWith(
            Ends earlier, double laterLow, long laterLowNanos, double laterHigh, long laterHighNanos, long now) {
        for (int i = 0; i < earlier.used.length; i++) {
            if (!earlier.isWithinMemory(i, now)) {
                continue;
            }
            long rising = laterLowNanos - earlier.highNanos[i];
            if (rising > 0) {
                slowest = Math.max(slowest, (laterLow - earlier.high[i]) / Nanos.toSeconds(rising));
            }
            long falling = laterHighNanos - earlier.lowNanos[i];
            if (falling > 0) {
                fastest = Math.min(fastest, (laterHigh - earlier.low[i]) / Nanos.toSeconds(falling));
            }
        }
    }

    /** Keeps the ends that say most, as far as the frequency is known to carry them to one instant. */
    private void keep(long t4, double newLow, long t1, double newHigh) {
        recent.used[nextRecent] = true;
        recent.setLow(nextRecent, newLow, t4);
        recent.setHigh(nextRecent, newHigh, t1);
        nextRecent = (nextRecent + 1) % RECENT;

        long number = Math.floorDiv(t4 - originNanos, PART_NANOS);
        int i = (int) Math.floorMod(number, (long) PARTS);
        double rate = Math.abs(slowest + fastest) < Double.POSITIVE_INFINITY ? (slowest + fastest) / 2 : 0;
        boolean fresh = !parts.used[i] || partNumber[i] != number;
        parts.used[i] = true;
        partNumber[i] = number;
        if (fresh || newLow >= parts.low[i] + rate * (t4 - parts.lowNanos[i]) * Nanos.IN_SECONDS) {
            parts.setLow(i, newLow, t4);
        }
        if (fresh || newHigh <= parts.high[i] + rate * (t1 - parts.highNanos[i]) * Nanos.IN_SECONDS) {
            parts.setHigh(i, newHigh, t1);
        }
    }

    /**
     * Another server has been heard at {@code now}: what is older than the memory was said while the frequency was what
     * {@code former} holds, and tells nothing of the present one.
     */
    void age(long now, Interval former) {
        carryTo(now - MEMORY_NANOS, former);
        if (now - measuredNanos > PART_NANOS) {
            measureFrequency(now);
        }
    }

    private void carryTo(long rawNanos, Interval frequency) {
        for (int i = 0; i < RUNS; i++) {
            if (runs.used[i] && runs.lowNanos[i] < rawNanos) {
                runs.setLow(i, carriedLow(runs.low[i], rawNanos - runs.lowNanos[i], frequency), rawNanos);
            }
            if (runs.used[i] && runs.highNanos[i] < rawNanos) {
                runs.setHigh(i, carriedHigh(runs.high[i], rawNanos - runs.highNanos[i], frequency), rawNanos);
            }
        }
    }

    private long runOf(long rawNanos) {
        return Math.floorDiv(rawNanos - originNanos, RUN_NANOS);
    }

    /** Intersects what came in this eighth of the memory with one exchange more. */
    private void run(long t4, double newLow, long t1, double newHigh, Interval frequency) {
        newestRun = runOf(t4);
        int i = (int) Math.floorMod(newestRun, (long) RUNS);
        boolean fresh = !runs.used[i] || runNumber[i] != newestRun;
        runs.used[i] = true;
        runNumber[i] = newestRun;
        double low = fresh ? newLow : carriedLow(runs.low[i], t4 - runs.lowNanos[i], frequency);
        double high = fresh ? newHigh : carriedHigh(runs.high[i], t1 - runs.highNanos[i], frequency);
        runs.setLow(i, Math.max(newLow, low), t4);
        runs.setHigh(i, Math.min(newHigh, high), t1);
    }

    /** The interval of UTC - raw - epoch when the raw clock reads {@code rawNanos}, s. */
    Interval at(long rawNanos, Interval frequency) {
        double lowNow = lowAt(rawNanos, frequency, newestRun);
        double highNow = highAt(rawNanos, frequency, newestRun);
        // Ends that meet may cross by a rounding error.
        return new Interval(Math.min(lowNow, highNow), Math.max(lowNow, highNow));
    }

    private boolean isBinding(int i, long run) {
        return runs.used[i] && runNumber[i] > run - RUNS;
    }

    private double lowAt(long rawNanos, Interval frequency, long run) {
        double low = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < RUNS; i++) {
            if (isBinding(i, run)) {
                low = Math.max(low, carriedLow(runs.low[i], rawNanos - runs.lowNanos[i], frequency));
            }
        }
        return low;
    }

    private double highAt(long rawNanos, Interval frequency, long run) {
        double high = Double.POSITIVE_INFINITY;
        for (int i = 0; i < RUNS; i++) {
            if (isBinding(i, run)) {
                high = Math.min(high, carriedHigh(runs.high[i], rawNanos - runs.highNanos[i], frequency));
            }
        }
        return high;
    }

    private static double carriedLow(double low, long nanos, Interval frequency) {
        double elapsed = Nanos.toSeconds(nanos);
        return low + Math.min(frequency.low() * elapsed, frequency.high() * elapsed);
    }

    private static double carriedHigh(double high, long nanos, Interval frequency) {
        double elapsed = Nanos.toSeconds(nanos);
        return high + Math.max(frequency.low() * elapsed, frequency.high() * elapsed);
    }

    /** What holds the average frequency over any stretch of the memory and until the next exchange, s/s. */
    Interval frequency(double maxDrift) {
        double least = Math.max(slowest - maxDrift, ANY_FREQUENCY.low());
        double most = Math.min(fastest + maxDrift, ANY_FREQUENCY.high());
        return least <= most ? new Interval(least, most) : ANY_FREQUENCY;
    }
}
