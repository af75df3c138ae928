// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

import java.util.List;

/** A simple estimator of UTC from offsets, one parameter set for everything. Not thread-safe. */
public interface Baseline {

    /** Short, for a table. */
    String name();

    /**
     * Takes a measured offset.
     *
     * @param seconds the raw clock at the middle of the exchange, s since any fixed instant, ascending
     * @param offset measured UTC - raw clock, s from any fixed value
     * @param delay round-trip delay, s
     */
    void add(double seconds, double offset, double delay);

    /** Estimated UTC - raw clock at an instant, now or ahead, s; not-a-number before the first measurement. */
    double offsetAt(double seconds);

    /** Fresh ones of every kind, in the order in which reports list them. */
    static List<Baseline> all() {
        return List.of(new LastOffset(), new LeastSquares(), new TheilSen(), new FixedKalman());
    }
}
