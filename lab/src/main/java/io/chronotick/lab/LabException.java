// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

/** Input that cannot be used. The message is one line that names the cause and the remedy. */
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message one line for the person who gave the input */
    public LabException(String message) {
        super(message);
    }
}
