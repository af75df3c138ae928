// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * Somebody who is not trusted owns the file or may write to it, and could put any time there; or it cannot be said who is
 * trusted. Trusted are root, the reader's own user, and the user of CHRONOTICK_TRUST_UID.
 */
public final class UntrustedSegmentException extends ChronoTickException {
    UntrustedSegmentException(String message) {
        super(message);
    }
}
