// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

/** The daemon cannot start, or not go on in another way; the message is one line that names the cause and the remedy. */
public final class DaemonException extends Exception {
    private static final long serialVersionUID = 1L;

    DaemonException(String message) {
        super(message);
    }

    DaemonException(String message, Throwable cause) {
        super(message, cause);
    }
}
