// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

/** Why a key exchange brought no keys; the order is that of the status page. */
public enum KeyExchangeFailure {
    /** None: the newest exchange succeeded, or there has been none. */
    NONE,
    /** The name of the server, or of the NTP server that it named, leads nowhere. */
    NAME_NOT_FOUND,
    /** This host has no way to it. */
    NO_ROUTE,
    /** Nobody listens there. */
    REFUSED,
    /** Not done in time. */
    TIMEOUT,
    /** Nobody vouches for the certificate that this host trusts. */
    UNTRUSTED,
    EXPIRED,
    NOT_YET_VALID,
    /** The certificate is another host's. */
    WRONG_HOST,
    /** No TLS 1.3 to be had. */
    TLS,
    /** TLS, but not for NTS key exchange (ALPN). */
    NOT_NTS,
    /** The server has neither NTPv4 nor AES-SIV-CMAC-256 in common with us. */
    NO_COMMON_ALGORITHM,
    /** What came is no answer by RFC 8915, section 4, or too long a one. */
    MALFORMED,
    /** The server has answered with an error. */
    SERVER_ERROR,
    /** The file of the certificates to trust cannot be used. */
    CERTIFICATE_FILE,
    /** The NTP server that goes with the keys cannot be asked from here, or is another server's already. */
    NO_ADDRESS;

    /** Whether no server has been bothered: it may be tried again soon. */
    boolean isLocal() {
        return this == NAME_NOT_FOUND || this == NO_ROUTE || this == CERTIFICATE_FILE;
    }
}
