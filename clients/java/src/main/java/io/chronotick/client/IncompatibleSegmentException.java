// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** The file is not a segment this client understands: wrong size, magic or version, or values that no clock has. */
public final class IncompatibleSegmentException extends ChronoTickException {
    IncompatibleSegmentException(String message) {
        super(message);
    }

    IncompatibleSegmentException(String message, Throwable cause) {
        super(message, cause);
    }
}
