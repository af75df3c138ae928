// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.http.JsonText;
import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.engine.math.Nanos;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * How steady this host's oscillator is against the published time: its Allan deviation over the last two hours, by ten seconds, and over the last day, by
 * the minute. As many numbers at the end of a year as at the start. Not thread-safe.
 */
final class PageStability {
    /** At multiples of this the two are compared, whenever anybody looks: the instants have to be equally far apart. ns */
    private static final long STEP_NANOS = 10_000_000_000L;

    private static final int STEPS_IN_A_MINUTE = 6;

    /** After which nothing is left, steps. */
    private static final long LONGEST_GAP = 1440L * STEPS_IN_A_MINUTE;

    /** Faster than any oscillator: a leap second, a step of all servers, a suspend. s/s */
    private static final double JUMP = 1e-3;

    private final Series steps = new Series(720, Nanos.toSeconds(STEP_NANOS));
    private final Series minutes = new Series(1440, 60);
    private long last = Long.MIN_VALUE;
    private long origin;
    private double before = Double.NaN;

    /** The newest numbers, s, and not a number where there is none. */
    private static final class Series {
        private final double[] phase;
        private final double stepSeconds;
        private long count;

        Series(int length, double stepSeconds) {
            this.phase = new double[length];
            this.stepSeconds = stepSeconds;
        }

        void add(double value) {
            phase[(int) (count++ % phase.length)] = value;
        }

        AllanDeviation deviation() {
            int length = (int) Math.min(count, phase.length);
            double[] inOrder = new double[length];
            for (int i = 0; i < length; i++) {
                inOrder[i] = phase[(int) ((count - length + i) % phase.length)];
            }
            return AllanDeviation.of(inOrder, stepSeconds);
        }

        void forget() {
            Arrays.fill(phase, Double.NaN);
        }
    }

    /**
     * Takes what has come since the last look, if anything has.
     *
     * @param rawNanos now, CLOCK_MONOTONIC_RAW, ns
     * @param known whether there is a published time
     * @param utcNanosAt what it is at an instant of that clock, a little before now
     * @return whether anything is new
     */
    boolean look(long rawNanos, boolean known, LongUnaryOperator utcNanosAt) {
        long newest = Math.floorDiv(rawNanos, STEP_NANOS);
        if (newest <= last) {
            return false;
        }
        if (last != Long.MIN_VALUE) {
            for (long missed = Math.max(last + 1, newest - LONGEST_GAP); missed < newest; missed++) {
                add(missed, Double.NaN);
            }
        }
        last = newest;
        long raw = newest * STEP_NANOS;
        double phase = known ? phase(utcNanosAt.applyAsLong(raw) - raw) : Double.NaN;
        if (Math.abs(phase - before) > JUMP * Nanos.toSeconds(STEP_NANOS)) {
            steps.forget();
            minutes.forget();
        }
        add(newest, phase);
        return true;
    }

    private void add(long step, double phase) {
        before = phase;
        steps.add(phase);
        if (Math.floorMod(step, STEPS_IN_A_MINUTE) == 0) {
            minutes.add(phase);
        }
    }

    /** Seconds from the first one on, which a double can hold to the nanosecond. */
    private double phase(long nanos) {
        if (origin == 0) {
            origin = nanos;
        }
        return Nanos.toSeconds(nanos - origin);
    }

    /** Two arrays: averaging times, s, and the deviation at each, s/s; longer times from the minutes. */
    void write(JsonText json) {
        List<Double> tau = new ArrayList<>();
        List<Double> deviation = new ArrayList<>();
        for (AllanDeviation each : List.of(steps.deviation(), minutes.deviation())) {
            for (int i = 0; i < each.tau().size(); i++) {
                if (tau.isEmpty() || each.tau().get(i) > tau.get(tau.size() - 1)) {
                    tau.add(each.tau().get(i));
                    deviation.add(each.deviation().get(i));
                }
            }
        }
        json.array();
        for (List<Double> column : List.of(tau, deviation)) {
            json.array();
            column.forEach(json::value);
            json.endArray();
        }
        json.endArray();
    }
}
