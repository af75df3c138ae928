// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import io.chronotick.engine.ntp.StampKind;
import java.util.List;

/**
 * What the measurements cannot see (type B in the terms of the GUM, JCGM 100:2008, 4.3): that the ways to a server and back differ
 * in length shifts its time by half of the difference, for good, and no number of exchanges tells.
 *
 * <p>Each server's time is off by N(0, (k s_i b_i)^2), b_i the base delay one way, s_i the share that is expected of such a path
 * and k one common factor. With several servers their disagreement tells k (a random-effects model): with prior
 * k^2 ~ scaled inverse chi-squared of {@value #PRIOR_DEGREES} degrees around 1,
 *
 * <pre>
 *   k^2 = (PRIOR + sum (d_i^2 - noise_i) / E0 d_i^2 (n - 1) / n) / (PRIOR + n - 1)
 * </pre>
 *
 * d_i what server i differs from their weighted mean by, E0 its expected square where k = 1. The published time is that mean, so
 * its part is k^2 sum w_i^2 s_i^2 b_i^2, and never less than what the differences themselves show of the mean. One thing all servers
 * have in common: the stamps of this host. Stateless.
 *
 * <p>Source of the default share: docs/estimation.md, Systematic uncertainty.
 */
public final class SystematicUncertainty {
    /** Standard deviation of a server's error as a share of the base delay one way, where nothing is known of its path. */
    public static final double DEFAULT_SHARE = 0.1;

    /**
     * The same of a clock of this host: it may have been read at any instant between the readings of the raw clock before and after,
     * each as likely, so its error is that of a uniform law over half of that span to either side.
     */
    public static final double READING_SHARE = 1 / Math.sqrt(3);

    /** What half the difference of the two ways through this host may be, s: from the program to the wire and back. */
    private static final double USER_STAMPS = 5e-6;

    /** From the kernel to the wire and back. */
    private static final double KERNEL_STAMPS = 1e-6;

    private static final double PRIOR_DEGREES = 2;

    /**
     * One of the servers whose mean the time is.
     *
     * @param weight of it in the mean, 0..1; all sum to one
     * @param base delay one way without queues, s
     * @param share expected standard deviation of its error as a share of {@code base}, 0 where the path is known to be symmetric
     * @param difference square of what it differs from the mean by, less what noise explains, s^2; may be negative
     * @param stamps what its exchanges were stamped with
     */
    public record Member(double weight, double base, double share, double difference, StampKind stamps) {
        private double prior() {
            return share * base * share * base;
        }
    }

    private SystematicUncertainty() {}

    /** Standard deviation of the weighted mean of the members, s; there is at least one. */
    public static double of(List<Member> members) {
        double stamps = 0;
        double mean = 0;
        double squares = 0;
        double spread = 0;
        for (Member member : members) {
            stamps += member.weight * stampSd(member.stamps);
            mean += member.weight * member.weight * member.prior();
            squares += member.weight * member.weight;
            spread += member.weight * member.difference;
        }
        double shown = squares < 1 ? Math.max(spread, 0) / (1 - squares) * squares : 0;
        return Math.sqrt(Math.max(scale(members, mean) * mean, shown) + stamps * stamps);
    }

    private static double stampSd(StampKind stamps) {
        return switch (stamps) {
            case USER -> USER_STAMPS;
            case KERNEL -> KERNEL_STAMPS;
            case DEVICE -> 0;
        };
    }

    /** k^2, see above. */
    private static double scale(List<Member> members, double meanVariance) {
        int n = members.size();
        double found = 0;
        for (Member member : members) {
            double expected = member.prior() * (1 - 2 * member.weight) + meanVariance;
            found += expected > 0 ? member.difference / expected : 0;
        }
        return (PRIOR_DEGREES + Math.max(found, 0) * (n - 1) / n) / (PRIOR_DEGREES + n - 1);
    }
}
