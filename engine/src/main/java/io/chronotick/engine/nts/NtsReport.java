// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

/**
 * How the authentication of one server is doing, for people. Immutable.
 *
 * @param cookies in hand
 * @param exchanges key exchanges that succeeded
 * @param lastExchangeRawNanos when the newest of them ended, CLOCK_MONOTONIC_RAW, ns; meaningful where {@code exchanges > 0}
 * @param failure why the newest brought nothing
 */
public record NtsReport(
        State state, int cookies, long exchanges, long lastExchangeRawNanos, KeyExchangeFailure failure) {

    /** The order is that of the status page, where 0 stands for a server that is not to be authenticated. */
    public enum State {
        /** No keys yet: the key exchange is under way or due. */
        EXCHANGING,
        /** The newest answer was authenticated, nothing has come since that was not, and it is at most eight requests old. */
        AUTHENTICATED,
        /** There are keys, but no authenticated answer yet, or the newest answers were not, or the cookies are void (NTSN). */
        UNPROVEN,
        /** No cookie left, and the newest key exchange failed. */
        FAILED
    }
}
