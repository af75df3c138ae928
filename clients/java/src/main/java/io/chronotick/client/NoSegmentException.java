// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** There is no segment of that name, or it may not be read. */
public final class NoSegmentException extends ChronoTickException {
    NoSegmentException(String message) {
        super(message);
    }

    NoSegmentException(String message, Throwable cause) {
        super(message, cause);
    }
}
