// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

/** Something the user can put right. The message is one line that names the cause and the remedy. */
public final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    public UserException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
