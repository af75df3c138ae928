// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

/** What an exchange's two directions are taken to say of the clock; see {@code KalmanState}. */
public enum DelayModel {
    /** Each direction has an edge, and a queue that only ever delays. */
    ONE_SIDED,
    /** The same, but the edge of some directions is hardly ever touched: several queues in a row. */
    HUMPED,
    /**
     * Offsets are off to both sides: many small queues, other servers each time, timestamps of user space, offsets that
     * somebody has filtered.
     */
    SYMMETRIC
}
