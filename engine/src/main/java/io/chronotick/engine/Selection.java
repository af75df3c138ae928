// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The intersection algorithm (Marzullo 1984; RFC 5905, section 11.2.1): which servers agree, and where the truth can be
 * when fewer than half of them lie. Stateless.
 */
final class Selection {
    private Selection() {}

    /**
     * Where the truth can be.
     *
     * <p>With n servers, at most f = ceil(n/2) - 1 of them may lie, so the truth lies in at least n - f of the correctness
     * intervals. The result spans all such points. It is not the point where most intervals meet: a liar that overlaps the
     * others partly would cut the truth out of that one.
     *
     * @return empty when no point lies in enough intervals: there is no majority
     */
    static Optional<Interval> majority(List<Interval> intervals) {
        int n = intervals.size();
        if (n == 0) {
            return Optional.empty();
        }
        int tolerated = (n + 1) / 2 - 1;
        int needed = n - tolerated;
        double[] lows = intervals.stream().mapToDouble(Interval::low).sorted().toArray();
        double[] highs = intervals.stream().mapToDouble(Interval::high).sorted().toArray();
        // The leftmost such point is a lower edge, the rightmost an upper edge.
        double low = Double.NaN;
        for (double edge : lows) {
            if (depth(lows, highs, edge) >= needed) {
                low = edge;
                break;
            }
        }
        if (Double.isNaN(low)) {
            return Optional.empty();
        }
        double high = low;
        for (int i = n - 1; i >= 0; i--) {
            if (depth(lows, highs, highs[i]) >= needed) {
                high = highs[i];
                break;
            }
        }
        return Optional.of(new Interval(low, high));
    }

    /** The smallest interval that holds all of them; at least one. */
    static Interval hull(List<Interval> intervals) {
        return intervals.stream().reduce(Interval::hull).orElseThrow();
    }

    /** How many intervals hold {@code x}: lower edges at or before it, less upper edges before it. */
    private static int depth(double[] sortedLows, double[] sortedHighs, double x) {
        int begun = (int) Arrays.stream(sortedLows).filter(low -> low <= x).count();
        int ended = (int) Arrays.stream(sortedHighs).filter(high -> high < x).count();
        return begun - ended;
    }
}
