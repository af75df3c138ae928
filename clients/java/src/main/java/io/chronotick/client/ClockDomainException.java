// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The segment's daemon read other clocks than this process has: another boot of the machine, another machine, or another time
 * namespace. Its record is anchored on a CLOCK_MONOTONIC that means nothing here.
 */
public final class ClockDomainException extends ChronoTickException {
    ClockDomainException(String message) {
        super(message);
    }
}
