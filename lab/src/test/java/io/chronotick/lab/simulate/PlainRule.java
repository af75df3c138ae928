// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The rule of the hard bound in its plainest form, without an estimator and without thrift: every seat votes, always, with all
 * that it said within the last hour. Independent of the engine's.
 */
final class PlainRule extends BoundWatch {
    private static final double LARGEST_FREQUENCY = 100e-6;
    private static final long MEMORY_NANOS = 3600_000_000_000L;

    /** The reading errors of two virtual clocks in whole nanoseconds, s. */
    private static final double READING_ERROR = 2e-9;

    private final double maxUncertainty;
    private final double maxDrift;
    private final List<List<Exchange>> seats = new ArrayList<>();
    private long epochNanos;
    private int outside;
    private int answered;
    private int tooWide;

    private record Votes(double low, double high) {}

    PlainRule(double maxUncertainty, double maxDrift) {
        super(maxUncertainty, maxDrift);
        this.maxDrift = maxDrift;
        this.maxUncertainty = maxUncertainty;
    }

    /** Seconds in which the truth was outside of what the rule says. */
    int outside() {
        return outside;
    }

    /** Seconds in which the honest majority answered. */
    int answered() {
        return answered;
    }

    /** Those of them in which the rule leaves more than the largest uncertainty. */
    int tooWide() {
        return tooWide;
    }

    @Override
    void addSeat(double poll) {
        super.addSeat(poll);
        seats.add(new ArrayList<>());
    }

    @Override
    void forget(int seat) {
        super.forget(seat);
        seats.get(seat).clear();
    }

    @Override
    void answered(Exchange exchange, boolean honest) {
        super.answered(exchange, honest);
        if (epochNanos == 0) {
            epochNanos = exchange.t2() - exchange.t1();
        }
        seats.get(exchange.source()).add(exchange);
    }

    @Override
    void count(Correction seen, long rawNanos, double second, long utcNanos) {
        super.count(seen, rawNanos, second, utcNanos);
        seats.forEach(seat -> seat.removeIf(past -> rawNanos - past.t4() > MEMORY_NANOS));
        Votes frequency = agreed(seats.stream().map(this::frequency).toList());
        Votes bound = agreed(
                seats.stream().map(seat -> offset(seat, frequency, rawNanos)).toList());
        double truth = (utcNanos - rawNanos - epochNanos) * 1e-9;
        outside += bound.low() <= truth && truth <= bound.high() ? 0 : 1;
        if (majorityAnswers(rawNanos, second)) {
            answered++;
            tooWide += bound.high() - bound.low() <= maxUncertainty ? 0 : 1;
        }
    }

    private double low(Exchange of) {
        return (of.t3() - of.t4() - epochNanos) * 1e-9 - of.serverError() - READING_ERROR;
    }

    private double high(Exchange of) {
        return (of.t2() - of.t1() - epochNanos) * 1e-9 + of.serverError() + READING_ERROR;
    }

    /** From the newest exchange and each before it. */
    private Votes frequency(List<Exchange> seat) {
        double low = -LARGEST_FREQUENCY;
        double high = LARGEST_FREQUENCY;
        for (int i = 0; i < seat.size() - 1; i++) {
            Exchange first = seat.get(i);
            Exchange second = seat.get(seat.size() - 1);
            low = Math.max(low, (low(second) - high(first)) / ((second.t4() - first.t1()) * 1e-9) - maxDrift);
            if (second.t1() > first.t4()) {
                high = Math.min(high, (high(second) - low(first)) / ((second.t1() - first.t4()) * 1e-9) + maxDrift);
            }
        }
        return low <= high ? new Votes(low, high) : new Votes(-LARGEST_FREQUENCY, LARGEST_FREQUENCY);
    }

    /** All that its exchanges say in common, or the hull of them when they contradict each other. */
    private Votes offset(List<Exchange> seat, Votes frequency, long rawNanos) {
        double low = Double.NEGATIVE_INFINITY;
        double high = Double.POSITIVE_INFINITY;
        double lowest = Double.POSITIVE_INFINITY;
        double highest = Double.NEGATIVE_INFINITY;
        for (Exchange exchange : seat) {
            double from = low(exchange) + frequency.low() * (rawNanos - exchange.t4()) * 1e-9;
            double to = high(exchange) + frequency.high() * (rawNanos - exchange.t1()) * 1e-9;
            low = Math.max(low, from);
            high = Math.min(high, to);
            lowest = Math.min(lowest, from);
            highest = Math.max(highest, to);
        }
        return low <= high ? new Votes(low, high) : new Votes(lowest, highest);
    }

    /** The hull of all points in at least n - f votes; everything where there is none. */
    private static Votes agreed(List<Votes> votes) {
        int needed = votes.size() - ((votes.size() + 1) / 2 - 1);
        OptionalDouble low = votes.stream()
                .mapToDouble(Votes::low)
                .filter(edge -> depth(votes, edge) >= needed)
                .min();
        OptionalDouble high = votes.stream()
                .mapToDouble(Votes::high)
                .filter(edge -> depth(votes, edge) >= needed)
                .max();
        return new Votes(low.orElse(Double.NEGATIVE_INFINITY), high.orElse(Double.POSITIVE_INFINITY));
    }

    private static long depth(List<Votes> votes, double x) {
        return votes.stream()
                .filter(vote -> vote.low() <= x && x <= vote.high())
                .count();
    }
}
