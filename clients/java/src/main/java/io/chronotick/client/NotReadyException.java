// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/** The segment has never been written, or its daemon does not know the time yet. Passes by itself: try again later. */
public final class NotReadyException extends ChronoTickException {
    NotReadyException(String message) {
        super(message);
    }
}
