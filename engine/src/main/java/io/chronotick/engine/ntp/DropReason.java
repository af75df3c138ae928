// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/** Why a datagram was not used. Counted for each server; the order is that of the status page. */
public enum DropReason {
    /** Not an NTP packet: shorter than 48 bytes or a version other than 3 and 4. */
    MALFORMED,
    /** A mode other than 4 (server). */
    WRONG_MODE,
    /** The origin timestamp is not the cookie of the outstanding request (RFC 5905, section 8, TEST 2): spoofed. */
    BOGUS_ORIGIN,
    /** The origin timestamp is that of a request already answered (TEST 1). */
    DUPLICATE,
    /** The origin timestamp is that of a request already given up. */
    LATE,
    /** The server is not synchronized: leap indicator 3 or stratum 16 (TEST 3, TEST 6). */
    UNSYNCHRONIZED,
    /** The stratum is outside the configured range. */
    STRATUM,
    /** A kiss-o'-death: stratum 0 (RFC 5905, section 7.4). */
    KISS,
    /** Times that cannot be: zero, transmitted before received, negative round trip, absurd root distance (TEST 7). */
    NONSENSE,
    /** From a server that is to be authenticated, without a valid proof that it comes from there (RFC 8915, section 5.7). */
    UNAUTHENTICATED
}
