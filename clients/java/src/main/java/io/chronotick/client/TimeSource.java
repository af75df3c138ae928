// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** What the correction rests on; the order is that of the record. */
public enum TimeSource {
    NO_DATA,
    /** The measurements themselves, without a model. */
    NTP,
    /** The short-term model. */
    CPU_MODEL,
    /** The long-term model. */
    GPU_MODEL,
    /** Both models. */
    FUSION
}
