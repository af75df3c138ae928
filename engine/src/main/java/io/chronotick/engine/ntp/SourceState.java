// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/** What the selection makes of a server; the order is that of the status page. */
public enum SourceState {
    /** No reply in the last eight requests, or none yet. */
    UNREACHABLE,
    /** Replies, but not yet (or no longer) usable: too few exchanges, bad stratum, unsynchronized. */
    CANDIDATE,
    /** Its correctness interval agrees with the majority and its exchanges feed the clock model. */
    SELECTED,
    /** Its correctness interval contradicts the majority. */
    FALSETICKER,
    /** Required to authenticate and has not. */
    UNAUTHENTICATED,
    /** Sent a DENY or RSTR kiss: left alone for an hour, then asked once in a while. */
    DENIED,
    /** Smears a leap second, and is left out for it. */
    SMEARING
}
