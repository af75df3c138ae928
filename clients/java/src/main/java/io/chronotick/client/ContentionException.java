// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** No consistent record could be read in time: its writer was stopped in the middle of a write. */
public final class ContentionException extends ChronoTickException {
    ContentionException(String message) {
        super(message);
    }
}
