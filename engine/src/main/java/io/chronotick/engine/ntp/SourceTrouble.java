// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/** What is wrong with a server's answers, or why there are none; the order is that of the status page. */
public enum SourceTrouble {
    /** Nothing that is known. */
    NONE,
    /** Its name cannot be looked up. */
    NAME_NOT_FOUND,
    /** It is one of a pool, whose name leads to fewer servers than were asked for. */
    NO_FURTHER_SERVER,
    /** Its only address is asked by another name already. */
    SAME_AS_ANOTHER,
    /** This host has no route to its network. */
    NETWORK_UNREACHABLE,
    /** This host, or a router on the way, has no route to it. */
    NO_ROUTE,
    /** Requests do not leave this host for another reason. */
    NOT_SENT,
    /** Its host says that nobody listens on that port. */
    CONNECTION_REFUSED,
    /** Requests have left and are not answered. */
    NO_ANSWER,
    /** It has sent a kiss DENY or RSTR (RFC 5905, section 7.4). */
    DENIED,
    /** It has sent a kiss RATE, and is asked less often since. */
    RATE_LIMITED,
    /** It has sent a kiss of another kind. */
    KISS,
    /** It is not synchronized: leap indicator 3 or stratum 16. */
    UNSYNCHRONIZED,
    /** Its stratum is outside the configured range. */
    STRATUM,
    /** Its root distance is more than {@link NtpAssociation#MAX_ROOT_DISTANCE}. */
    ROOT_DISTANCE,
    /** Its receive or transmit time stamp is zero. */
    NO_TIME,
    /** Its time stamps contradict each other, or the round trip. */
    CONTRADICTORY_STAMPS,
    /** It smears a leap second, and its time is not UTC meanwhile. */
    SMEARING,
    /** A clock of this host that cannot be read, or says that it is not right. */
    CLOCK_UNREADABLE
}
