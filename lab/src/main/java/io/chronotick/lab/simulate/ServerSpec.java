// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.ntp.LeapIndicator;
import java.util.List;
import java.util.Optional;

/**
 * One server and the way to it.
 *
 * @param name for reports
 * @param poll interval between exchanges, s
 * @param burst interval between the exchanges of the warm-up, s
 * @param isClock whether it is a clock of the host itself: its path is the time that a reading takes
 * @param initial how it begins
 * @param changes in ascending order of time
 */
record ServerSpec(String name, double poll, double burst, boolean isClock, State initial, List<Change> changes) {

    /**
     * How a server and its path are for some time.
     *
     * @param duplicates share of replies that arrive twice, 0..1
     * @param offset error of its clock when this state begins, s
     * @param drift growth of that error, s/s
     * @param down whether it is silent
     * @param precision step of its clock, s, at least {@link #FINEST}
     * @param turnaround what it takes to answer, s
     */
    record State(
            DirectionSpec forward,
            DirectionSpec back,
            double duplicates,
            double offset,
            double drift,
            boolean down,
            int stratum,
            double rootDelay,
            double rootDispersion,
            double precision,
            double turnaround,
            Conduct conduct) {
        /** Of a nanosecond counter, s. */
        static final double FINEST = 0x1p-29;

        /** What a server takes to answer that has nothing else to do, s. */
        static final double PROMPT = 20e-6;

        static final State DEFAULT = new State(
                DirectionSpec.NOTHING,
                DirectionSpec.NOTHING,
                0,
                0,
                0,
                false,
                2,
                0.0001,
                0.0001,
                FINEST,
                PROMPT,
                Conduct.PLAIN);

        /** The precision as packets have it: log2 of the next power of two. */
        int precisionExponent() {
            int exponent = Math.getExponent(precision);
            return precision > Math.scalb(1.0, exponent) ? exponent + 1 : exponent;
        }

        /** What it has become after some time, s. */
        State after(double seconds) {
            return new State(
                    forward.after(seconds),
                    back.after(seconds),
                    duplicates,
                    offset + drift * seconds,
                    drift,
                    down,
                    stratum,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    conduct);
        }

        State withPath(DirectionSpec there, DirectionSpec andBack) {
            return new State(
                    there,
                    andBack,
                    duplicates,
                    offset,
                    drift,
                    down,
                    stratum,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    conduct);
        }

        State withClockError(double otherOffset, double otherDrift) {
            return new State(
                    forward,
                    back,
                    duplicates,
                    otherOffset,
                    otherDrift,
                    down,
                    stratum,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    conduct);
        }

        State withDown(boolean otherDown) {
            return new State(
                    forward,
                    back,
                    duplicates,
                    offset,
                    drift,
                    otherDown,
                    stratum,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    conduct);
        }

        State withStratum(int other) {
            return new State(
                    forward,
                    back,
                    duplicates,
                    offset,
                    drift,
                    down,
                    other,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    conduct);
        }

        State withRoot(double delay, double dispersion, double step) {
            return new State(
                    forward,
                    back,
                    duplicates,
                    offset,
                    drift,
                    down,
                    stratum,
                    delay,
                    dispersion,
                    step,
                    turnaround,
                    conduct);
        }

        State withConduct(Conduct other) {
            return new State(
                    forward,
                    back,
                    duplicates,
                    offset,
                    drift,
                    down,
                    stratum,
                    rootDelay,
                    rootDispersion,
                    precision,
                    turnaround,
                    other);
        }
    }

    /**
     * What a server, or who is on the way to it, does beyond having a clock that is off.
     *
     * @param honest whether its error stays within its root distance, whatever is said of it elsewhere: it may use all of that
     * @param alternate added to the error of one answer, taken off that of the next, s
     * @param scatter up to this is added to or taken off the error of each answer, s
     * @param aim added to the error: what readers are told that is not so, plus this many hard bounds
     * @param hide share of the time on the network that it counts as its own: its answers look exact, 0..1
     * @param leap the leap second that it announces and takes instead of the true one, if so
     * @param kiss code of the kiss-o'-death that it answers with, if it does
     * @param unreachable share of requests after which somebody says that it cannot be reached, 0..1
     * @param forged share of requests after which somebody who has not seen them answers, and replays the answer before, 0..1
     */
    record Conduct(
            boolean honest,
            double alternate,
            double scatter,
            double aim,
            double hide,
            Optional<LeapIndicator> leap,
            Optional<String> kiss,
            double unreachable,
            double forged) {
        static final Conduct PLAIN = new Conduct(false, 0, 0, 0, 0, Optional.empty(), Optional.empty(), 0, 0);

        /** The same with other errors. */
        Conduct with(boolean isHonest, double alternating, double scattered, double aimed, double hidden) {
            return new Conduct(isHonest, alternating, scattered, aimed, hidden, leap, kiss, unreachable, forged);
        }

        Conduct withKiss(Optional<String> other) {
            return new Conduct(honest, alternate, scatter, aim, hide, leap, other, unreachable, forged);
        }

        Conduct withUnreachable(double other) {
            return new Conduct(honest, alternate, scatter, aim, hide, leap, kiss, other, forged);
        }

        Conduct withForged(double other) {
            return new Conduct(honest, alternate, scatter, aim, hide, leap, kiss, unreachable, other);
        }
    }

    /**
     * From an instant on everything is as a new state has it.
     *
     * @param at true time, s
     * @param moved whether another server answers from now on, under another address
     */
    record Change(double at, State state, boolean moved) {}
}
