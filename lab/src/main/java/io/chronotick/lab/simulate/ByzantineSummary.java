// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.lab.score.Quantiles;
import java.util.Comparator;
import java.util.List;

/**
 * Many worlds put together.
 *
 * @param worlds how many
 * @param violated in so many the bound did not hold, or the engine failed
 * @param worstExcess by how much it did not at most, s; 0 if it always held
 * @param longestOutside longest time in one world from the first to the last instant at which it did not, s; 0 if it always held
 * @param answered time in which the honest majority answered, s
 * @param answeredValid the part of it in which something valid was published, s
 * @param boundMedian median over the worlds of the median of the bound while valid, s; not-a-number if never valid
 */
public record ByzantineSummary(
        int worlds,
        int violated,
        double worstExcess,
        double longestOutside,
        long answered,
        long answeredValid,
        double boundMedian) {

    public static ByzantineSummary of(List<ByzantineResult> results) {
        List<Findings> findings =
                results.stream().map(ByzantineResult::findings).toList();
        return new ByzantineSummary(
                results.size(),
                (int) results.stream().filter(ByzantineResult::isViolated).count(),
                findings.stream().mapToDouble(Findings::worstExcess).max().orElse(0),
                findings.stream()
                        .filter(of -> of.outside() > 0)
                        .mapToDouble(of -> of.lastOutside() - of.firstOutside())
                        .max()
                        .orElse(0),
                findings.stream().mapToLong(Findings::answered).sum(),
                findings.stream().mapToLong(Findings::answeredValid).sum(),
                Quantiles.median(findings.stream()
                        .mapToDouble(Findings::boundMedian)
                        .filter(Double::isFinite)
                        .toArray()));
    }

    /** Share of the time in which the honest majority answered that was valid, 0..1; not-a-number if it never answered. */
    public double availability() {
        return answeredValid / (double) answered;
    }

    /** The worlds in which something was wrong, the worst first. */
    public static List<ByzantineResult> violations(List<ByzantineResult> results) {
        return results.stream()
                .filter(ByzantineResult::isViolated)
                .sorted(Comparator.comparing(
                                (ByzantineResult result) -> result.failure().isEmpty())
                        .thenComparingDouble(result -> -result.findings().worstExcess())
                        .thenComparingLong(ByzantineResult::seed))
                .toList();
    }
}
