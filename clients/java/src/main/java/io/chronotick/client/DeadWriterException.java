// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** There is no valid record and the process that should write it is gone. */
public final class DeadWriterException extends ChronoTickException {
    DeadWriterException(String message) {
        super(message);
    }
}
