// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import java.util.List;

/**
 * By what law packets are delayed, each for itself.
 *
 * @param forward from the client to the server
 * @param back from the server to the client
 */
public record PathLaw(Way forward, Way back) {

    /**
     * One direction.
     *
     * @param base delay without a queue, s
     * @param queue what comes on top: one of these at a time
     */
    public record Way(double base, List<Queue> queue) {
        public Way {
            ClockLaw.positive(base, "base");
            queue = List.copyOf(queue);
            if (queue.isEmpty()) {
                throw new IllegalArgumentException("a queue has at least one law");
            }
        }
    }

    /** An exponential delay of this mean, s, with this probability. */
    public record Queue(double share, double mean) {
        public Queue {
            ClockLaw.positive(share, "share");
            ClockLaw.positive(mean, "mean");
        }
    }
}
