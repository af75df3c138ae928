// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.model;

/** A model cannot be loaded, or has failed; the message says why in one line. */
public final class ForecastModelException extends Exception {
    private static final long serialVersionUID = 1;

    public ForecastModelException(String message) {
        super(message);
    }

    public ForecastModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
