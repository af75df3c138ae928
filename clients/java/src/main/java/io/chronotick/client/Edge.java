// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** Which point of the interval that holds UTC is asked for. */
enum Edge {
    EARLIEST,
    ESTIMATE,
    LATEST;

    /** This point, ns since the epoch, of an interval of so many ns on both sides of the estimate. */
    long of(long estimateNanos, long boundNanos) {
        return this == EARLIEST
                ? estimateNanos - boundNanos
                : this == LATEST ? estimateNanos + boundNanos : estimateNanos;
    }
}
