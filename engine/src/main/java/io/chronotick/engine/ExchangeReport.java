// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.ntp.SourceState;

/**
 * What was made of one exchange. Value type.
 *
 * @param source index of the server
 * @param state of the server, by this exchange
 * @param delay round trip without the time at the server, s
 * @param forward what the way there says of the time, less what was expected before, s; delay makes it too large
 * @param back what the way back says of the time, less what was expected before, s; delay makes it too small
 * @param expectedSd deviation of what was expected, s; NaN, as the two before it, while there is no model yet
 * @param weight of the server in the time that is published now, 0..1
 */
public record ExchangeReport(
        int source, SourceState state, double delay, double forward, double back, double expectedSd, double weight) {
    /** The middle of both ways, s: what the server says the time is, less what was expected. */
    public double residual() {
        return (forward + back) / 2;
    }
}
