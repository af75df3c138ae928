// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** The record is past its validity although its writer is there: stopped, starved, or without servers for too long. */
public final class ExpiredException extends ChronoTickException {
    ExpiredException(String message) {
        super(message);
    }
}
