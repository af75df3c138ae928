// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

/** The segment cannot be had; the message is one line that names the cause and the remedy. */
public final class SegmentException extends Exception {
    private static final long serialVersionUID = 1L;

    SegmentException(String message) {
        super(message);
    }

    SegmentException(String message, Throwable cause) {
        super(message, cause);
    }
}
