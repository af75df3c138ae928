// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

/** Something the user can put right. The message is one line that names the cause and the remedy. */
final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    UserException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
