// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

/** A tool was called wrongly. The message is one line that says what is wrong with which argument, and what would be right. */
public final class ToolException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ToolException(String message) {
        super(message);
    }
}
