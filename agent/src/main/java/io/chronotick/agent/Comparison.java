// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.TimeBounds;

/**
 * What {@code compare_timestamps} returns.
 *
 * @param order what is certain of the first reading's order to the second
 * @param gapSeconds time that certainly lay between; not positive if they overlap
 * @param waitSeconds how much later the later one would have to be for the order to be certain; 0 if it is
 * @param first the first reading as it was understood, earliest/latest
 * @param second the second one
 */
public record Comparison(
        @About(
                "before: the first certainly happened before the second. after: certainly after it. overlapping: the order"
                        + " is not certain; do not guess one from the numbers.")
        TimeBounds.Order order,

        @About("Seconds that certainly lay between the two; zero or negative when they overlap.")
        double gapSeconds,

        @About(
                "0 if the order is certain. Else seconds: an event that happens this much later than the later of the two"
                        + " is certainly after the other.")
        double waitSeconds,

        @About("The first reading as it was understood: earliest/latest in ISO 8601.")
        String first,

        @About("The second reading as it was understood: earliest/latest in ISO 8601.")
        String second)
        implements ToolResult {

    @Override
    public String summary() {
        return switch (order) {
            case BEFORE ->
                "The first certainly happened before the second, by at least " + Text.seconds(gapSeconds) + ".";
            case AFTER ->
                "The first certainly happened after the second, by at least " + Text.seconds(gapSeconds) + ".";
            case OVERLAPPING ->
                "The order is not certain: the intervals overlap. It would be if the later one happened "
                        + Text.seconds(waitSeconds) + " later.";
        };
    }
}
