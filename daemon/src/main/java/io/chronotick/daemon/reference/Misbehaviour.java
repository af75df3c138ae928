// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.reference;

/** How a {@link ReferenceServer} answers when it does not answer as it should. */
public enum Misbehaviour {
    /** It answers as it should. */
    NONE,
    /** Kiss-o'-death: ask less often (RFC 5905, section 7.4). */
    KISS_RATE,
    /** Kiss-o'-death: go away. */
    KISS_DENY,
    /** Kiss-o'-death: go away. */
    KISS_RSTR,
    /** Stratum 16 with leap indicator 3: has lost its own sources. */
    STRATUM_16,
    /** Leap indicator 3 alone. */
    LEAP_UNSYNCHRONIZED,
    /** The origin timestamp is not the one of the request. */
    WRONG_ORIGIN,
    /** A server's answer in broadcast mode. */
    WRONG_MODE,
    /** The first 40 bytes only. */
    TRUNCATED,
    /** 48 bytes at random, the origin timestamp among them. */
    RANDOM_BYTES,
    /** The right answer, thrice. */
    DUPLICATE,
    /** The right answer, delayed by {@link ReferenceServer#LATE_NANOS} on its way back. */
    LATE,
    /** Times that are years off and differ from answer to answer, the transmission before the reception. */
    NONSENSE_TIMES
}
