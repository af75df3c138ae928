// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a scenario demands.
 *
 * @param ready longest the warm-up may take, s
 * @param falsetickers servers that have to be known as such in the end
 * @param selected servers that have to be in use in the end
 * @param windows limits on what was published in windows of time
 */
record Limits(OptionalDouble ready, List<String> falsetickers, List<String> selected, List<Window> windows) {

    /**
     * Limits from one true time to another, s.
     *
     * @param ranges what is allowed
     */
    record Window(double from, double to, Map<Figure, Range> ranges) {}

    /** What is allowed, ends included. */
    record Range(double low, double high) {
        boolean contains(double value) {
            return value >= low && value <= high;
        }
    }
}
