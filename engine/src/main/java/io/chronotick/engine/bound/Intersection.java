// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.bound;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The intersection algorithm (Marzullo 1984; RFC 5905, section 11.2.1): where the truth can be when fewer than half of the
 * voters are wrong. Stateless.
 */
public final class Intersection {
    private Intersection() {}

    /**
     * Where the truth can be.
     *
     * @param interval the smallest that holds every point in enough votes
     * @param isDivided whether there are points between those that are in too few: somebody is wrong, and nothing says who
     */
    public record Agreement(Interval interval, boolean isDivided) {}

    /** How many of {@code voters} may be wrong: fewer than half. */
    public static int tolerated(int voters) {
        return (voters + 1) / 2 - 1;
    }

    /** How many votes a point needs: all but those that may be wrong. */
    static int needed(int voters) {
        return voters - tolerated(voters);
    }

    /**
     * Where the truth can be: all points that lie in at least {@link #needed} votes, spanned by one interval. It is not the point
     * where most votes meet: a liar that overlaps the others partly would cut the truth out of that one.
     *
     * @param votes one a voter, whoever has nothing to say votes for {@link Interval#EVERYTHING}; at least one
     * @return empty when no point lies in enough votes
     */
    static Optional<Agreement> of(List<Interval> votes) {
        return of(votes, needed(votes.size()));
    }

    /** The same for points in at least {@code needed} of some of the votes. */
    static Optional<Agreement> of(List<Interval> votes, int needed) {
        int n = votes.size();
        double[] lows = new double[n];
        double[] highs = new double[n];
        for (int i = 0; i < n; i++) {
            lows[i] = votes.get(i).low();
            highs[i] = votes.get(i).high();
        }
        Arrays.sort(lows);
        Arrays.sort(highs);
        double low = Double.NaN;
        double high = Double.NaN;
        boolean divided = false;
        int depth = 0;
        int nextLow = 0;
        int nextHigh = 0;
        // Votes are closed: at one point, those that begin come before those that end.
        while (nextHigh < n) {
            if (nextLow < n && lows[nextLow] <= highs[nextHigh]) {
                depth++;
                if (depth == needed) {
                    if (Double.isNaN(low)) {
                        low = lows[nextLow];
                    } else {
                        divided |= lows[nextLow] > high;
                    }
                }
                nextLow++;
            } else {
                if (depth == needed) {
                    high = highs[nextHigh];
                }
                depth--;
                nextHigh++;
            }
        }
        return Double.isNaN(low) ? Optional.empty() : Optional.of(new Agreement(new Interval(low, high), divided));
    }
}
