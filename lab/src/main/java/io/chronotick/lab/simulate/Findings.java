// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

/**
 * What came of holding readers' time against the truth in one world: at every whole second, and before and after every correction
 * that was published. Seconds are true time since the beginning.
 *
 * @param looks how often
 * @param outside how often the time was valid and the truth outside its hard bound
 * @param firstOutside when first; not-a-number if never
 * @param lastOutside when last; not-a-number if never
 * @param worstExcess how far outside at most, s
 * @param worstAt when; not-a-number if never
 * @param seconds whole seconds looked at
 * @param valid seconds of them in which something valid was published
 * @param answered seconds of them in which the honest majority answered, see docs/lab.md
 * @param answeredValid seconds of these in which something valid was published
 * @param firstSilent first second in which it answered and nothing valid was published; not-a-number if there is none
 * @param boundMedian median of the hard bound while valid, s; not-a-number if never valid
 */
public record Findings(
        int looks,
        int outside,
        double firstOutside,
        double lastOutside,
        double worstExcess,
        double worstAt,
        int seconds,
        int valid,
        int answered,
        int answeredValid,
        double firstSilent,
        double boundMedian) {}
